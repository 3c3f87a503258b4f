import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorMessage } from '../../src/base/patchbayError';
import type { SessionItem } from '../../src/events/sessionItem';
import { Icon, IconButton, Problem } from '../controls';
import { useFlag, usePanel } from '../panel';
import { counted } from '../words';
import { PromptEditor } from './promptEditor';

type UserItem = Extract<SessionItem, { kind: 'user' }>;

/** Long prompts are folded: the conversation is what the user came back for. */
const foldedLength = 1200;
const foldedLines = 14;

/** What the user said; it can be asked anew in its place, and a session can be forked before it. */
export function UserRow({ item }: { readonly item: UserItem }): JSX.Element {
  const { link, insertPictures } = usePanel();
  const [isWhole, setWhole] = useFlag(`whole:${item.id}`);
  const [isEditing, setEditing] = useFlag(`editing:${item.id}`);
  const [problem, setProblem] = useState('');
  const { turnId } = item;
  const folded = isWhole ? item.text : head(item.text);
  const tell = async (
    work: Promise<{ readonly ok: boolean; readonly problem?: string }>,
  ): Promise<void> => {
    try {
      const { ok, problem: refusal } = await work;
      setProblem(ok ? '' : (refusal ?? 'Nothing was changed. Try again.'));
    } catch (error) {
      setProblem(errorMessage(error));
    }
  };
  const fork = async (): Promise<{ readonly ok: boolean; readonly problem?: string }> => {
    const outcome = await link.request('session/fork', { itemId: item.id });
    insertPictures(outcome.images ?? []);
    return outcome;
  };
  if (isEditing) {
    return (
      <div class="user is-editing" tabIndex={-1} data-testid="item-user">
        <PromptEditor
          label="Your message"
          text={item.text}
          sendLabel="Send"
          note="What came after it stays on a branch of its own."
          testId="message-editor"
          onCancel={() => setEditing(false)}
          onSend={async (text) => {
            const params = { itemId: item.id, text };
            const { accepted, problem: refusal } = await link.request('prompt/resend', params);
            if (accepted) {
              setEditing(false);
              return undefined;
            }
            return refusal ?? 'The message was not taken.';
          }}
        />
      </div>
    );
  }
  return (
    <div class="user" tabIndex={-1} data-testid="item-user">
      <span class="only-spoken">You</span>
      <div class="user-text">{folded}</div>
      {folded !== item.text && (
        <button type="button" class="text-button" onClick={() => setWhole(true)}>
          Show all
        </button>
      )}
      <UserFacts item={item} onChoose={(work) => void tell(work)} />
      {problem !== '' && <Problem text={problem} />}
      <div class="user-actions">
        <IconButton
          icon="edit"
          label="Edit and send again"
          onClick={() => setEditing(true)}
          testId="message-edit"
        />
        <IconButton
          icon="repo-forked"
          label="Fork: a new session from before this message"
          onClick={() => void tell(fork())}
          testId="message-fork"
        />
        <IconButton
          icon="copy"
          label="Copy"
          onClick={() => link.command('text/copy', { text: item.text })}
        />
        {turnId !== undefined && item.isQueued !== true && (
          <IconButton
            icon="history"
            label="Restore to before this turn"
            onClick={() => link.command('turn/restore', { turnId })}
            testId="restore-turn"
          />
        )}
      </div>
    </div>
  );
}

/** Under the words: pictures, how they were said, and what else was asked in their place. */
function UserFacts(props: {
  readonly item: UserItem;
  readonly onChoose: (work: Promise<{ readonly ok: boolean; readonly problem?: string }>) => void;
}): JSX.Element | null {
  const { link } = usePanel();
  const { id, imageCount, wasSteered, branch } = props.item;
  if (imageCount === undefined && wasSteered !== true && branch === undefined) {
    return null;
  }
  const choose = (index: number): void =>
    props.onChoose(link.request('branch/choose', { itemId: id, index }));
  return (
    <div class="user-facts">
      {imageCount !== undefined && (
        <span>
          <Icon name="file-media" /> {counted(imageCount, 'picture')}
        </span>
      )}
      {wasSteered === true && (
        <span title="Said while the turn was running; it joined that turn" data-testid="steered">
          <Icon name="zap" /> steered
        </span>
      )}
      {branch !== undefined && (
        <span class="branch" role="group" aria-label="Branches" data-testid="branches">
          <IconButton
            icon="chevron-left"
            label="Show the branch before"
            isDisabled={branch.index === 0}
            onClick={() => choose(branch.index - 1)}
            testId="branch-previous"
          />
          <span>
            {branch.index + 1} of {branch.count}
          </span>
          <IconButton
            icon="chevron-right"
            label="Show the next branch"
            isDisabled={branch.index === branch.count - 1}
            onClick={() => choose(branch.index + 1)}
            testId="branch-next"
          />
        </span>
      )}
    </div>
  );
}

function head(text: string): string {
  const lines = text.slice(0, foldedLength).split('\n').slice(0, foldedLines).join('\n');
  return lines.length < text.length ? `${lines}…` : text;
}
