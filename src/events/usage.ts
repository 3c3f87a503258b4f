/** Tokens and cost as reported by a provider or an agent. Absent means unknown, never zero. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly costUsd?: number;
  readonly contextWindowTokens?: number;
  readonly reportedBy: 'provider' | 'child';
}
