import type { JSX } from 'preact';
import type { ChangeView } from '../../src/protocol/methods';
import { Icon } from '../controls';
import { memo } from '../memo';
import { usePanel } from '../panel';
import { counted } from '../words';

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
  const fileCount = new Set(changes.map(({ path }) => path)).size;
  return (
    <section class="pending" data-testid="changes-bar" aria-label="Changes that nobody reviewed">
      <button
        type="button"
        class="pending-open"
        title="Show the first change in the editor"
        onClick={() => link.command('change/open', { changeId: first.id })}
        data-testid="changes-open"
      >
        <Icon name="warning" />
        <span>
          {counted(fileCount, 'file')} · {counted(hunkCount, 'change')} not reviewed
        </span>
      </button>
      <ChangesAction decision="keep" icon="check-all" label="Keep all" />
      <ChangesAction decision="undo" icon="discard" label="Undo all" />
    </section>
  );
});

function ChangesAction(props: {
  readonly decision: 'keep' | 'undo';
  readonly icon: string;
  readonly label: string;
}): JSX.Element {
  const { link } = usePanel();
  return (
    <button
      type="button"
      class="pending-action"
      title={`${props.label} of this session's changes that nobody reviewed`}
      onClick={() => link.command('change/decideAll', { decision: props.decision })}
      data-testid={`changes-${props.decision}-all`}
    >
      <Icon name={props.icon} />
      <span class="pending-word">{props.label}</span>
    </button>
  );
}
