import type { JSX } from 'preact';
import type { ChangeView } from '../../src/protocol/methods';
import { Button, Icon, IconButton, Visible } from '../controls';
import { memo } from '../memo';
import { useFlag, usePanel } from '../panel';
import { visibleText } from '../visibleText';
import { counted } from '../words';
import { CardCounts, CardFile, CardHead } from './cardHead';
import { HunkFrame } from './hunkFrame';

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
      tabIndex={-1}
      role="group"
      aria-label={`${name}, not reviewed`}
      data-testid="change-card"
      data-kind={change.kind}
    >
      <CardHead
        icon={look.icon}
        verb={look.verb}
        name={name}
        isOpen={isOpen}
        onToggle={() => setOpen(!isOpen)}
      >
        <CardFile
          label={change.label}
          path={change.path}
          onOpen={() => link.command('change/open', { changeId: change.id })}
        />
        <CardCounts added={change.added} removed={change.removed} />
        <span class="card-state" data-state="unreviewed" title="not reviewed">
          <span class="card-state-word">not reviewed</span>
          <Icon name="warning" />
        </span>
      </CardHead>
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

/** One hunk with where it came from. `k` keeps, `u` undoes. */
function ChangeHunk(props: ChangeHunkProps): JSX.Element {
  const { changeId, hunk, origin, place, count, onDecide } = props;
  const { link } = usePanel();
  const said = `${counted(hunk.oldLines, 'line')} removed, ${counted(hunk.newLines, 'line')} added`;
  return (
    <HunkFrame
      ownerId={changeId}
      hunk={hunk}
      decision="pending"
      place={place}
      count={count}
      testId="change-hunk"
      label={`Change ${place} of ${count}, line ${hunk.newStart}, ${said}, ${visibleText(origin)}`}
      keys={{ k: () => onDecide('keep'), u: () => onDecide('undo') }}
      keyNames="k u"
      placeTitle="Show this place in the editor"
      onPlace={() => link.command('change/open', { changeId, hunkId: hunk.id })}
      head={
        <>
          <span class="hunk-origin" title={visibleText(origin)} data-testid="change-origin">
            <Visible text={origin} isOneLine />
          </span>
          <span class="hunk-actions">
            <IconButton
              icon="check"
              label="Keep this change (k)"
              onClick={() => onDecide('keep')}
              className="is-approve"
              testId="change-keep"
            />
            <IconButton
              icon="discard"
              label="Undo this change (u)"
              onClick={() => onDecide('undo')}
              className="is-deny"
              testId="change-undo"
            />
          </span>
        </>
      }
    />
  );
}
