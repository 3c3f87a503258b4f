import type { JSX } from 'preact';
import type { PermissionAnswerParams, PromptView } from '../../src/protocol/methods';
import { Button, Visible } from '../controls';

interface RuleOffersProps {
  readonly offers: NonNullable<PromptView['offers']>;
  readonly onAnswer: (answer: PermissionAnswerParams) => void;
}

/** What "always" may mean, each with all that it would cover and how long it would hold. */
export function RuleOffers({ offers, onAnswer }: RuleOffersProps): JSX.Element {
  return (
    <div class="rule-offers" role="group" aria-label="Always allow">
      {offers.map((offer) => (
        <div key={offer.id} class="rule-offer" data-testid={`offer-${offer.id}`}>
          <p class="rule-covers">
            Always allow <Visible text={offer.text} isOneLine />
          </p>
          <span class="actions">
            <Button
              onClick={() => onAnswer({ kind: 'allowAlways', offerId: offer.id, scope: 'session' })}
              label={`In this session: ${offer.text}`}
              testId={`offer-${offer.id}-session`}
            >
              This session
            </Button>
            <Button
              onClick={() =>
                onAnswer({ kind: 'allowAlways', offerId: offer.id, scope: 'workspace' })
              }
              label={`In this workspace: ${offer.text}`}
              testId={`offer-${offer.id}-workspace`}
            >
              This workspace
            </Button>
          </span>
        </div>
      ))}
      <p class="card-note">Rules are listed, and taken back, with “Patchbay: Manage Rules”.</p>
    </div>
  );
}
