import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ToolItem, ToolItemState } from '../../src/events/sessionItem';
import { errorMessage } from '../../src/base/patchbayError';
import { Icon, Visible } from '../controls';
import { useFlag, usePanel, useWords } from '../panel';
import { toolTitle } from '../toolWords';
import { visibleText } from '../visibleText';
import { byteSize } from '../words';
import { CardFile, CardHead } from './cardHead';

export const actionLooks: {
  readonly [A in ToolItem['action']]: { readonly icon: string; readonly verb: string };
} = {
  read: { icon: 'file', verb: 'Read' },
  edit: { icon: 'edit', verb: 'Edit' },
  run: { icon: 'terminal', verb: 'Run' },
  search: { icon: 'search', verb: 'Search' },
  list: { icon: 'list-tree', verb: 'List' },
  fetch: { icon: 'globe', verb: 'Fetch' },
  plan: { icon: 'checklist', verb: 'Plan' },
  ask: { icon: 'question', verb: 'Ask' },
  other: { icon: 'tools', verb: '' },
};

const stateLooks: {
  readonly [S in ToolItemState]: { readonly icon: string; readonly word: string };
} = {
  pending: { icon: 'circle-outline', word: 'pending' },
  awaiting: { icon: 'question', word: 'asks you' },
  running: { icon: 'circle-filled', word: 'running' },
  ok: { icon: 'check', word: 'done' },
  error: { icon: 'error', word: 'failed' },
  denied: { icon: 'circle-slash', word: 'denied' },
  aborted: { icon: 'debug-stop', word: 'stopped' },
};

/** One call: what it does, to what, how it ended. Opens to input and output. */
export function ToolCard({ item }: { readonly item: ToolItem }): JSX.Element {
  const [isOpen, setOpen] = useFlag(`open:${item.id}`);
  const look = actionLooks[item.action];
  const verb = look.verb === '' ? visibleText(toolTitle(item.toolName)) : look.verb;
  const state = stateLooks[item.state];
  return (
    <section
      class="card tool"
      tabIndex={-1}
      data-testid="tool-card"
      data-state={item.state}
      role="group"
      aria-label={`${verb} ${visibleText(item.object)}`}
    >
      <CardHead
        icon={look.icon}
        verb={verb}
        title={look.verb === '' ? visibleText(item.toolName) : undefined}
        name={`${verb} ${visibleText(item.object)}, ${state.word}`}
        isOpen={isOpen}
        onToggle={() => setOpen(!isOpen)}
      >
        <ToolObject item={item} />
        {item.ranBy !== undefined && <RanByYou isPrivate={item.ranBy === 'private'} />}
        <span class="card-summary">
          <Visible text={item.summary ?? (item.state === 'awaiting' ? state.word : '')} isOneLine />
        </span>
        <span class="card-state" data-state={item.state} title={state.word}>
          <Icon name={state.icon} />
        </span>
      </CardHead>
      {isOpen ? <ToolDetail item={item} /> : <ToolWhy item={item} />}
    </section>
  );
}

/** A command of the user's own; whether the model hears of it. */
function RanByYou({ isPrivate }: { readonly isPrivate: boolean }): JSX.Element {
  return (
    <span
      class="card-tag"
      title={
        isPrivate
          ? 'You ran it; no model is told of it'
          : 'You ran it; the model reads it with your next prompt'
      }
      data-testid="own-command"
    >
      {isPrivate ? 'you, not shared' : 'you'}
    </span>
  );
}

export function ToolObject({ item }: { readonly item: ToolItem }): JSX.Element {
  const { link } = usePanel();
  const { path, object } = item;
  return path === undefined ? (
    <span class="card-object" data-mono={item.action === 'run'} title={visibleText(object)}>
      <Visible text={object} isOneLine />
    </span>
  ) : (
    <CardFile label={object} path={path} onOpen={() => link.command('file/open', { path })} />
  );
}

/** What looks and changes nothing: that it ran without a question is no news. */
const quietActions: ReadonlySet<ToolItem['action']> = new Set([
  'read',
  'search',
  'list',
  'plan',
  'ask',
]);

/** Folded, the reason shows where it is news: what allowed a command or a change, why a call did not run. */
function ToolWhy({ item }: { readonly item: ToolItem }): JSX.Element | null {
  if (item.state === 'error' && item.action === 'edit' && item.output !== undefined) {
    return (
      <p class="card-why">
        <Visible text={item.output} />
      </p>
    );
  }
  const isNews =
    item.state === 'denied' ||
    (item.state !== 'awaiting' && item.state !== 'pending' && !quietActions.has(item.action));
  return item.why !== undefined && isNews ? (
    <p class="card-why">
      <Visible text={item.why} />
    </p>
  ) : null;
}

function ToolDetail({ item }: { readonly item: ToolItem }): JSX.Element {
  const outputBytes = item.outputBytes ?? 0;
  const isCut = outputBytes > new TextEncoder().encode(item.output ?? '').length;
  return (
    <div class="card-body">
      {item.why !== undefined && (
        <p class="card-why">
          <Visible text={item.why} />
        </p>
      )}
      {item.input !== '' && (
        <DetailBlock
          title="Input"
          callId={item.id}
          part="input"
          text={item.input}
          isCut={item.input.length >= 8000}
        />
      )}
      {(item.output === undefined ? outputBytes > 0 : item.output !== '') && (
        <DetailBlock
          title="Output"
          callId={item.id}
          part="output"
          text={item.output ?? ''}
          isCut={isCut}
          sizeBytes={outputBytes}
        />
      )}
      {item.output === '' && <p class="card-why">No output</p>}
    </div>
  );
}

interface DetailBlockProps {
  readonly title: string;
  readonly callId: string;
  readonly part: 'input' | 'output';
  readonly text: string;
  readonly isCut: boolean;
  readonly sizeBytes?: number;
}

function DetailBlock(props: DetailBlockProps): JSX.Element {
  const { link, memory } = usePanel();
  const { callId, part, title, isCut, sizeBytes } = props;
  const [whole, setWhole] = useWords(`detail:${part}:${callId}`);
  const [note, setNote] = useState('');
  const showAll = async (): Promise<void> => {
    setNote('Loading');
    try {
      const { text, isTruncated } = await link.request('tool/detail', { callId, part });
      setNote(isTruncated ? 'The first megabyte is shown.' : '');
      memory.unfolds.fire();
      setWhole(text);
    } catch (error) {
      setNote(errorMessage(error));
    }
  };
  useEffect(() => {
    // A card far up in a long conversation comes without its texts.
    if (isCut && props.text === '' && whole === '') {
      void showAll();
    }
  }, []);
  return (
    <div class="detail">
      <div class="detail-head">
        <span>{title}</span>
        {isCut && whole === '' && (
          <button type="button" class="text-button" onClick={() => void showAll()}>
            Show all{sizeBytes === undefined ? '' : ` (${byteSize(sizeBytes)})`}
          </button>
        )}
        {note !== '' && <span class="detail-note">{note}</span>}
      </div>
      <pre class="block" tabIndex={0} aria-label={title}>
        <Visible text={whole === '' ? props.text : whole} />
      </pre>
    </div>
  );
}
