import type { JSX } from 'preact';
import type { NoticeLevel, PlanItem } from '../../src/events/observation';
import type { SessionItem } from '../../src/events/sessionItem';
import { Button, Icon, IconButton } from '../controls';
import { useFlag, usePanel } from '../panel';

type UserItem = Extract<SessionItem, { kind: 'user' }>;

/** Long prompts are folded: the conversation is what the user came back for. */
const foldedLength = 1200;
const foldedLines = 14;

export function UserRow({ item }: { readonly item: UserItem }): JSX.Element {
  const { link } = usePanel();
  const [isWhole, setWhole] = useFlag(`whole:${item.id}`);
  const { turnId } = item;
  const folded = isWhole ? item.text : head(item.text);
  return (
    <div class="user" data-testid="item-user">
      <span class="only-spoken">You</span>
      <div class="user-text">{folded}</div>
      {folded !== item.text && (
        <button type="button" class="text-button" onClick={() => setWhole(true)}>
          Show all
        </button>
      )}
      <div class="user-actions">
        <IconButton
          icon="copy"
          label="Copy"
          onClick={() => link.command('text/copy', { text: item.text })}
        />
        {turnId !== undefined && item.isQueued !== true && (
          <IconButton
            icon="history"
            label="Restore to before this turn"
            onClick={() => link.command('turn/restore', { turnId })}
            testId="restore-turn"
          />
        )}
      </div>
    </div>
  );
}

function head(text: string): string {
  const lines = text.slice(0, foldedLength).split('\n').slice(0, foldedLines).join('\n');
  return lines.length < text.length ? `${lines}…` : text;
}

const planIcons = {
  pending: 'circle-large-outline',
  active: 'arrow-right',
  done: 'check',
} as const;
const planWords = { pending: 'to do', active: 'in progress', done: 'done' } as const;

export function PlanRow({ items }: { readonly items: readonly PlanItem[] }): JSX.Element {
  const doneCount = items.filter((item) => item.status === 'done').length;
  return (
    <section class="card plan" data-testid="item-plan" aria-label="Plan">
      <div class="card-head">
        <Icon name="checklist" />
        <span class="card-verb">Plan</span>
        <span class="card-summary">
          {doneCount} of {items.length} done
        </span>
      </div>
      <ul class="plan-items">
        {items.map((item) => (
          <li key={item.text} class="plan-item" data-status={item.status}>
            <Icon name={planIcons[item.status]} />
            <span>
              {item.text}
              <span class="only-spoken">, {planWords[item.status]}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function NoticeRow(props: {
  readonly level: NoticeLevel;
  readonly text: string;
}): JSX.Element {
  return (
    <div class="notice" data-level={props.level} data-testid="item-notice">
      <Icon name={props.level === 'warning' ? 'warning' : 'info'} />
      <span>{props.text}</span>
    </div>
  );
}

/** A row of buttons; the first is the one that most people want. */
export function ActionRow({
  actions,
}: {
  readonly actions: readonly {
    readonly label: string;
    readonly onClick: () => void;
    readonly testId?: string;
  }[];
}): JSX.Element {
  return (
    <div class="actions">
      {actions.map(({ label, onClick, testId }, index) => (
        <Button key={label} onClick={onClick} isPrimary={index === 0} testId={testId}>
          {label}
        </Button>
      ))}
    </div>
  );
}
