import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorMessage } from '../../src/base/patchbayError';
import { Button, Problem, TextField } from '../controls';
import { missingInEndpoint, modelNames } from '../endpointInput';
import { usePanel } from '../panel';
import { counted } from '../words';

export interface EndpointFormProps {
  readonly onDone: () => void;
  readonly onBack: () => void;
}

const fieldIds = { name: 'endpoint-name', url: 'endpoint-url', models: 'endpoint-models' } as const;

/** An OpenAI-compatible server: name, address, key or none, and its models, asked for or typed. */
export function EndpointForm({ onDone, onBack }: EndpointFormProps): JSX.Element {
  const { link } = usePanel();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [key, setKey] = useState('');
  const [models, setModels] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const credential = key.trim() === '' ? {} : { key: key.trim() };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setNote('');
    setProblem('');
    try {
      await work();
    } catch (error) {
      setProblem(errorMessage(error));
    } finally {
      setBusy(false);
    }
  };
  const probe = (): Promise<void> =>
    attempt(async () => {
      setNote('Asking the server for its models');
      const found = await link.request('endpoint/probe', { url: url.trim(), ...credential });
      if (found.problem !== undefined) {
        setNote('');
        setProblem(`${found.problem} You can type the models by hand.`);
        return;
      }
      setModels(found.models.join('\n'));
      setNote(`${counted(found.models.length, 'model')} found. Remove the lines you do not want.`);
    });
  const save = (): Promise<void> =>
    attempt(async () => {
      const missing = missingInEndpoint({ name, url, models });
      if (missing !== undefined) {
        setProblem(missing.sentence);
        document.getElementById(fieldIds[missing.field])?.focus();
        return;
      }
      const added = await link.request('endpoint/add', {
        name: name.trim(),
        url: url.trim(),
        models: modelNames(models),
        ...credential,
      });
      if (added.ok) {
        onDone();
      } else {
        setProblem(
          added.problem ?? 'The endpoint was not saved. What you typed is kept; try again.',
        );
      }
    });
  return (
    <div class="form" data-testid="endpoint-form">
      <h2 class="form-title">Add an OpenAI-compatible endpoint</h2>
      <TextField
        label="Name"
        isLabelled
        value={name}
        onInput={setName}
        placeholder="Ollama"
        takesFocus
        id={fieldIds.name}
        testId="endpoint-name"
      />
      <TextField
        label="Base URL"
        isLabelled
        value={url}
        onInput={setUrl}
        placeholder="http://localhost:11434/v1"
        id={fieldIds.url}
        testId="endpoint-url"
      />
      <TextField
        label="Key, empty for none"
        isLabelled
        value={key}
        onInput={setKey}
        isPassword
        testId="endpoint-key"
      />
      <label class="form-field">
        <span>Models, one per line</span>
        <textarea
          id={fieldIds.models}
          class="text-input"
          rows={4}
          value={models}
          onInput={(event) => setModels(event.currentTarget.value)}
          data-testid="endpoint-models"
        />
      </label>
      <p class="form-note" role="status">
        {note}
      </p>
      {problem !== '' && <Problem text={problem} />}
      <div class="actions">
        <Button isPrimary isDisabled={isBusy} onClick={() => void save()} testId="endpoint-save">
          Add
        </Button>
        <Button isDisabled={isBusy} onClick={() => void probe()} testId="endpoint-probe">
          Fetch models
        </Button>
        <Button onClick={onBack}>Back</Button>
      </div>
    </div>
  );
}
