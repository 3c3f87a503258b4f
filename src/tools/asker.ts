import type { PendingPermissions } from '../gate/pendingPermissions';
import { makeVisible } from '../gate/visible';
import type { Asker } from './contract';

/** Questions of an agent to the user, shown where permissions are shown. Unanswered, denied and withdrawn are one: no answer. */
export function createAsker(permissions: PendingPermissions): Asker {
  return {
    askUser: async ({ sessionId, callId, asker, questions, signal }) => {
      const verdict = await permissions.ask(
        {
          sessionId,
          callId,
          asker: makeVisible(asker),
          toolName: 'ask_user',
          effects: [{ kind: 'question' }],
          reason: 'a question to you',
          inputText: '',
          questions,
        },
        signal,
      );
      return verdict.kind === 'answers' ? verdict.answers : undefined;
    },
  };
}
