/** What fills a model's context, as far as anybody knows. Absent means unknown, never zero. */
export interface ContextUse {
  readonly usedTokens?: number;
  /** The model's window. */
  readonly windowTokens?: number;
  /** Kept free for the answer; for models whose requests we make. */
  readonly reserveTokens?: number;
  /** Above this the conversation is summarised before the next turn; for models whose requests we make. */
  readonly limitTokens?: number;
  /** Of a request that we made; an agent does not tell what its own are made of. The sum is `usedTokens`. */
  readonly parts?: {
    readonly system: number;
    readonly tools: number;
    readonly mcp: number;
    readonly files: number;
    readonly conversation: number;
  };
  /** `reported`: the provider or the agent counted it; `estimated`: we did. */
  readonly basis: 'reported' | 'estimated';
}
