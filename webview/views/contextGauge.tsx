import type { JSX, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ContextUse } from '../../src/events/contextUse';
import type { StatusView } from '../../src/protocol/methods';
import {
  gaugeLevel,
  gaugeText,
  gaugeTitle,
  grouped,
  partLines,
  percent,
  usageLines,
  usedShare,
} from '../contextWords';
import { Button } from '../controls';
import { usePanel } from '../panel';
import { isRunning } from '../store';

export interface ContextButtonProps {
  readonly status: StatusView;
  readonly anchor: RefObject<HTMLButtonElement>;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** How full the model's context is: a ring and a number. Not there while nothing is known. */
export function ContextButton(props: ContextButtonProps): JSX.Element | null {
  const { context, spent } = props.status;
  const text = gaugeText(context);
  if (text === undefined && spent === undefined) {
    return null;
  }
  return (
    <button
      ref={props.anchor}
      type="button"
      class="gauge"
      data-level={gaugeLevel(context)}
      aria-haspopup="dialog"
      aria-expanded={props.isOpen}
      aria-label={gaugeTitle(context)}
      title={gaugeTitle(context)}
      onClick={props.onToggle}
      data-testid="context-gauge"
    >
      <Ring share={usedShare(context)} />
      <span class="gauge-text">{text ?? '?'}</span>
    </button>
  );
}

const radius = 5;
const round = 2 * Math.PI * radius;

function Ring({ share }: { readonly share: number | undefined }): JSX.Element {
  const shown = Math.min(1, Math.max(0, share ?? 0));
  return (
    <svg class="gauge-ring" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <circle class="gauge-track" cx="7" cy="7" r={radius} />
      <circle
        class="gauge-used"
        cx="7"
        cy="7"
        r={radius}
        stroke-dasharray={`${shown * round} ${round}`}
        transform="rotate(-90 7 7)"
      />
    </svg>
  );
}

/** The numbers behind the gauge, what the conversation used, and what can be done about it. */
export function ContextPanel(props: {
  readonly status: StatusView;
  readonly onDone: () => void;
}): JSX.Element {
  const { status, onDone } = props;
  const { context, spent } = status;
  const { link } = usePanel();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const run = (action: 'compact' | 'showCost'): void => {
    link.command('action/run', { action });
    onDone();
  };
  return (
    <div ref={box} class="context-panel" tabIndex={-1} data-testid="context-panel">
      <h3 class="context-head">
        Context <span class="context-model">{status.modelName}</span>
      </h3>
      <UseText context={context} status={status} />
      {context !== undefined && <Parts context={context} />}
      {spent !== undefined && (
        <>
          <h3 class="context-head">This conversation</h3>
          <dl class="context-list" data-testid="context-spent">
            {usageLines(spent).map(({ name, text }) => (
              <Line key={name} name={name} text={text} />
            ))}
          </dl>
        </>
      )}
      <div class="actions">
        {status.compaction !== undefined && !isRunning(status) && (
          <Button onClick={() => run('compact')} testId="context-compact">
            Compact now
          </Button>
        )}
        <Button onClick={() => run('showCost')} testId="context-cost">
          Show cost
        </Button>
      </div>
    </div>
  );
}

function UseText(props: {
  readonly context: ContextUse | undefined;
  readonly status: StatusView;
}): JSX.Element {
  const { context, status } = props;
  const share = usedShare(context);
  if (context?.usedTokens === undefined) {
    const window =
      context?.windowTokens === undefined
        ? ''
        : ` Its window is ${grouped(context.windowTokens)} tokens.`;
    return (
      <p class="context-use" data-testid="context-use">
        {status.compaction === 'ours'
          ? `Known after the next answer.${window}`
          : `${status.runtimeName} does not say how full its context is.${window}`}
      </p>
    );
  }
  const of =
    context.windowTokens === undefined
      ? 'tokens; the window is unknown'
      : `of ${grouped(context.windowTokens)} tokens`;
  return (
    <p class="context-use" data-testid="context-use">
      <strong>{grouped(context.usedTokens)}</strong> {of}
      {share === undefined ? '' : ` (${percent(share)})`}
      {context.basis === 'estimated' ? ', estimated' : ''}
      {context.limitTokens !== undefined && (
        <span class="context-note">
          From {grouped(context.limitTokens)} tokens on, earlier messages are summarised.
        </span>
      )}
    </p>
  );
}

function Parts({ context }: { readonly context: ContextUse }): JSX.Element | null {
  const lines = partLines(context);
  return lines.length === 0 ? null : (
    <dl class="context-list" data-testid="context-parts">
      {lines.map(({ name, tokens, share }) => (
        <Line key={name} name={name} text={grouped(tokens)} share={share} />
      ))}
    </dl>
  );
}

function Line(props: {
  readonly name: string;
  readonly text: string;
  readonly share?: number;
}): JSX.Element {
  const { name, text, share } = props;
  return (
    <div class="context-line">
      <dt>{name}</dt>
      {share !== undefined && (
        <svg class="context-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="context-bar-track" width="100" height="4" />
          <rect class="context-bar-used" width={share * 100} height="4" />
        </svg>
      )}
      <dd>{text}</dd>
    </div>
  );
}
