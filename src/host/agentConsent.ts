import { isArrayOf, isString } from '../base/guard';
import type { Failure } from '../events/failure';
import { coverageOf, type Bridge, type GateCoverage, type ModelRef } from '../runtime/contract';
import type { AgentFinding } from '../runtime/discovery';
import type { StateStore } from './stateStore';

export interface AgentConsentDeps {
  /** Of this machine's user, not of the folder. */
  readonly state: Pick<StateStore, 'get' | 'set'>;
  readonly minimum: () => GateCoverage;
  readonly bridgeOf: (model: ModelRef) => Bridge | undefined;
  readonly findingOf: (adapter: string) => AgentFinding | undefined;
  /** A question that must be answered; false for no and for anything unclear. */
  readonly ask: (question: {
    readonly message: string;
    readonly detail: string;
  }) => Promise<boolean>;
  readonly notify: (text: string) => void;
}

const consentsKey = 'agentConsents';
const noticedKey = 'noticedAgentVersions';
const ranks: Readonly<Record<GateCoverage, number>> = { none: 0, asks: 1, all: 2 };

/**
 * What stands before an agent's turn: a version that the bridge cannot drive is refused; an agent that puts less before
 * the gate than the user wants starts only after their consent, asked once per agent and coverage; a version newer than
 * any that was tried is told once.
 */
export function createAgentConsent(
  deps: AgentConsentDeps,
): (model: ModelRef) => Promise<Failure | undefined> {
  const remembered = (key: string): readonly string[] =>
    deps.state.get(key, isArrayOf(isString)) ?? [];
  const remember = async (key: string, entry: string): Promise<void> => {
    await deps.state.set(key, [...remembered(key).filter((other) => other !== entry), entry]);
  };
  return async (model) => {
    const bridge = deps.bridgeOf(model);
    if (bridge === undefined) {
      return undefined;
    }
    const finding = deps.findingOf(bridge.adapter);
    if (finding?.state === 'tooOld') {
      return {
        code: 'agent_too_old',
        message: `${bridge.displayName} ${finding.detail}. ${finding.installHint}`,
      };
    }
    const { coverage, note } = coverageOf(bridge, model);
    if (ranks[coverage] < ranks[deps.minimum()]) {
      const consent = `${bridge.adapter}|${model.toolSource ?? 'own'}|${coverage}`;
      if (!remembered(consentsKey).includes(consent)) {
        const isAgreed = await deps.ask({
          message: `${model.name}: ${coverageSentences[coverage]} Start it all the same?`,
          detail: `${note}${note === '' ? '' : '\n\n'}What it does without asking shows as changes that nobody reviewed. This is asked once for this agent; the setting patchbay.minimumGateCoverage says what is wanted.`,
        });
        if (!isAgreed) {
          return {
            code: 'consent_needed',
            message: `${model.name} was not started: ${coverageSentences[coverage]} Choose another agent, or send again and agree.`,
          };
        }
        await remember(consentsKey, consent);
      }
    }
    if (finding?.isUntried === true && finding.version !== undefined) {
      const version = `${bridge.adapter}@${finding.version}`;
      if (!remembered(noticedKey).includes(version)) {
        await remember(noticedKey, version);
        deps.notify(
          `${bridge.displayName} ${finding.version} is newer than what Patchbay was tried with. It should work; say so if it does not.`,
        );
      }
    }
    return undefined;
  };
}

const coverageSentences: Readonly<Record<GateCoverage, string>> = {
  all: 'every call of it is asked first.',
  asks: 'it puts before you only what it chooses to ask.',
  none: 'it cannot ask before it acts.',
};
