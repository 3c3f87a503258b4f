import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toolOk } from '../../../src/events/toolCall';
import {
  createPartEstimator,
  scaleParts,
  sumOfParts,
  type SizedRequest,
} from '../../../src/transcript/requestParts';
import { estimateTextTokens, TokenAnchor } from '../../../src/transcript/tokenEstimate';
import { TokenFactors } from '../../../src/transcript/tokenFactors';
import { budgetForWindow } from '../../../src/transcript/window';

const partsOf = createPartEstimator({
  isMcpTool: (name) => name.startsWith('plugin.'),
  isFileReader: (name) => name === 'read_file',
});

const tool = (name: string) => ({
  name,
  description: 'does something with a file',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
});

const toolResult = (toolName: string) =>
  ({
    role: 'tool',
    callId: 'c',
    toolName,
    result: toolOk('some words of a file'),
    createdAtMs: 1,
  }) as const;

describe('the parts of a request', () => {
  it('tells system, tools, MCP definitions, files and conversation apart', () => {
    const instructions = 'Use tabs in every file of this project.';
    const request: SizedRequest = {
      systemPrompt: `You are an assistant.\n\n${instructions}`,
      instructions,
      tools: [tool('read_file'), tool('plugin.files.read')],
      messages: [
        { role: 'user', text: 'Hello there', createdAtMs: 1 },
        toolResult('read_file'),
        toolResult('run_command'),
      ],
    };
    const parts = partsOf(request);
    const readTokens = partsOf({ ...request, messages: [toolResult('read_file')] });
    expect(parts.files).toBe(readTokens.files);
    expect(parts.files).toBeGreaterThan(estimateTextTokens(instructions));
    expect(parts.tools).toBeGreaterThan(20);
    expect(parts.mcp).toBeGreaterThan(20);
    expect(parts.system).toBeGreaterThan(0);
    expect(sumOfParts({ ...parts, conversation: 0 })).toBe(
      sumOfParts(partsOf({ ...request, messages: [toolResult('read_file')] })),
    );
    expect(partsOf(request)).toEqual(parts);
  });

  it('are scaled to what the provider counted, and their sum is exactly that', () => {
    const count = fc.nat({ max: 1_000_000 });
    fc.assert(
      fc.property(
        fc.record({ system: count, tools: count, mcp: count, files: count, conversation: count }),
        count,
        (parts, total) => {
          const scaled = scaleParts(parts, total);
          expect(sumOfParts(scaled)).toBe(total);
          expect(Object.values(scaled).every((tokens) => tokens >= 0)).toBe(true);
        },
      ),
    );
  });
});

describe('what is learned of a tokenizer', () => {
  it('[R201] takes the first report, then moves towards the newer ones, by model', () => {
    const factors = new TokenFactors();
    expect(factors.of('a')).toBe(1);
    expect(factors.learn('a', 1500, 1000)).toBe(true);
    expect(factors.of('a')).toBe(1.5);
    factors.learn('a', 1000, 1000);
    expect(factors.of('a')).toBeCloseTo(1.35);
    expect(factors.of('b')).toBe(1);
  });

  it('[R201] ignores reports of nothing, and believes no tokenizer beyond three times', () => {
    const factors = new TokenFactors();
    expect(factors.learn('a', 0, 1000)).toBe(false);
    expect(factors.learn('a', 1000, 0)).toBe(false);
    factors.learn('a', 100_000, 1000);
    expect(factors.of('a')).toBe(3);
    factors.learn('b', 1, 1000);
    expect(factors.of('b')).toBeCloseTo(1 / 3);
  });

  it('[R201] is the same after it was stored, and what is no factor is left out', () => {
    const factors = new TokenFactors();
    factors.learn('a', 1200, 1000);
    const stored: unknown = JSON.parse(JSON.stringify(factors));
    expect(new TokenFactors(stored).of('a')).toBe(1.2);
    const damaged = new TokenFactors({ a: 'x', b: -1, c: 99 });
    expect([damaged.of('a'), damaged.of('b'), damaged.of('c')]).toEqual([1, 1, 3]);
    expect(new TokenFactors('nothing').of('a')).toBe(1);
  });

  it('[R201] scales the estimates of a conversation before its first report', () => {
    const anchor = new TokenAnchor(1.5);
    expect(anchor.correct(1000)).toBe(1500);
    anchor.noteUsage(2000, 1000);
    expect(anchor.correct(1000)).toBe(2000);
    expect(anchor.correct(1100)).toBe(2200);
  });
});

describe('the budget for the messages', () => {
  it('[R200] [R201] is in our own tokens, and leaves room for a system prompt and tools that are large', () => {
    expect(budgetForWindow(200_000)).toBe(148_464);
    expect(budgetForWindow(200_000, { factor: 2 })).toBe(74_232);
    expect(budgetForWindow(8_000, { overheadTokens: 4_000 })).toBe(1_952);
    expect(budgetForWindow(8_000, { overheadTokens: 40_000 })).toBe(0);
    expect(budgetForWindow(undefined, { overheadTokens: 4_000 })).toBe(120_000);
  });
});
