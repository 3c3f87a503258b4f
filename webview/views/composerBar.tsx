import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Icon, IconButton } from '../controls';
import { modeProblem, modeTitle, modeWords } from '../modeWords';
import { isRunning, type LiveState } from '../store';
import type { Surface } from '../surface';
import { ContextButton, ContextPanel } from './contextGauge';
import { EffortButton, EffortPicker } from './effortPicker';
import { EndpointForm } from './endpointForm';
import { ModelPicker } from './modelPicker';
import { ModePicker } from './modePicker';
import { Popover } from './popover';

export interface ComposerBarProps {
  readonly state: LiveState;
  readonly surface: Surface;
  readonly onSurface: (surface: Surface) => void;
  readonly canSend: boolean;
  readonly onSend: () => void;
  readonly onSteer: () => void;
  readonly onStop: () => void;
}

/** Under the text: who answers, in which mode, what was used, send or stop. */
export function ComposerBar(props: ComposerBarProps): JSX.Element {
  const { state, surface, onSurface } = props;
  const { status } = state;
  const toggle = (wanted: Surface): void => onSurface(surface === wanted ? 'chat' : wanted);
  const models = useRef<HTMLButtonElement>(null);
  const modes = useRef<HTMLButtonElement>(null);
  const efforts = useRef<HTMLButtonElement>(null);
  const context = useRef<HTMLButtonElement>(null);
  const close = (): void => onSurface('chat');
  const running = isRunning(status);
  return (
    <div class="bar">
      <button
        ref={models}
        type="button"
        class={`picker-button is-model ${status.untaken?.model === undefined ? '' : 'is-untaken'}`}
        aria-haspopup="dialog"
        aria-expanded={surface === 'models' || surface === 'endpoint'}
        aria-label={status.modelId === '' ? undefined : `Model or agent: ${modelLabel(status)}`}
        title={modelTitle(status)}
        onClick={() => toggle('models')}
        data-testid="model-picker"
      >
        <span class="picker-name">{modelLabel(status)}</span>
        <Icon name="chevron-down" />
      </button>
      <button
        ref={modes}
        type="button"
        class={`picker-button ${modeProblem(status.mode, status.untaken) === undefined ? '' : 'is-untaken'}`}
        aria-haspopup="dialog"
        aria-expanded={surface === 'modes'}
        aria-label={`Mode: ${modeWords[status.mode].name}`}
        title={modeTitle(status.mode, status.untaken)}
        onClick={() => toggle('modes')}
        data-testid="mode-picker"
      >
        <span class="picker-name">{modeWords[status.mode].name}</span>
        <Icon name="chevron-down" />
      </button>
      {status.modelId !== '' && (
        <EffortButton
          status={status}
          anchor={efforts}
          isOpen={surface === 'effort'}
          onToggle={() => toggle('effort')}
        />
      )}
      <span class="bar-space" />
      <ContextButton
        status={status}
        anchor={context}
        isOpen={surface === 'context'}
        onToggle={() => toggle('context')}
      />
      {running && (
        <IconButton
          icon="debug-stop"
          label="Stop (Escape)"
          onClick={props.onStop}
          testId="stop"
          className="is-stop"
        />
      )}
      {running && props.canSend && (
        <IconButton
          icon="zap"
          label="Steer: join the running turn (Ctrl+Enter)"
          onClick={props.onSteer}
          testId="steer"
        />
      )}
      {(!running || props.canSend) && (
        <IconButton
          icon="send"
          label={running ? 'Queue (Enter)' : 'Send (Enter)'}
          onClick={props.onSend}
          isDisabled={!props.canSend}
          testId="send"
          className="is-send"
        />
      )}
      {surface === 'models' && (
        <Popover label="Model or agent" anchor={models} onClose={close}>
          <ModelPicker
            setup={state.setup}
            currentId={status.modelId}
            onDone={close}
            onAddEndpoint={() => onSurface('endpoint')}
          />
        </Popover>
      )}
      {surface === 'endpoint' && (
        <Popover label="Add an endpoint" anchor={models} onClose={close}>
          <EndpointForm onDone={close} onBack={() => onSurface('models')} />
        </Popover>
      )}
      {surface === 'context' && (
        <Popover label="Context and cost" anchor={context} onClose={close}>
          <ContextPanel status={status} onDone={close} />
        </Popover>
      )}
      {surface === 'effort' && (
        <Popover label="Thinking effort" anchor={efforts} onClose={close}>
          <EffortPicker status={status} onDone={close} />
        </Popover>
      )}
      {surface === 'modes' && (
        <Popover label="Mode" anchor={modes} onClose={close}>
          <ModePicker status={status} onDone={close} />
        </Popover>
      )}
    </div>
  );
}

function modelLabel(status: LiveState['status']): string {
  if (status.modelId === '') {
    return 'Choose a model';
  }
  return status.modelName === '' ? status.runtimeName : status.modelName;
}

function modelTitle(status: LiveState['status']): string {
  if (status.modelId === '') {
    return 'Choose a model or an agent';
  }
  const title = `${status.runtimeName}: ${modelLabel(status)}`;
  return status.untaken?.model === undefined ? title : `${title}. ${status.untaken.model}`;
}
