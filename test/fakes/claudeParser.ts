import { ClaudeCliParser } from '../../src/runtime/bridges/claudeCliParser';
import type { ExchangeParserContext } from '../../src/runtime/contract';

/** The parser of Claude Code's lines, at the start of an exchange. */
export function createClaudeParser(more: Partial<ExchangeParserContext> = {}): ClaudeCliParser {
  return new ClaudeCliParser({
    model: {
      id: 'claude-cli/default',
      api: 'external',
      provider: 'claude-cli',
      model: 'default',
      name: 'Claude Code',
    },
    context: {
      systemPrompt: '',
      tools: [],
      messages: [{ role: 'user', text: 'go', createdAtMs: 0 }],
    },
    opts: {
      signal: new AbortController().signal,
      sessionId: 's',
      cwd: '/w',
      observe: () => undefined,
    },
    resume: undefined,
    isContinuation: false,
    notes: new Map(),
    send: () => undefined,
    ...more,
  });
}
