import type { JSX } from 'preact';
import { Button, TextField } from '../controls';
import { useWords } from '../panel';

export interface DenyWithReasonProps {
  /** Of what is denied, for the half-typed words. */
  readonly id: string;
  readonly onDeny: (reason: string) => void;
  readonly onCancel: () => void;
}

/** The inline field for the words that reach the agent. */
export function DenyWithReason({ id, onDeny, onCancel }: DenyWithReasonProps): JSX.Element {
  const [words, setWords] = useWords(`deny:${id}`);
  const deny = (): void => onDeny(words.trim());
  return (
    <div class="deny-words">
      <TextField
        label="Why you deny it; the agent reads this"
        placeholder="Say why; the agent reads this"
        value={words}
        onInput={setWords}
        onEnter={deny}
        onEscape={onCancel}
        takesFocus
        testId="deny-reason-field"
      />
      <Button onClick={deny} testId="deny-reason-send">
        Deny
      </Button>
      <Button onClick={onCancel}>Cancel</Button>
    </div>
  );
}
