import { describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { runJsonLines } from '../../../src/headless/jsonLineCommand';
import { playTranscript } from '../../../src/headless/transcriptCommand';

const calling = {
  role: 'assistant',
  content: '',
  tokens: 10,
  toolCalls: [{ id: 'c1', name: 'read_file', arguments: '{"path":"a.ts"}' }],
};
const result = {
  role: 'tool',
  content: 'row\n'.repeat(500),
  tokens: 600,
  toolCallId: 'c1',
  toolName: 'read_file',
};

describe('headless transcript', () => {
  it('[R187][R189] gives the turns with the fields they came with, their sum, and all that were dropped', () => {
    const outcome = playTranscript({
      id: 'case',
      maxTokens: 1000,
      ops: [
        { append: { role: 'user', content: 'old', tokens: 5 } },
        { append: calling },
        { append: result },
        { append: { role: 'user', content: 'pinned', tokens: 7, nonDroppable: true } },
        { evict: 10 },
        { append: { role: 'user', content: 'new', tokens: 3 } },
        { append: { ...calling, toolCalls: [] } },
        { evict: 20 },
      ],
    });
    expect(outcome).toEqual({
      id: 'case',
      turns: [
        { role: 'user', content: 'pinned', tokens: 7, nonDroppable: true },
        { role: 'user', content: 'new', tokens: 3 },
        { role: 'assistant', content: '', tokens: 10, toolCalls: [] },
      ],
      tokens: 20,
      evicted: 3,
      overflow: false,
    });
  });

  it('[R193][R195] compresses to the limit of the case, and says when a budget cannot be met', () => {
    const ops = [
      { system: 'Be brief.' },
      { append: { role: 'user', content: 'q', tokens: 5 } },
      { append: calling },
      { append: result },
    ];
    const over = playTranscript({ maxTokens: 100, ops: [...ops, { evict: 100 }] });
    expect(over).toMatchObject({ evicted: 0, overflow: true });
    const short = playTranscript({
      maxTokens: 100,
      ops: [...ops, { evict: 100 }, { compressTools: true }],
    });
    expect(short).toMatchObject({ evicted: 0, overflow: false });
    expect(JSON.stringify(short.turns)).toContain('read_file a.ts');
    expect(playTranscript({ ops: [...ops, { compressTools: true }] })).toMatchObject({
      turns: [{}, {}, { toolCalls: calling.toolCalls }, result],
    });
  });

  it('says which operation is wrong and why', () => {
    const wrong = (...ops: readonly JsonObject[]): string => {
      try {
        playTranscript({ maxTokens: 100, ops });
      } catch (error) {
        return String(error);
      }
      return 'nothing is wrong';
    };
    expect(wrong({ evict: -1 })).toContain('ops[0]: "evict"');
    expect(wrong({ evict: 1 }, { evict: null })).toContain('ops[1]: "evict"');
    expect(wrong({ append: { role: 'user', content: 'x' } })).toContain('"tokens"');
    expect(wrong({ append: { role: 'user', content: 'x', tokens: 1.5 } })).toContain('"tokens"');
    expect(wrong({ append: { role: 'user', content: 'x', tokens: '5' } })).toContain('"tokens"');
    expect(wrong({ append: { role: 'robot', content: 'x', tokens: 1 } })).toContain('"role"');
    expect(wrong({ append: { role: 'user', content: 5, tokens: 1 } })).toContain('"content"');
    expect(wrong({ append: { ...result, role: 'user' } })).toContain('"toolCallId"');
    expect(wrong({ append: { ...calling, role: 'user' } })).toContain('"toolCalls"');
    expect(wrong({ append: { ...calling, toolCalls: [{}] } })).toContain('"id"');
    expect(wrong({ append: { ...result, nonDroppable: 1 } })).toContain('"nonDroppable"');
    expect(wrong({ dance: true })).toContain('unknown operation');
    expect(wrong({ evict: 1, system: 'two' })).toContain('one field');
    expect(() => playTranscript({ maxTokens: 'many', ops: [] })).toThrow('"maxTokens"');
    expect(() => playTranscript({ maxTokens: 5 })).toThrow('"ops"');
  });

  it('[R184] takes missing and null content as empty', () => {
    expect(
      playTranscript({ ops: [{ append: { role: 'assistant', content: null, tokens: 1 } }] }).turns,
    ).toEqual([{ role: 'assistant', content: '', tokens: 1 }]);
  });
});

describe('a command of JSON lines', () => {
  it('[R184] takes optional fields that are null as if they were absent', () => {
    const plain = { ops: [{ append: { role: 'tool', content: 'r', tokens: 1 } }] };
    const none = { toolCalls: null, toolCallId: null, toolName: null, nonDroppable: null };
    const call = { id: 'c', name: 't' };
    expect(
      playTranscript({
        maxTokens: null,
        ops: [{ append: { role: 'tool', content: 'r', tokens: 1, ...none } }],
      }),
    ).toEqual(playTranscript(plain));
    expect(
      playTranscript({
        ops: [
          {
            append: {
              ...{ role: 'assistant', content: null, tokens: 1 },
              ...{ ...none, toolCalls: [{ ...call, arguments: null }] },
            },
          },
        ],
      }).turns,
    ).toEqual([
      { role: 'assistant', content: '', tokens: 1, toolCalls: [{ ...call, arguments: null }] },
    ]);
  });

  it('answers line by line in their order, whatever the pieces; a bad line costs itself only', async () => {
    const written: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    const input = '{"id":1}\nnonsense\n[2]\n\n{"id":"x","fail":true}\n{"id":3}';
    const status = await runJsonLines(async (line) => {
      await Promise.resolve();
      if (line.fail === true) {
        throw new Error('it failed');
      }
      return { id: line.id, ok: true };
    }, bytesOf(input));
    write.mockRestore();
    expect(status).toBe(0);
    expect(written.map((line): unknown => JSON.parse(line))).toEqual([
      { id: 1, ok: true },
      { error: 'This line is no JSON: nonsense' },
      { error: 'The line must be a JSON object, not nested too deep.' },
      { id: 'x', error: 'it failed' },
      { id: 3, ok: true },
    ]);
  });
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 3) {
    yield Promise.resolve(bytes.subarray(at, at + 3));
  }
}
