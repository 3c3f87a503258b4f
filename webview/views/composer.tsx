import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { errorMessage } from '../../src/base/patchbayError';
import { asSentence } from '../../src/base/sentence';
import {
  attachmentProblem,
  filesIn,
  readAttachment,
  withAttachments,
  withPictures,
  type Attachment,
} from '../attachments';
import type { PromptImage } from '../../src/protocol/methods';
import { Problem } from '../controls';
import { useAttachments } from '../draftPictures';
import { draftAtStart, restAfterSend, withInserted } from '../draft';
import { usePanel } from '../panel';
import { isRunning, type LiveState } from '../store';
import type { Surface } from '../surface';
import { AttachmentList } from './attachmentList';
import { counted } from '../words';
import { ComposerBar } from './composerBar';
import { useMentions } from './mentionList';
import { QueueList } from './queueList';

export interface ComposerProps {
  readonly state: LiveState;
  readonly surface: Surface;
  readonly onSurface: (surface: Surface) => void;
}

/** The draft goes to the host at once, and while keys follow each other at most this long after each. */
const draftDelayMs = 150;

/**
 * The prompt's editor. Its text lives in the page's own text area and is never drawn from state, so that a large paste
 * costs nothing twice; it is cleared only when the host has taken it.
 */
export function Composer({ state, surface, onSurface }: ComposerProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const [hasText, setHasText] = useState(false);
  const [problem, setProblem] = useState('');
  const tellLeftOut = (count: number): void =>
    setProblem(count === 0 ? '' : `${counted(count, 'picture')} did not fit and were left out.`);
  const [attachments, setAttachments] = useAttachments(tellLeftOut);
  const isSending = useRef(false);
  const { link, onInsertPictures } = usePanel();
  const saveDraft = useDraft(area, state, setHasText);
  useHostInserts(area, saveDraft);
  const mentions = useMentions(area, () => saveDraft('now'));

  const { images: imageProblem, extraFolders: folderProblem } = state.status.untaken ?? {};

  const refusal = useRef('');
  // With another model another thing is in the way, or nothing is.
  useEffect(() => setProblem((now) => (now === refusal.current ? '' : now)), [imageProblem]);

  const attach = async (files: readonly File[]): Promise<void> => {
    if (imageProblem !== undefined) {
      refusal.current = `${imageProblem} Choose another model to send one.`;
      setProblem(refusal.current);
      return;
    }
    const taken: Attachment[] = [];
    let firstProblem: string | undefined;
    try {
      for (const file of files) {
        const why = attachmentProblem(file, attachments.length + taken.length);
        if (why === undefined) {
          taken.push(await readAttachment(file));
        }
        firstProblem ??= why;
      }
    } catch (error) {
      firstProblem = `A picture could not be read: ${errorMessage(error)}`;
    }
    setProblem(firstProblem ?? '');
    setAttachments((before) => withAttachments(before, taken).attachments);
  };
  const insertPictures = (images: readonly PromptImage[]): void => {
    if (images.length > 0) {
      setAttachments((before) => withPictures(before, images).attachments);
      tellLeftOut(withPictures(attachments, images).leftOut);
    }
  };
  const insert = useRef(insertPictures);
  insert.current = insertPictures;
  useEffect(() => {
    const inserting = onInsertPictures((images) => insert.current(images));
    return () => inserting.dispose();
  }, [onInsertPictures]);
  const takeBack = async (): Promise<void> => {
    try {
      const { text, images = [] } = await link.request('queue/takeBack', {});
      insertPictures(images);
      if (text !== undefined && area.current !== null) {
        area.current.value = withInserted(area.current.value, text);
        saveDraft('now');
      }
    } catch (error) {
      setProblem(errorMessage(error));
    }
  };
  const canSend = hasText || attachments.length > 0;
  const send = async (kind: 'steer' | 'followUp'): Promise<void> => {
    const text = area.current?.value ?? '';
    if (isSending.current || (!/\S/.test(text) && attachments.length === 0)) {
      return;
    }
    isSending.current = true;
    setProblem('');
    try {
      const { accepted, problem: refusal } = await link.request('prompt/submit', {
        text,
        kind,
        ...(attachments.length === 0 ? {} : { images: attachments.map(({ image }) => image) }),
      });
      if (!accepted) {
        setProblem(refusal ?? 'The prompt was not taken. Your text is kept.');
      } else if (area.current !== null) {
        area.current.value = restAfterSend(text, area.current.value);
        setAttachments((now) => now.filter((one) => !attachments.includes(one)));
        saveDraft('now');
        if (surface === 'history') {
          onSurface('chat'); // the answer comes there
        }
      }
    } catch (error) {
      setProblem(`${asSentence(errorMessage(error))} Your text is kept.`);
    } finally {
      isSending.current = false;
      area.current?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (area.current !== null) {
      area.current.dataset.lastKeyMs = String(performance.now());
    }
    if (mentions.onKeyDown(event)) {
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void send(event.ctrlKey || event.metaKey ? 'steer' : 'followUp');
    } else if (event.key === 'ArrowUp' && area.current?.value === '' && hasQueued(state)) {
      event.preventDefault();
      void takeBack();
    }
  };
  return (
    <>
      <QueueList state={state} />
      {state.status.handover !== undefined && (
        <p class="composer-note" data-testid="handover">
          {state.status.handover}
        </p>
      )}
      {folderProblem !== undefined && (
        <p class="composer-note" data-testid="folders-untaken">
          {folderProblem}
        </p>
      )}
      <div
        class="composer"
        onDragOver={(event) => {
          if (event.dataTransfer?.types.includes('Files') === true) {
            event.preventDefault();
          }
        }}
        onDrop={(event) => {
          const files = filesIn(event.dataTransfer);
          if (files.length > 0) {
            event.preventDefault();
            void attach(files);
          }
        }}
      >
        <AttachmentList
          attachments={attachments}
          problem={imageProblem}
          onRemove={(id) => {
            setProblem('');
            setAttachments((before) => before.filter((one) => one.id !== id));
            area.current?.focus();
          }}
        />
        {mentions.list}
        <textarea
          ref={area}
          id="composer"
          class="composer-text"
          data-testid="composer"
          rows={1}
          placeholder={placeholder(state)}
          aria-label="Prompt"
          aria-describedby={problem === '' ? undefined : 'composer-problem'}
          onInput={() => {
            saveDraft('soon');
            mentions.look();
          }}
          onSelect={mentions.look}
          onPaste={(event) => {
            const files = filesIn(event.clipboardData);
            if (files.length > 0) {
              event.preventDefault();
              void attach(files);
            }
          }}
          onKeyDown={onKeyDown}
        />
        <ComposerBar
          state={state}
          surface={surface}
          onSurface={onSurface}
          canSend={canSend}
          onSend={() => void send('followUp')}
          onSteer={() => void send('steer')}
          onStop={() => link.command('turn/stop', {})}
        />
      </div>
      {problem !== '' && <Problem text={problem} id="composer-problem" />}
    </>
  );
}

function hasQueued(state: LiveState): boolean {
  return state.status.queuedCount > 0;
}

function placeholder(state: LiveState): string {
  if (state.sessionId === '') {
    return '';
  }
  if (state.status.modelId === '') {
    return 'Choose a model or an agent, then ask';
  }
  const name = state.status.modelName === '' ? state.status.runtimeName : state.status.modelName;
  return isRunning(state.status) ? 'Enter queues, Ctrl+Enter steers' : `Ask ${name}`;
}

type SaveDraft = (when: 'soon' | 'now') => void;

/** Fills the text area from what was kept, and keeps what is typed: in the page's state and, a little later, in the host. */
function useDraft(
  area: { readonly current: HTMLTextAreaElement | null },
  state: LiveState,
  onHasText: (hasText: boolean) => void,
): SaveDraft {
  const { link, layout } = usePanel();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const keptAtMs = useRef(-draftDelayMs);
  /** Typed into before the first snapshot. */
  const isTouched = useRef(false);
  const keep = (): void => {
    clearTimeout(timer.current);
    timer.current = undefined;
    keptAtMs.current = performance.now();
    const text = area.current?.value ?? '';
    layout.update({ draft: text });
    link.command('view/draft', { text });
  };
  useLayoutEffect(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (area.current !== null) {
      area.current.value = draftAtStart(
        layout.current,
        state,
        isTouched.current ? area.current.value : undefined,
      );
      isTouched.current = false;
      if (state.sessionId !== '' && layout.current.sessionId !== state.sessionId) {
        layout.update({ sessionId: state.sessionId, draft: area.current.value, anchor: undefined });
      }
      onHasText(/\S/.test(area.current.value));
      grow(area.current);
    }
    // When the session becomes known or changes, and only then: later snapshots of the same session leave what is typed alone.
  }, [state.sessionId]);
  useEffect(() => {
    const keepNow = (): void => {
      if (timer.current !== undefined) {
        keep();
      }
    };
    // Whoever goes elsewhere leaves this page first: it may be gone before the time is over.
    window.addEventListener('blur', keepNow);
    window.addEventListener('pagehide', keepNow);
    document.addEventListener('visibilitychange', keepNow);
    return () => {
      window.removeEventListener('blur', keepNow);
      window.removeEventListener('pagehide', keepNow);
      document.removeEventListener('visibilitychange', keepNow);
    };
  }, []);
  return (when) => {
    const text = area.current?.value ?? '';
    isTouched.current = state.sessionId === '';
    onHasText(/\S/.test(text));
    if (area.current !== null) {
      grow(area.current);
    }
    if (when === 'now' || performance.now() - keptAtMs.current >= draftDelayMs) {
      keep();
      return;
    }
    // Not anew at each key: who types without a pause would never be kept.
    timer.current ??= setTimeout(keep, draftDelayMs);
  };
}

/** Text that the host puts in (`Add selection to chat`), and the caret. */
function useHostInserts(
  area: { readonly current: HTMLTextAreaElement | null },
  saveDraft: SaveDraft,
): void {
  const { onInsert, onFocusComposer } = usePanel();
  const save = useRef(saveDraft);
  save.current = saveDraft;
  useEffect(() => {
    const inserting = onInsert((text) => {
      if (area.current !== null) {
        area.current.value = withInserted(area.current.value, text);
        area.current.setSelectionRange(area.current.value.length, area.current.value.length);
        area.current.focus();
        save.current('now');
      }
    });
    const focusing = onFocusComposer(() => area.current?.focus());
    return () => {
      inserting.dispose();
      focusing.dispose();
    };
  }, [onInsert, onFocusComposer]);
}

/** Where the browser cannot size a text area by its content itself. Beyond this many characters it is full anyway. */
function grow(area: HTMLTextAreaElement): void {
  if (!CSS.supports('field-sizing', 'content')) {
    area.style.height = 'auto';
    area.style.height = area.value.length > 20_000 ? '40vh' : `${area.scrollHeight + 2}px`;
  }
}
