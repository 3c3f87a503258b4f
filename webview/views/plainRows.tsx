import type { JSX } from 'preact';
import type { NoticeLevel, PlanItem } from '../../src/events/observation';
import { Button, Icon, Visible } from '../controls';

const planIcons = {
  pending: 'circle-large-outline',
  active: 'arrow-right',
  done: 'check',
} as const;
const planWords = { pending: 'to do', active: 'in progress', done: 'done' } as const;

export function PlanRow({ items }: { readonly items: readonly PlanItem[] }): JSX.Element {
  const doneCount = items.filter((item) => item.status === 'done').length;
  return (
    <section class="card plan" role="group" data-testid="item-plan" aria-label="Plan">
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
              <Visible text={item.text} isOneLine />
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
      <span>
        <Visible text={props.text} />
      </span>
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
