import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Event } from '../src/base/emitter';
import type { DraftPicture, PromptImage } from '../src/protocol/methods';
import type { CodePainter } from './codePainter';
import type { MarkdownRenderer } from './markdown';
import type { RowMemory } from './rowMemory';
import type { HostLink } from './rpc';
import type { LayoutState } from './vscodeApi';

/** What every view can reach. One per page, made in `main.tsx`. */
export interface Panel {
  readonly link: HostLink;
  readonly markdown: MarkdownLoader;
  readonly codePainter: CodePainter;
  readonly memory: RowMemory;
  readonly history: HistoryLoader;
  readonly layout: LayoutStore;
  /** From the host: put text into the composer, or the caret. */
  readonly onInsert: Event<string>;
  readonly onFocusComposer: Event<void>;
  /** Puts text into the composer, as the host would. */
  readonly insertPrompt: (text: string) => void;
  /** Puts pictures into the composer. */
  readonly insertPictures: (images: readonly PromptImage[]) => void;
  readonly onInsertPictures: Event<readonly PromptImage[]>;
  /** From the host: a picture of the draft that an earlier page has left. */
  readonly onPutBackPicture: Event<DraftPicture>;
  readonly nowMs: () => number;
}

/** The Markdown engine is a chunk of its own that is asked for at once, beside the first snapshot. */
export interface MarkdownLoader {
  /** Undefined: it could not be loaded, texts are shown as they are written. */
  readonly current: MarkdownRenderer | 'loading' | undefined;
  readonly onDidLoad: Event<void>;
}

/** The panel has the end of a long conversation; the host has all of it. */
export interface HistoryLoader {
  /** Asks for what stands before the first item; nothing happens while it is under way or when there is nothing. */
  loadBefore(): void;
  /** The end is read: what is far above it goes. */
  trim(): void;
}

export interface LayoutStore {
  readonly current: LayoutState;
  update(change: Partial<LayoutState>): void;
}

export const PanelContext = createContext<Panel | undefined>(undefined);

export function usePanel(): Panel {
  const panel = useContext(PanelContext);
  if (panel === undefined) {
    throw new Error('a view is drawn outside its panel');
  }
  return panel;
}

/** Like `useState`, but it survives the row's leaving the page. */
export function useFlag(key: string, initial = false): [boolean, (value: boolean) => void] {
  const { memory } = usePanel();
  const [value, set] = useRemembered(memory.flags, key, initial);
  return [
    value,
    (next) => {
      memory.unfolds.fire();
      set(next);
    },
  ];
}

export function useWords(key: string): [string, (value: string) => void] {
  return useRemembered(usePanel().memory.texts, key, '');
}

function useRemembered<T>(
  memory: Map<string, T>,
  key: string,
  initial: T,
): [T, (value: T) => void] {
  const [, redraw] = useState(0);
  return [
    memory.get(key) ?? initial,
    (value) => {
      memory.set(key, value);
      redraw((count) => count + 1);
    },
  ];
}

export function useMarkdown(): MarkdownLoader['current'] {
  const { markdown } = usePanel();
  const [current, setCurrent] = useState(markdown.current);
  useEffect(() => {
    const listening = markdown.onDidLoad(() => setCurrent(markdown.current));
    setCurrent(markdown.current);
    return () => listening.dispose();
  }, [markdown]);
  return current;
}
