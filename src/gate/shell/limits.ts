/** A verdict that takes longer is a question. */
export const maxJudgeMs = 300;
