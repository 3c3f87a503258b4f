import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { PermissionAnswerParams, PromptView } from '../../src/protocol/methods';
import { Button, Icon, Visible } from '../controls';
import { memo } from '../memo';
import { useFlag, usePanel } from '../panel';
import { promptHeadline } from '../promptWords';
import { useCardFocus } from './cardFocus';
import { DenyWithReason } from './denyWithReason';
import { EffectLines } from './effectLines';
import { QuestionForm } from './questionForm';
import { RuleOffers } from './ruleOffers';

/** One open question: what would happen in full, why it asks, and the answers. */
export const PromptCard = memo(function PromptCard({
  prompt,
}: {
  readonly prompt: PromptView;
}): JSX.Element {
  const { link } = usePanel();
  const card = useRef<HTMLElement>(null);
  useCardFocus(card, true);
  const answer = (given: PermissionAnswerParams): void => {
    const { id, digest } = prompt;
    link.command('permission/answer', { questionId: id, digest, answer: given });
  };
  const headline = promptHeadline(prompt);
  const headlineId = `headline-${prompt.id}`;
  return (
    <section
      ref={card}
      class="card prompt"
      tabIndex={-1}
      role="group"
      aria-labelledby={headlineId}
      data-testid="prompt-card"
      data-waiting
    >
      <div class="card-head">
        <Icon name={headline.icon} />
        <div class="prompt-title">
          <h2 class="card-verb" id={headlineId}>
            <Visible text={headline.title} isOneLine />
          </h2>
          <span class="card-summary">{prompt.asker} asks</span>
        </div>
      </div>
      <div class="card-body">
        {prompt.effects.map((effect, index) => (
          <EffectLines key={index} effect={effect} />
        ))}
        {prompt.inputText !== '' && prompt.questions === undefined && (
          <pre class="block" tabIndex={0} aria-label="Input">
            <Visible text={prompt.inputText} />
          </pre>
        )}
        {prompt.description !== undefined && prompt.description !== '' && (
          <p class="agent-words">
            <span class="agent-words-label">{prompt.asker} says</span>
            <Visible text={prompt.description} isOneLine />
          </p>
        )}
        {prompt.questions === undefined ? (
          <PermissionChoices prompt={prompt} onAnswer={answer} />
        ) : (
          <QuestionForm id={prompt.id} questions={prompt.questions} onAnswer={answer} />
        )}
        {prompt.questions === undefined && (
          <button
            type="button"
            class="text-button"
            data-testid="open-question"
            onClick={() =>
              link.command('action/run', { action: 'showQuestion', target: prompt.id })
            }
          >
            Show in an editor
          </button>
        )}
      </div>
    </section>
  );
});

interface ChoicesProps {
  readonly prompt: PromptView;
  readonly onAnswer: (answer: PermissionAnswerParams) => void;
}

function PermissionChoices({ prompt, onAnswer }: ChoicesProps): JSX.Element {
  const [isSayingWhy, setSayingWhy] = useFlag(`deny-open:${prompt.id}`);
  const [isChoosingRule, setChoosingRule] = useFlag(`always-open:${prompt.id}`);
  const { offers = [] } = prompt;
  const [narrowest] = offers;
  const rulesId = `rules-${prompt.id}`;
  return (
    <>
      {prompt.reason !== '' && (
        <p class="card-why">
          <span class="only-spoken">Why it asks: </span>
          {prompt.reason}
        </p>
      )}
      {isSayingWhy ? (
        <DenyWithReason
          id={prompt.id}
          onDeny={(reason) => onAnswer(reason === '' ? { kind: 'deny' } : { kind: 'deny', reason })}
          onCancel={() => setSayingWhy(false)}
        />
      ) : (
        <div class="actions">
          <span class="actions">
            <Button isPrimary onClick={() => onAnswer({ kind: 'allowOnce' })} testId="allow-once">
              Allow once
            </Button>
            {narrowest !== undefined && (
              <>
                <Button
                  onClick={() =>
                    onAnswer({ kind: 'allowAlways', offerId: narrowest.id, scope: 'session' })
                  }
                  title={`Allow ${narrowest.text} until this session ends`}
                  testId="allow-session"
                >
                  Allow for this session
                </Button>
                <Button
                  onClick={() => setChoosingRule(!isChoosingRule)}
                  isExpanded={isChoosingRule}
                  controls={rulesId}
                  testId="allow-always"
                >
                  Always…
                </Button>
              </>
            )}
          </span>
          <span class="actions">
            <Button onClick={() => onAnswer({ kind: 'deny' })} testId="deny">
              Deny
            </Button>
            <Button onClick={() => setSayingWhy(true)} testId="deny-reason">
              Deny, say why
            </Button>
          </span>
        </div>
      )}
      {narrowest !== undefined && !isSayingWhy && (
        <div id={rulesId}>
          {isChoosingRule ? (
            <RuleOffers offers={offers} onAnswer={onAnswer} />
          ) : (
            <p class="card-note">
              <Visible text={`For this session: ${narrowest.text}`} isOneLine />
            </p>
          )}
        </div>
      )}
    </>
  );
}
