import type { FileVerdict } from '../gate/auditVerify';
import { makeVisibleName } from '../gate/visible';

export interface NamedVerdict {
  readonly name: string;
  readonly verdict: FileVerdict;
}

/** What a check of all files found: one sentence for a message, and a line per file for reading. */
export function verdictPage(
  verdicts: readonly NamedVerdict[],
  folder: string,
): { readonly summary: string; readonly text: string; readonly isWhole: boolean } {
  const broken = verdicts.flatMap(({ name, verdict }) =>
    verdict.kind === 'broken' ? [{ name, verdict }] : [],
  );
  const [first] = broken;
  const count = `${verdicts.length} ${verdicts.length === 1 ? 'file' : 'files'}`;
  const summary =
    first === undefined
      ? `The audit log is whole: ${count} checked.`
      : makeVisibleName(
          `The audit log is broken in ${broken.length} of ${count}. ${first.name}, line ${first.verdict.lineOneBased}: ${first.verdict.why}.`,
        );
  const lines = [
    'Patchbay audit log: the check of its hash chains.',
    `Folder: ${makeVisibleName(folder)}`,
    'Lines that were cut off the end of the newest file of a window cannot be seen by a check.',
    '',
    ...verdicts.map(({ name, verdict }) => `${makeVisibleName(name)}: ${verdictText(verdict)}`),
  ];
  return { summary, text: `${lines.join('\n')}\n`, isWhole: first === undefined };
}

function verdictText(verdict: FileVerdict): string {
  if (verdict.kind === 'broken') {
    return makeVisibleName(`BROKEN at line ${verdict.lineOneBased}: ${verdict.why}`);
  }
  const joints = [
    verdict.previous === 'joined' ? `continues ${verdict.after ?? ''}` : undefined,
    verdict.previous === 'missing'
      ? `continues ${verdict.after ?? ''}, which is not there any more`
      : undefined,
    verdict.next === 'joined' ? 'goes on in the next file' : undefined,
    verdict.isClosed ? undefined : 'not closed: its window is open, or was ended by force',
  ].filter((joint) => joint !== undefined);
  return makeVisibleName(
    [
      `whole, ${verdict.decisionCount} decisions and ${verdict.outcomeCount} outcomes from ${verdict.firstAt} to ${verdict.lastAt}`,
      ...joints,
    ].join('; '),
  );
}
