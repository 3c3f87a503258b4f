import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Event } from '../../src/base/emitter';

interface Said {
  readonly id: number;
  readonly text: string;
}

/** Tells screen readers what changed, each sentence once; nothing is seen of it. */
export function LiveRegion({ onAnnounce }: { readonly onAnnounce: Event<string> }): JSX.Element {
  const [said, setSaid] = useState<readonly Said[]>([]);
  useEffect(() => {
    const listening = onAnnounce((text) =>
      setSaid((before) => [...before.slice(-4), { id: (before.at(-1)?.id ?? 0) + 1, text }]),
    );
    return () => listening.dispose();
  }, [onAnnounce]);
  return (
    <div class="only-spoken" role="status" aria-live="polite" aria-relevant="additions">
      {said.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
