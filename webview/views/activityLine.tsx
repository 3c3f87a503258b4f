import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { usePanel } from '../panel';
import { duration } from '../words';

/** `waiting for Claude Code, 6 s`: what the turn waits for, in words instead of a spinner. */
export function ActivityLine(props: {
  readonly text: string;
  readonly sinceMs: number;
}): JSX.Element {
  const { nowMs } = usePanel();
  const [now, setNow] = useState(nowMs());
  useEffect(() => {
    setNow(nowMs());
    const timer = setInterval(() => setNow(nowMs()), 1000);
    return () => clearInterval(timer);
  }, [nowMs, props.sinceMs]);
  const waitedMs = now - props.sinceMs;
  return (
    <div class="activity" data-testid="activity">
      {props.text}
      {waitedMs >= 1000 && `, ${duration(waitedMs)}`}
    </div>
  );
}
