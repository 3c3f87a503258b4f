import { languageOfCode } from './codeLanguage';
import type { Highlighter } from './highlight';
import type { MarkdownRenderer } from './markdown';

/** Larger blocks stay plain: colouring them would be felt. */
const maxCodeLength = 60_000;

export interface CodePainter {
  /** Colours a finished code block, some time later and only while it is still on the page. */
  paint(code: Element): void;
}

/**
 * Loads the highlighter when it is first needed. When it cannot be loaded code stays plain, which is readable, and
 * the next block tries again.
 */
export function createCodePainter(
  renderer: () => MarkdownRenderer | undefined,
  load: () => Promise<Highlighter>,
  whenIdle: (run: () => void) => void,
): CodePainter {
  let loading: Promise<Highlighter | undefined> | undefined;
  const highlighter = (): Promise<Highlighter | undefined> => {
    loading ??= load().catch(() => {
      loading = undefined;
      return undefined;
    });
    return loading;
  };
  const paintNow = (code: Element, highlight: Highlighter): void => {
    const html = code.isConnected ? highlight(code.textContent, languageOfCode(code)) : undefined;
    if (html !== undefined) {
      renderer()?.paintCode(code, html);
    }
  };
  return {
    paint: (code) => {
      if (languageOfCode(code) === '' || code.textContent.length > maxCodeLength) {
        return;
      }
      whenIdle(() => {
        void highlighter().then((highlight) => {
          if (highlight !== undefined) {
            whenIdle(() => paintNow(code, highlight));
          }
        });
      });
    },
  };
}
