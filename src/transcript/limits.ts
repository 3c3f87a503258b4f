/** What the answer and the provider's own framing need of a model's window. */
export const answerReserveTokens = 2048;
/** The share of the rest that is used. */
export const usedWindowShare = 0.75;
