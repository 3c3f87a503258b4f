import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ModelView, SetupView } from '../../src/protocol/methods';
import { Icon } from '../controls';
import { foundModels, groupsOf } from '../modelSearch';
import { usePanel } from '../panel';

export interface ModelPickerProps {
  readonly setup: SetupView;
  readonly currentId: string;
  readonly onDone: () => void;
  readonly onAddEndpoint: () => void;
}

/** A search field over the models, grouped by where they run. The field keeps the focus; arrows move the choice. */
export function ModelPicker(props: ModelPickerProps): JSX.Element {
  const { setup, currentId, onDone, onAddEndpoint } = props;
  const { link } = usePanel();
  const [query, setQuery] = useState('');
  const groups = groupsOf(foundModels(setup.models, query));
  const found = groups.flatMap(({ models }) => models);
  const [activeId, setActiveId] = useState(currentId);
  const active = found.find((model) => model.id === activeId) ?? found[0];
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const choose = (model: ModelView): void => {
    if (model.problem !== undefined) {
      return;
    }
    link.command('model/choose', { modelId: model.id });
    onDone();
    document.getElementById('composer')?.focus();
  };
  const move = (step: number): void => {
    const at = active === undefined ? -1 : found.indexOf(active);
    const next = found[(at + step + found.length) % Math.max(found.length, 1)];
    setActiveId(next?.id ?? '');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && !event.isComposing && active !== undefined) {
      event.preventDefault();
      choose(active);
    }
  };
  return (
    <>
      <input
        ref={field}
        class="text-input picker-search"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="model-options"
        aria-activedescendant={active === undefined ? undefined : optionId(found.indexOf(active))}
        aria-label="Search models and agents"
        placeholder="Search models and agents"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        data-testid="model-search"
      />
      <div ref={list} class="options" id="model-options" role="listbox" aria-label="Models">
        {groups.map(({ group, models }) => (
          <div key={group} role="group" aria-label={group}>
            <div class="option-group" aria-hidden="true">
              {group}
            </div>
            {models.map((model) => (
              <ModelOption
                key={model.id}
                id={optionId(found.indexOf(model))}
                model={model}
                isActive={model === active}
                isCurrent={model.id === currentId}
                onChoose={() => choose(model)}
              />
            ))}
          </div>
        ))}
        {found.length === 0 && (
          <p class="options-none">
            {setup.models.length === 0 ? 'No models yet.' : 'Nothing found.'}
          </p>
        )}
      </div>
      <div class="options-foot">
        <button type="button" class="option" onClick={onAddEndpoint} data-testid="add-endpoint">
          <Icon name="add" />
          <span class="option-name">Add endpoint…</span>
        </button>
        <button
          type="button"
          class="option"
          onClick={() => link.command('action/run', { action: 'refreshDiscovery' })}
        >
          <Icon name="refresh" />
          <span class="option-name">{setup.isProbing ? 'Looking…' : 'Look again'}</span>
        </button>
      </div>
    </>
  );
}

function optionId(index: number): string {
  return `model-option-${index}`;
}

interface ModelOptionProps {
  readonly id: string;
  readonly model: ModelView;
  readonly isActive: boolean;
  readonly isCurrent: boolean;
  readonly onChoose: () => void;
}

function ModelOption(props: ModelOptionProps): JSX.Element {
  const { model } = props;
  const note = model.problem ?? model.detail;
  return (
    <div
      id={props.id}
      class="option"
      role="option"
      aria-selected={props.isActive}
      aria-disabled={!model.isUsable}
      data-model-id={model.id}
      onClick={props.onChoose}
    >
      <Icon name={props.isCurrent ? 'check' : 'blank'} />
      <span class="option-words">
        <span class="option-name">{model.name}</span>
        {note !== '' && <span class="option-note">{note}</span>}
      </span>
    </div>
  );
}
