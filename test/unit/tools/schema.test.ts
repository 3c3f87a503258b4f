import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaProblems } from '../../../src/tools/schema';

const schema = {
  type: 'object',
  required: ['path'],
  additionalProperties: false,
  properties: {
    path: { type: 'string', minLength: 1, maxLength: 5 },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    mode: { enum: ['a', 'b'] },
    list: {
      type: 'array',
      minItems: 1,
      maxItems: 2,
      items: { type: 'object', required: ['x'], properties: { x: { type: 'number' } } },
    },
    either: { type: ['string', 'null'] },
    on: { type: 'boolean' },
  },
};

describe('the check of arguments', () => {
  it.each([
    [{ path: 'a' }, []],
    [{ path: 'a', count: 9, mode: 'b', list: [{ x: 1.5 }], either: null, on: false }, []],
    [{ path: 'a', count: undefined }, []],
    [{}, ['`path` is missing (a string)']],
    [{ path: '' }, ['`path` must not be empty']],
    [{ path: 'abcdef' }, ['`path` may have at most 5 characters']],
    [{ path: 3 }, ['`path` must be a string, not a number']],
    [{ path: 'a', count: '3' }, ['`count` must be an integer, not a string']],
    [{ path: 'a', count: 1.5 }, ['`count` must be an integer, not a number']],
    [{ path: 'a', count: 0 }, ['`count` must be at least 1']],
    [{ path: 'a', count: 10 }, ['`count` must be at most 9']],
    [{ path: 'a', mode: 'c' }, ['`mode` must be one of "a", "b"']],
    [{ path: 'a', list: [] }, ['`list` needs at least 1 item']],
    [{ path: 'a', list: [{ x: 1 }, { x: 1 }, { x: 1 }] }, ['`list` may have at most 2 items']],
    [{ path: 'a', list: [{ x: 1 }, {}] }, ['`list[1].x` is missing (a number)']],
    [{ path: 'a', either: 1 }, ['`either` must be a string or a null, not a number']],
    [{ path: 'a', Path: 'b' }, ['`Path` is not known; use path, count, mode, list, either, on']],
    [[], ['the arguments must be an object, not an array']],
    [null, ['the arguments must be an object, not nothing']],
  ])('[R144] of %j says what to change', (value, problems) => {
    expect(schemaProblems(schema, value)).toEqual(problems);
  });

  it('never throws, whatever the schema and the value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            'type',
            'properties',
            'required',
            'items',
            'enum',
            'minimum',
            'additionalProperties',
          ),
          fc.jsonValue(),
        ),
        fc.jsonValue(),
        (anySchema, value) => {
          // A plugin's schema is typed as JSON and may be anything.
          expect(
            Array.isArray(
              schemaProblems(
                JSON.parse(JSON.stringify(anySchema)) as object as Record<string, never>,
                value,
              ),
            ),
          ).toBe(true);
        },
      ),
    );
  });
});
