/**
 * Tokens and cost of one exchange as reported by a provider or an agent. Absent means unknown, never zero. Input that was
 * read from or written to a cache is not among `inputTokens`.
 */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly costUsd?: number;
  /** `prices`: not told by the provider, but reckoned from the user's own table of prices. */
  readonly costBasis?: 'prices';
  readonly contextWindowTokens?: number;
  /** What the context holds after the exchange, of an agent that tells it; its requests together are something else. */
  readonly contextTokens?: number;
  readonly reportedBy: 'provider' | 'child';
}
