import type { JSX } from 'preact';
import type { RuntimeView, SetupView } from '../../src/protocol/methods';
import { Button, Icon } from '../controls';
import { memo } from '../memo';
import { useFlag, usePanel } from '../panel';
import { counted } from '../words';
import { actionWords } from './errorCard';

export interface EmptyStateProps {
  readonly setup: SetupView;
  readonly modelId: string;
}

/** Before the first prompt: what was found, each one click away, and what one could ask. */
export const EmptyState = memo(function EmptyState({
  setup,
  modelId,
}: EmptyStateProps): JSX.Element {
  const { link } = usePanel();
  const playground = setup.runtimes.find((runtime) => runtime.kind === 'playground');
  const others = setup.runtimes.filter((runtime) => runtime.kind !== 'playground');
  const absent = others.filter(isAbsent);
  const shown = others.filter((runtime) => !absent.slice(absentShown).includes(runtime));
  return (
    <main class="empty" data-testid="empty-state">
      <p class="empty-lead">
        Ask a coding agent or a model to work in this folder. Every edit and every command waits for
        you.
      </p>
      {!setup.isTrusted && (
        <Hint
          icon="shield"
          text="This folder is not trusted. No agent is started here until you trust it."
          action="Manage trust"
          onClick={() => link.command('action/run', { action: 'trustFolder' })}
        />
      )}
      {!setup.hasFolder && (
        <Hint
          icon="folder"
          text="No folder is open. You can chat; files need a folder."
          action="Open folder"
          onClick={() => link.command('action/run', { action: 'openFolder' })}
        />
      )}
      <ul class="runtimes" aria-label="Start with">
        {shown.map((runtime) => (
          <RuntimeRow key={runtime.id} runtime={runtime} isChosen={isChosen(runtime, modelId)} />
        ))}
        {playground !== undefined && (
          <RuntimeRow runtime={playground} isChosen={isChosen(playground, modelId)} />
        )}
        <MoreAgents agents={absent.slice(absentShown)} />
      </ul>
      {setup.isProbing && <p class="empty-note">Looking for agents and model servers</p>}
      {modelId !== '' && setup.examples.length > 0 && <Examples examples={setup.examples} />}
    </main>
  );
});

/** Agents that cannot be used here now: this many are shown, the others on demand. */
const absentShown = 2;

function isAbsent({ kind, state }: RuntimeView): boolean {
  return kind === 'agent' && (state === 'missing' || state === 'needsTrust');
}

function MoreAgents({ agents }: { readonly agents: readonly RuntimeView[] }): JSX.Element | null {
  const [isOpen, setOpen] = useFlag('more-agents');
  if (agents.length === 0) {
    return null;
  }
  return (
    <>
      <li class="runtime">
        <button
          type="button"
          class="runtime-start"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          data-testid="more-agents"
        >
          <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
          <span class="runtime-words">
            <span class="runtime-detail">
              {counted(agents.length, 'more agent')}: {agents.map(({ name }) => name).join(', ')}
            </span>
          </span>
        </button>
      </li>
      {isOpen &&
        agents.map((agent) => <RuntimeRow key={agent.id} runtime={agent} isChosen={false} />)}
    </>
  );
}

function isChosen(runtime: RuntimeView, modelId: string): boolean {
  return modelId !== '' && runtime.modelId === modelId;
}

function Hint(props: {
  readonly icon: string;
  readonly text: string;
  readonly action: string;
  readonly onClick: () => void;
}): JSX.Element {
  return (
    <div class="hint">
      <Icon name={props.icon} />
      <span>{props.text}</span>
      <Button onClick={props.onClick}>{props.action}</Button>
    </div>
  );
}

const kindIcons: { readonly [K in RuntimeView['kind']]: string } = {
  agent: 'terminal',
  api: 'cloud',
  local: 'server',
  editor: 'vscode',
  playground: 'beaker',
};

interface RuntimeRowProps {
  readonly runtime: RuntimeView;
  readonly isChosen: boolean;
}

function RuntimeRow({ runtime, isChosen: isCurrent }: RuntimeRowProps): JSX.Element {
  const { link } = usePanel();
  const { id, name, kind, modelId, action } = runtime;
  const canStart = modelId !== undefined || kind === 'playground';
  const start = (): void => {
    if (kind === 'playground') {
      link.command('action/run', { action: 'startPlayground' });
    } else if (modelId !== undefined) {
      link.command('model/choose', { modelId });
      document.getElementById('composer')?.focus();
    }
  };
  const words = (
    <span class="runtime-words">
      <span class="runtime-name">{name}</span>
      <span class="runtime-detail">{runtime.detail}</span>
    </span>
  );
  return (
    <li class="runtime" data-testid={`runtime-${id}`} data-state={runtime.state}>
      {canStart ? (
        <button
          type="button"
          class="runtime-start"
          aria-pressed={isCurrent}
          onClick={start}
          title={kind === 'playground' ? 'Start the scripted tour' : `Use ${name}`}
        >
          <Icon name={kindIcons[kind]} />
          {words}
          <Icon name={isCurrent ? 'check' : 'arrow-right'} />
        </button>
      ) : (
        <div class="runtime-off">
          <Icon name={kindIcons[kind]} />
          {words}
        </div>
      )}
      {action !== undefined && (
        <Button
          onClick={() => link.command('action/run', { action, target: id })}
          testId={`runtime-action-${id}`}
        >
          {actionWords[action]}
        </Button>
      )}
    </li>
  );
}

function Examples({ examples }: { readonly examples: readonly string[] }): JSX.Element {
  const { insertPrompt } = usePanel();
  return (
    <ul class="examples" aria-label="Examples">
      {examples.slice(0, 3).map((example) => (
        <li key={example}>
          <button
            type="button"
            class="example"
            data-testid="example"
            onClick={() => insertPrompt(example)}
          >
            {example}
          </button>
        </li>
      ))}
    </ul>
  );
}
