import type { JSX } from 'preact';
import type { ChangeView } from '../../src/protocol/methods';
import { memo } from '../memo';
import { usePanel } from '../panel';
import { counted } from '../words';
import { ReviewBar } from './reviewBar';

const actions = [
  { decision: 'keep', icon: 'check-all', label: 'Keep all' },
  { decision: 'undo', icon: 'discard', label: 'Undo all' },
] as const;

/** `2 files · 3 changes not reviewed`, only when there are some. */
export const ChangesBar = memo(function ChangesBar({
  changes,
}: {
  readonly changes: readonly ChangeView[];
}): JSX.Element | null {
  const { link } = usePanel();
  const [first] = changes;
  if (first === undefined) {
    return null;
  }
  const hunkCount = changes.reduce((sum, { hunks }) => sum + hunks.length, 0);
  return (
    <ReviewBar
      testId="changes"
      label="Changes that nobody reviewed"
      icon="warning"
      fileCount={new Set(changes.map(({ path }) => path)).size}
      what={`${counted(hunkCount, 'change')} not reviewed`}
      openTitle="Show the first change in the editor"
      onOpen={() => link.command('change/open', { changeId: first.id })}
      actions={actions.map(({ decision, icon, label }) => ({
        testId: `changes-${decision}-all`,
        icon,
        label,
        title: `${label} of this session's changes that nobody reviewed`,
        onRun: () => link.command('change/decideAll', { decision }),
      }))}
    />
  );
});
