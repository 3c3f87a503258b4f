import { fenceFor } from '../base/markdownFence';
/** A piece of a file for the composer. Lines are one-based. */
export interface SelectedText {
  readonly label: string;
  readonly languageId: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly text: string;
  /** The problems that the language services report in these lines. */
  readonly problems: readonly { readonly lineOneBased: number; readonly message: string }[];
}

export type SelectionIntent = 'add' | 'explain' | 'fix';

/** What goes into the composer: path and lines, and the text in a fence that it cannot end. */
export function selectionText(selected: SelectedText, intent: SelectionIntent): string {
  const lines =
    selected.firstLine === selected.lastLine
      ? `line ${selected.firstLine}`
      : `lines ${selected.firstLine}-${selected.lastLine}`;
  const place = `${selected.label} (${lines})`;
  const fence = fenceFor(selected.text);
  const quoted = `${fence}${selected.languageId}\n${selected.text.replace(/\r?\n$/, '')}\n${fence}\n`;
  switch (intent) {
    case 'add':
      return `${place}:\n\n${quoted}\n`;
    case 'explain':
      return `Explain ${place}:\n\n${quoted}`;
    case 'fix':
      return `Fix ${place}${problemText(selected.problems)}:\n\n${quoted}`;
  }
}

function problemText(problems: SelectedText['problems']): string {
  if (problems.length === 0) {
    return '';
  }
  const items = problems.map(
    ({ lineOneBased, message }) => `- line ${lineOneBased}: ${message.replace(/\s+/g, ' ')}`,
  );
  return `. The editor reports:\n\n${items.join('\n')}\n\nThe code`;
}
