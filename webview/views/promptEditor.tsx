import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { errorMessage } from '../../src/base/patchbayError';
import { Button, Problem } from '../controls';

export interface PromptEditorProps {
  readonly label: string;
  readonly text: string;
  readonly sendLabel: string;
  /** Said under the text: what sending does. */
  readonly note?: string;
  readonly testId: string;
  readonly onCancel: () => void;
  /** Gives what went wrong, for the user; undefined when it was taken. */
  readonly onSend: (text: string) => Promise<string | undefined>;
}

/** A prompt that was written before, to be changed in its place. Enter sends, Escape leaves it as it was. */
export function PromptEditor(props: PromptEditorProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const [problem, setProblem] = useState('');
  const [isSending, setSending] = useState(false);
  useLayoutEffect(() => {
    const { current } = area;
    current?.focus();
    current?.setSelectionRange(current.value.length, current.value.length);
  }, []);
  const send = async (): Promise<void> => {
    const text = area.current?.value ?? '';
    if (isSending || !/\S/.test(text)) {
      return;
    }
    setSending(true);
    setProblem('');
    try {
      setProblem((await props.onSend(text)) ?? '');
    } catch (error) {
      setProblem(errorMessage(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <div class="prompt-editor">
      <textarea
        ref={area}
        class="prompt-editor-text"
        aria-label={props.label}
        data-testid={props.testId}
        rows={2}
        defaultValue={props.text}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            void send();
          } else if (event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            props.onCancel();
          }
        }}
      />
      {props.note !== undefined && <p class="prompt-editor-note">{props.note}</p>}
      {problem !== '' && <Problem text={problem} />}
      <div class="actions">
        <Button onClick={() => void send()} isPrimary isDisabled={isSending}>
          {props.sendLabel}
        </Button>
        <Button onClick={props.onCancel}>Cancel</Button>
      </div>
    </div>
  );
}
