import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { ToolItem } from '../../src/events/sessionItem';
import type { EditView } from '../../src/protocol/methods';
import { Button, Icon, Visible } from '../controls';
import { memo } from '../memo';
import { useFlag, usePanel } from '../panel';
import { visibleText } from '../visibleText';
import { counted } from '../words';
import { useCardFocus } from './cardFocus';
import { CardCounts, CardFile, CardHead } from './cardHead';
import { DenyWithReason } from './denyWithReason';
import { HunkRow } from './hunkRow';

export interface EditCardProps {
  readonly edit: EditView;
  readonly call?: ToolItem;
}

const kindLooks = {
  edit: { icon: 'edit', verb: 'Edit' },
  create: { icon: 'new-file', verb: 'Create' },
  delete: { icon: 'trash', verb: 'Delete' },
} as const;

const stateLooks: {
  readonly [S in EditView['state']]: { readonly icon: string; readonly word: string };
} = {
  open: { icon: 'question', word: 'waits for you' },
  approved: { icon: 'check', word: 'approved' },
  partly: { icon: 'diff-modified', word: 'approved in part' },
  denied: { icon: 'circle-slash', word: 'denied' },
  withdrawn: { icon: 'debug-stop', word: 'withdrawn' },
  written: { icon: 'save', word: 'written' },
};

/** A proposed change of one file: the same hunks as in the editor, each with its decision. */
export const EditCard = memo(function EditCard({ edit, call }: EditCardProps): JSX.Element {
  const { link } = usePanel();
  const card = useRef<HTMLElement>(null);
  const isWaiting = edit.state === 'open';
  useCardFocus(card, isWaiting);
  const [isOpen, setOpen] = useFlag(`edit-open:${edit.id}:${edit.state}`, isWaiting);
  const look = kindLooks[edit.kind];
  const failure = failureOf(edit, call);
  const state = failure === undefined ? stateLooks[edit.state] : failedLook;
  const name = `${look.verb} ${visibleText(edit.label)}`;
  return (
    <section
      ref={card}
      class="card edit"
      tabIndex={-1}
      role="group"
      aria-label={`${name}, ${state.word}`}
      data-testid="edit-card"
      data-state={failure === undefined ? edit.state : 'error'}
      data-waiting={isWaiting ? true : undefined}
    >
      <CardHead
        icon={look.icon}
        verb={look.verb}
        name={name}
        isOpen={isOpen}
        onToggle={() => setOpen(!isOpen)}
      >
        <CardFile
          label={edit.label}
          path={edit.path}
          onOpen={() => link.command('file/open', { path: edit.path })}
        />
        <CardCounts added={edit.added} removed={edit.removed}>
          {edit.hunks.length > 1 && <span class="hunk-total">{edit.hunks.length} hunks</span>}
        </CardCounts>
        <span
          class="card-state"
          data-state={failure === undefined ? edit.state : 'error'}
          title={state.word}
        >
          {!isWaiting && <span class="card-state-word">{state.word}</span>}
          <Icon name={state.icon} />
        </span>
      </CardHead>
      {failure !== undefined && (
        <p class="card-why">
          <Visible text={failure} />
        </p>
      )}
      {isOpen && <EditBody edit={edit} why={call?.why} />}
    </section>
  );
});

const failedLook = { icon: 'error', word: 'not written' } as const;

/** Approved is not yet written: why the write failed, when it did. */
function failureOf(edit: EditView, call: ToolItem | undefined): string | undefined {
  const wasApproved = edit.state === 'approved' || edit.state === 'partly';
  return wasApproved && call?.state === 'error' ? (call.output ?? call.summary ?? '') : undefined;
}

function EditBody({ edit, why }: { readonly edit: EditView; readonly why?: string }): JSX.Element {
  const reason = edit.state === 'open' ? edit.reason : (why ?? edit.reason);
  return (
    <div class="card-body">
      {reason !== '' && <p class="card-why">{reason}</p>}
      {edit.note !== undefined && (
        <p class="card-note is-warning">
          <Icon name="warning" /> {edit.note}
        </p>
      )}
      <div class="hunks" role="list" aria-label={counted(edit.hunks.length, 'change')}>
        {edit.hunks.map(({ hunk, decision, marks }, index) => (
          <HunkRow
            key={hunk.id}
            editId={edit.id}
            hunk={hunk}
            decision={decision}
            marks={marks}
            isOpen={edit.state === 'open'}
            place={index + 1}
            count={edit.hunks.length}
          />
        ))}
      </div>
      {edit.state === 'open' && <EditActions edit={edit} />}
    </div>
  );
}

/** For the file as a whole. What is decided already stays. */
function EditActions({ edit }: { readonly edit: EditView }): JSX.Element {
  const { link } = usePanel();
  const [isSayingWhy, setSayingWhy] = useFlag(`deny-open:${edit.id}`);
  const decide = (decision: 'approve' | 'deny', reason = ''): void =>
    link.command('hunk/decide', {
      editId: edit.id,
      hunkIds: [],
      decision,
      ...(reason === '' ? {} : { reason }),
    });
  const isSingle = edit.hunks.length <= 1;
  return isSayingWhy ? (
    <DenyWithReason
      id={edit.id}
      onDeny={(reason) => decide('deny', reason)}
      onCancel={() => setSayingWhy(false)}
    />
  ) : (
    <div class="actions">
      <span class="actions">
        <Button
          isPrimary
          onClick={() => link.command('edit/open', { editId: edit.id })}
          testId="open-review"
        >
          Review in editor
        </Button>
        <Button onClick={() => decide('approve')} testId="approve-all">
          {isSingle ? 'Approve' : 'Approve all'}
        </Button>
      </span>
      <span class="actions">
        <Button onClick={() => decide('deny')} testId="deny-all">
          {isSingle ? 'Deny' : 'Deny all'}
        </Button>
        <Button onClick={() => setSayingWhy(true)} testId="deny-all-reason">
          Deny, say why
        </Button>
      </span>
    </div>
  );
}
