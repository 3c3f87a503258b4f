import { arrayField, isArrayOf, isString } from '../base/guard';
import type { JsonObject } from '../base/json';
import { createRedactor } from '../base/redact';
import { idOf } from './jsonLineCommand';

/** One line of `headless redact`: `text`, or the pieces of one stream in `writes`, without secrets. Throws on a line that has neither. */
export function redactLine(input: JsonObject): JsonObject {
  const known = input.known === undefined ? [] : texts(input, 'known');
  if ((input.text === undefined) === (input.writes === undefined)) {
    throw new Error('either "text" or "writes" is needed');
  }
  if (input.text !== undefined && !isString(input.text)) {
    throw new Error('"text" must be a text');
  }
  const text = input.text ?? texts(input, 'writes').join('');
  return { ...idOf(input), text: createRedactor(known)(text) };
}

function texts(input: JsonObject, name: string): readonly string[] {
  const list = arrayField(input, name);
  if (!isArrayOf(isString)(list)) {
    throw new Error(`"${name}" must be a list of texts`);
  }
  return list;
}
