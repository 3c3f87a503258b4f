import type { JSX } from 'preact';
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks';
import type { MarkdownText } from '../markdownText';
import { usePanel } from '../panel';

export interface MarkdownRowProps {
  readonly text: string;
  readonly isOpen: boolean;
  readonly testId?: string;
}

/** An agent's text. The view library draws the frame only: what is inside belongs to `markdown.ts`. */
export function MarkdownRow({ text, isOpen, testId }: MarkdownRowProps): JSX.Element {
  const { link, markdown, codePainter } = usePanel();
  const renderer = markdown.current === 'loading' ? undefined : markdown.current;
  const frame = useRef<HTMLElement | null>(null);
  const content = useRef<MarkdownText | undefined>(undefined);
  const fill = (): void => {
    if (frame.current !== null && renderer !== undefined) {
      content.current ??= renderer.open(frame.current, (code) => codePainter.paint(code));
      content.current.update(text, isOpen);
    }
  };
  // Filled as soon as it stands in the page: the list measures the row in the same breath, before any effect.
  const attach = useCallback((element: HTMLElement | null) => {
    frame.current = element;
    fill();
  }, []);
  useLayoutEffect(fill, [text, isOpen, renderer, codePainter]);
  if (renderer === undefined) {
    return (
      <div class="markdown is-plain" data-testid={testId}>
        {text}
      </div>
    );
  }
  const onClick = (event: MouseEvent): void => {
    const { target } = event;
    if (!(target instanceof Element)) {
      return;
    }
    const anchor = target.closest('a');
    if (anchor !== null) {
      // The editor would open it as well, without asking us.
      event.preventDefault();
      event.stopPropagation();
      link.command('link/open', { url: anchor.href });
    }
    const button = target.closest<HTMLElement>('[data-code-action]');
    const code = button?.closest('.code-block')?.querySelector('code')?.textContent;
    if (code !== undefined) {
      const isCopy = button?.dataset.codeAction === 'copy';
      link.command(isCopy ? 'text/copy' : 'text/insert', { text: code });
    }
  };
  return (
    <div
      ref={attach}
      class="markdown"
      data-testid={testId}
      aria-busy={isOpen}
      onClick={onClick}
      onAuxClick={onClick}
    />
  );
}
