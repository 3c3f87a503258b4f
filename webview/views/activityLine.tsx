import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../controls';
import { usePanel } from '../panel';
import { duration } from '../words';

export interface ActivityLineProps {
  readonly text: string;
  readonly sinceMs: number;
  readonly retry?: { readonly atMs: number; readonly attempt: number; readonly of?: number };
}

/** `waiting for Claude Code, 6 s`: what the turn waits for, in words instead of a spinner. */
export function ActivityLine(props: ActivityLineProps): JSX.Element {
  const { nowMs, link } = usePanel();
  const [now, setNow] = useState(nowMs());
  useEffect(() => {
    setNow(nowMs());
    const timer = setInterval(() => setNow(nowMs()), 1000);
    return () => clearInterval(timer);
  }, [nowMs, props.sinceMs]);
  const waitedMs = now - props.sinceMs;
  if (props.retry !== undefined) {
    return (
      <div class="activity is-retry" data-testid="retry-line">
        <Icon name="history" />
        <span class="activity-text" title={`${props.text}, ${retryWords(props.retry, now)}`}>
          <span class="activity-reason">{props.text}, </span>
          <span>{retryWords(props.retry, now)}</span>
        </span>
        <button
          type="button"
          class="text-button"
          onClick={() => link.command('turn/stop', {})}
          data-testid="retry-stop"
        >
          Stop
        </button>
      </div>
    );
  }
  return (
    <div class="activity" data-testid="activity">
      {props.text}
      {waitedMs >= 1000 && `, ${duration(waitedMs)}`}
    </div>
  );
}

/** `retrying in 3 s (2 of 2)`. */
function retryWords(retry: NonNullable<ActivityLineProps['retry']>, nowMs: number): string {
  const leftMs = retry.atMs - nowMs;
  const count = `${retry.attempt}${retry.of === undefined ? '' : ` of ${retry.of}`}`;
  return leftMs <= 0 ? `retrying now (${count})` : `retrying in ${duration(leftMs)} (${count})`;
}
