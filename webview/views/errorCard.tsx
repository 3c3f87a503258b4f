import type { JSX } from 'preact';
import type { ErrorAction, SessionItem } from '../../src/events/sessionItem';
import { Icon, Visible } from '../controls';
import { useFlag, usePanel } from '../panel';
import { ActionRow } from './plainRows';

type ErrorItem = Extract<SessionItem, { kind: 'error' }>;

export const actionWords: { readonly [A in ErrorAction]: string } = {
  retry: 'Try again',
  setKey: 'Set key',
  signIn: 'Sign in',
  install: 'Install',
  openSettings: 'Open settings',
  chooseModel: 'Choose a model',
  openFolder: 'Open folder',
  trustFolder: 'Trust this folder',
  newSession: 'New session',
  showLog: 'Show log',
};

/** The sentence, the detail folded, and what helps. */
export function ErrorCard({ item }: { readonly item: ErrorItem }): JSX.Element {
  const { link } = usePanel();
  const [isOpen, setOpen] = useFlag(`open:${item.id}`);
  const hasDetail = item.detail !== undefined && item.detail !== '';
  return (
    <section class="card error" role="group" data-testid="item-error" aria-label="Problem">
      <div class="error-message">
        <Icon name="error" />
        <span>
          <Visible text={item.message} />
        </span>
      </div>
      {hasDetail && (
        <>
          <button
            type="button"
            class="disclosure"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
            Details
          </button>
          {isOpen && (
            <pre class="block" tabIndex={0}>
              <Visible text={item.detail ?? ''} />
            </pre>
          )}
        </>
      )}
      {item.actions.length > 0 && (
        <ActionRow
          actions={item.actions.map((action) => ({
            label: actionWords[action],
            onClick: () => link.command('action/run', { action }),
            testId: `action-${action}`,
          }))}
        />
      )}
    </section>
  );
}
