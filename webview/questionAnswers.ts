/** What the user has given so far: chosen labels, one per line, and own words. */
export interface GivenAnswer {
  readonly chosen: string;
  readonly words: string;
}

export function isAnswered(given: GivenAnswer): boolean {
  return given.chosen !== '' || given.words.trim() !== '';
}

/** The answer as the agent reads it: the labels, then the own words. */
export function answerOf(given: GivenAnswer): string {
  return [...given.chosen.split('\n'), given.words.trim()].filter((part) => part !== '').join(', ');
}

/** `chosen` with one label more or less; a line break in a label would be a second label. */
export function toggled(chosen: string, label: string, isChosen: boolean): string {
  const rest = chosen.split('\n').filter((entry) => entry !== '' && entry !== label);
  return (isChosen ? [...rest, label] : rest).join('\n');
}
