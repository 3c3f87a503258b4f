/** A text of elsewhere as a sentence, so that another one can follow it. */
export function asSentence(text: string): string {
  const words = text.trimEnd();
  return words === '' || '.!?…:'.includes(words.slice(-1)) ? words : `${words}.`;
}
