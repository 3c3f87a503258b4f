import type { JSX } from 'preact';
import type { ChangeView } from '../../src/protocol/methods';
import { Button, Icon, IconButton, Visible } from '../controls';
import { memo } from '../memo';
import { useFlag, usePanel } from '../panel';
import { visibleText } from '../visibleText';
import { counted } from '../words';
import { focusNeighbour, HunkText } from './hunkRow';

const kindLooks = {
  edit: { icon: 'edit', verb: 'Changed' },
  create: { icon: 'new-file', verb: 'Created' },
  delete: { icon: 'trash', verb: 'Deleted' },
} as const;

/** What is in a file already and nobody approved: each hunk with where it came from, to be kept or undone. */
export const ChangeCard = memo(function ChangeCard({
  change,
}: {
  readonly change: ChangeView;
}): JSX.Element {
  const { link } = usePanel();
  const [isOpen, setOpen] = useFlag(`change-open:${change.id}`, true);
  const look = kindLooks[change.kind];
  const name = `${look.verb} ${visibleText(change.label)}`;
  const decide = (decision: 'keep' | 'undo', hunkIds: readonly string[] = []): void =>
    link.command('change/decide', { changeId: change.id, hunkIds, decision });
  return (
    <section
      class="card edit change"
      role="group"
      aria-label={`${name}, not reviewed`}
      data-testid="change-card"
      data-kind={change.kind}
    >
      <div class="card-head is-clickable" onClick={() => setOpen(!isOpen)}>
        <button
          type="button"
          class="card-toggle"
          aria-expanded={isOpen}
          aria-label={name}
          onClick={(event) => {
            event.stopPropagation();
            setOpen(!isOpen);
          }}
        >
          <Icon name={look.icon} />
          <span class="card-verb">{look.verb}</span>
        </button>
        <button
          type="button"
          class="card-object link-button"
          title={`Open ${visibleText(change.path)}`}
          onClick={(event) => {
            event.stopPropagation();
            link.command('change/open', { changeId: change.id });
          }}
        >
          <Visible text={change.label} isOneLine />
        </button>
        <span class="card-summary">
          {change.added > 0 && <span class="added">+{change.added} </span>}
          {change.removed > 0 && <span class="removed">−{change.removed} </span>}
        </span>
        <span class="card-state" data-state="unreviewed" title="not reviewed">
          <span class="card-state-word">not reviewed</span>
          <Icon name="warning" />
        </span>
      </div>
      {isOpen && (
        <div class="card-body">
          <div class="hunks" role="list" aria-label={counted(change.hunks.length, 'change')}>
            {change.hunks.map(({ hunk, origin }, index) => (
              <ChangeHunk
                key={hunk.id}
                changeId={change.id}
                hunk={hunk}
                origin={origin}
                place={index + 1}
                count={change.hunks.length}
                onDecide={(decision) => decide(decision, [hunk.id])}
              />
            ))}
          </div>
          <div class="actions">
            <Button isPrimary onClick={() => decide('keep')} testId="change-keep-file">
              {change.hunks.length > 1 ? 'Keep all' : 'Keep'}
            </Button>
            <Button onClick={() => decide('undo')} testId="change-undo-file">
              {change.hunks.length > 1 ? 'Undo all' : 'Undo'}
            </Button>
            <Button
              onClick={() => link.command('change/open', { changeId: change.id })}
              testId="change-open"
            >
              Show in editor
            </Button>
          </div>
        </div>
      )}
    </section>
  );
});

interface ChangeHunkProps {
  readonly changeId: string;
  readonly hunk: ChangeView['hunks'][number]['hunk'];
  readonly origin: string;
  readonly place: number;
  readonly count: number;
  readonly onDecide: (decision: 'keep' | 'undo') => void;
}

/** With the focus on it `k` keeps, `u` undoes, up and down go to the hunks beside it. */
function ChangeHunk(props: ChangeHunkProps): JSX.Element {
  const { changeId, hunk, origin, place, count, onDecide } = props;
  const { link } = usePanel();
  const [isWhole, setWhole] = useFlag(`hunk-whole:${changeId}:${hunk.id}`);
  const said = `${counted(hunk.oldLines, 'line')} removed, ${counted(hunk.newLines, 'line')} added`;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (onChangeKey(event.key, event.currentTarget, onDecide)) {
      event.preventDefault();
    }
  };
  return (
    <div
      class="hunk"
      role="listitem"
      tabIndex={0}
      data-decision="pending"
      data-testid="change-hunk"
      aria-label={`Change ${place} of ${count}, line ${hunk.newStart}, ${said}, ${visibleText(origin)}`}
      aria-keyshortcuts="k u"
      onKeyDown={onKeyDown}
    >
      <div class="hunk-head">
        <button
          type="button"
          class="hunk-place"
          title="Show this place in the editor"
          onClick={() => link.command('change/open', { changeId, hunkId: hunk.id })}
        >
          @@ {hunk.newStart}
          {count > 1 && <span class="hunk-count">{` · ${place} of ${count}`}</span>}
        </button>
        <span class="hunk-origin" data-testid="change-origin">
          <Visible text={origin} isOneLine />
        </span>
        <span class="hunk-actions">
          <IconButton
            icon="discard"
            label="Undo this change (u)"
            onClick={() => onDecide('undo')}
            className="is-deny"
            testId="change-undo"
          />
          <IconButton
            icon="check"
            label="Keep this change (k)"
            onClick={() => onDecide('keep')}
            className="is-approve"
            testId="change-keep"
          />
        </span>
      </div>
      <HunkText hunk={hunk} marks={undefined} isWhole={isWhole} onWhole={() => setWhole(true)} />
    </div>
  );
}

/** True when the key meant something. */
function onChangeKey(
  key: string,
  row: EventTarget | null,
  onDecide: (decision: 'keep' | 'undo') => void,
): boolean {
  switch (key) {
    case 'k':
    case 'u':
      onDecide(key === 'k' ? 'keep' : 'undo');
      focusNeighbour(row, 1);
      return true;
    case 'ArrowDown':
      return focusNeighbour(row, 1);
    case 'ArrowUp':
      return focusNeighbour(row, -1);
    default:
      return false;
  }
}
