import { describe, expect, it } from 'vitest';
import { TurnReport } from '../../../src/headless/turnReport';
import { createClaudeParser } from '../../fakes/claudeParser';

/** What the reader has in the end: the answer's text, after all that was taken back. */
function shown(...messages: readonly unknown[]): string {
  const parser = createClaudeParser();
  const report = new TurnReport();
  for (const item of messages.flatMap((message) => parser.accept(message).out)) {
    if (item.kind === 'observation') {
      report.observation(item.observation);
    } else {
      report.event(item);
    }
  }
  return report.failed('').text;
}

const stream = (event: object): object => ({
  type: 'stream_event',
  event,
  parent_tool_use_id: null,
});
const begun = (id?: string): object => stream({ type: 'message_start', message: { id } });
const opened = (index: number, type = 'text'): object =>
  stream({ type: 'content_block_start', index, content_block: { type } });
const delta = (index: number, text: string): object =>
  stream({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } });
const closed = (index: number): object => stream({ type: 'content_block_stop', index });
const ended = stream({ type: 'message_delta', delta: { stop_reason: 'end_turn' } });
const said = (id: string | undefined, text: string, more: object = {}): object => ({
  type: 'assistant',
  message: { ...(id === undefined ? {} : { id }), model: 'm', content: [{ type: 'text', text }] },
  parent_tool_use_id: null,
  ...more,
});

describe('a whole message of Claude Code', () => {
  it('[R79] is not given out again when it comes twice, streamed before or not', () => {
    const streamed = [begun('m1'), delta(0, 'hello')];
    expect(shown(...streamed, said('m1', 'hello'), said('m1', 'hello'))).toBe('hello');
    expect(shown(said('m1', 'one'), said('m1', 'one'))).toBe('one');
  });

  it('[R79] is known by the id of its line, also when the next answer has begun', () => {
    const first = said('m1', 'one ', { uuid: 'u1' });
    expect(shown(first, begun('m2'), delta(0, 'tw'), first, delta(0, 'o'), said('m2', 'two'))).toBe(
      'one two',
    );
  });

  it('[R79] is not said again by deltas that come behind it', () => {
    const late = [begun('m1'), opened(0), delta(0, 'hel'), delta(0, 'lo'), closed(0)];
    expect(shown(said('m1', 'hello'), ...late)).toBe('hello');
    expect(shown(said('m1', 'hello'), ...late, said('m1', 'hello'), delta(0, 'lo'))).toBe('hello');
  });

  it('[R79] leaves deltas of another block alone, also when they begin alike', () => {
    const other = [begun('m1'), opened(1), delta(1, 'he'), delta(1, 're'), closed(1)];
    expect(shown(said('m1', 'hello '), ...other)).toBe('hello here');
    expect(shown(said('m1', 'hello '), ...other, said('m1', 'here'))).toBe('hello here');
  });

  it('[R79] replaces what was streamed when that came broken', () => {
    const parser = createClaudeParser();
    const broken = [begun('m1'), delta(0, 'The answer '), delta(0, '42.')];
    const out = [...broken, said('m1', 'The answer is not 42.')].flatMap(
      (message) => parser.accept(message).out,
    );
    expect(out).toEqual([
      { kind: 'text', delta: 'The answer ', blockId: 'm1:0' },
      { kind: 'text', delta: '42.', blockId: 'm1:0' },
      { kind: 'observation', observation: { kind: 'retract', blockId: 'm1:0' } },
      { kind: 'text', delta: 'The answer is not 42.', blockId: 'm1:0#2' },
    ]);
    expect(shown(begun('m1'), delta(0, 'Hel'), said('m1', 'Other'))).toBe('Other');
  });

  it('keeps a thought that was streamed where the whole message holds it back', () => {
    const parser = createClaudeParser();
    const thought = stream({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'thinking_delta', thinking: 'so' },
    });
    const whole = {
      type: 'assistant',
      message: { id: 'm1', content: [{ type: 'thinking', thinking: '' }] },
    };
    expect([begun('m1'), thought, whole].flatMap((message) => parser.accept(message).out)).toEqual([
      { kind: 'thinking', delta: 'so', blockId: 'm1:0' },
    ]);
  });

  it('is shown each time where nothing tells two answers from one', () => {
    expect(shown(said(undefined, 'Done.'), said(undefined, 'Done.'))).toBe('Done.Done.');
  });
});

describe('an answer of Claude Code in another shape', () => {
  const result = (more: object = {}): object => ({
    type: 'result',
    subtype: 'success',
    is_error: false,
    result: 'The only text',
    ...more,
  });

  it('is read from the result where no message of it came, and only then', () => {
    expect(shown(result())).toBe('The only text');
    expect(shown(said('m1', 'shown'), result())).toBe('shown');
    const cut = { type: 'system', subtype: 'api_retry' };
    expect(shown(begun('m1'), delta(0, 'half'), cut, result())).toBe('The only text');
    expect(shown(result({ is_error: true, result: 'API Error: 500' }))).toBe('');
  });

  it('may have its content as plain words', () => {
    expect(shown({ type: 'assistant', message: { id: 'm', content: 'plain words' } })).toBe(
      'plain words',
    );
  });

  it('belongs to the agent itself where the call that it is for is named as nothing', () => {
    const mine = { parent_tool_use_id: '' };
    expect(shown({ ...begun('m1'), ...mine }, { ...delta(0, 'hello'), ...mine })).toBe('hello');
    expect(shown(said('m1', 'hello', mine))).toBe('hello');
  });

  it('[R67] is no success where the error mark is anything but absent or false', () => {
    const end = (more: object): readonly string[] =>
      createClaudeParser()
        .accept(result(more))
        .out.map((item) => item.kind);
    expect(end({})).toEqual(['text', 'finish']);
    expect(end({ is_error: undefined })).toEqual(['text', 'finish']);
    expect(end({ is_error: 'true' })).toEqual(['failed']);
    expect(end({ is_error: 1 })).toEqual(['failed']);
  });
});

describe('a stream of Claude Code with one fault in it', () => {
  const lines = [
    begun('m1'),
    opened(0),
    delta(0, 'First '),
    delta(0, 'this, '),
    said('m1', 'First this, ', { uuid: 'u1' }),
    closed(0),
    opened(1),
    delta(1, 'then '),
    delta(1, 'that. '),
    said('m1', 'then that. ', { uuid: 'u2' }),
    closed(1),
    ended,
    stream({ type: 'message_stop' }),
    begun('m2'),
    opened(0),
    delta(0, 'Now '),
    delta(0, 'done.'),
    said('m2', 'Now done.', { uuid: 'u3' }),
    closed(0),
    ended,
    stream({ type: 'message_stop' }),
  ];
  const whole = 'First this, then that. Now done.';
  const places = lines.map((_line, place) => place);

  it('[R79] shows the whole text when nothing is wrong', () => {
    expect(shown(...lines)).toBe(whole);
  });

  it.each(places)('[R79] shows the whole text without line %i', (place) => {
    expect(shown(...lines.filter((_line, index) => index !== place))).toBe(whole);
  });

  it.each(places)('[R79] shows the whole text with line %i twice', (place) => {
    expect(shown(...lines.slice(0, place + 1), ...lines.slice(place))).toBe(whole);
  });

  it.each(places.slice(1))('[R79] shows the whole text with line %i a place early', (place) => {
    const moved = lines.toSpliced(place, 1);
    expect(shown(...moved.toSpliced(place - 1, 0, ...lines.slice(place, place + 1)))).toBe(whole);
  });
});
