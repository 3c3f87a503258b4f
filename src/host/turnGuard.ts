import type { Setup } from './setup';
import { PatchbayError, errorMessage } from '../base/patchbayError';
import type { Failure } from '../events/failure';
import type { Bridge, ModelRef } from '../runtime/contract';
import type { CredentialVault } from '../runtime/credentials';

export interface TurnGuardDeps {
  readonly setup: Pick<Setup, 'keyProviderOf'>;
  readonly vault: CredentialVault;
  readonly isTrusted: () => boolean;
  readonly hasFolder: () => boolean;
  /** The last word before an agent starts. */
  readonly agentConsent: (model: ModelRef) => Promise<Failure | undefined>;
}

/** What stands in the way of a turn before anything is started: trust, a folder, a key. */
export function createTurnGuard(
  deps: TurnGuardDeps,
): (model: ModelRef) => Promise<Failure | undefined> {
  return async (model) => {
    if (model.runtime !== undefined && !deps.isTrusted()) {
      return {
        code: 'not_trusted',
        message:
          'Agents are not started in a folder that is not trusted. Trust the folder, or choose an API model.',
      };
    }
    if (model.runtime !== undefined && !deps.hasFolder()) {
      return {
        code: 'no_folder',
        message: 'An agent works in a folder. Open one, then send the message again.',
      };
    }
    if (model.runtime !== undefined) {
      const refusal = await deps.agentConsent(model);
      if (refusal !== undefined) {
        return refusal;
      }
    }
    const provider = deps.setup.keyProviderOf(model)?.id;
    if (provider === undefined) {
      return undefined;
    }
    try {
      return (await deps.vault.find(provider)) === undefined
        ? {
            code: 'auth_required',
            message: `There is no key for ${model.name} yet. Set one, then try again.`,
          }
        : undefined;
    } catch (error) {
      return {
        code: 'auth_required',
        message: PatchbayError.is(error)
          ? error.message
          : `The key could not be read: ${errorMessage(error)}`,
      };
    }
  };
}

/** Where a turn is produced, for people: `Claude Code`, `OpenAI`. */
export function runtimeNameOf(bridges: () => readonly Bridge[]): (model: ModelRef) => string {
  const names: Readonly<Record<string, string>> = {
    anthropic: 'Anthropic',
    openai: 'OpenAI',
    playground: 'Playground',
  };
  return (model) => {
    if (model.runtime !== undefined) {
      const { adapter } = model.runtime;
      return bridges().find((bridge) => bridge.adapter === adapter)?.displayName ?? adapter;
    }
    return (
      names[model.provider] ??
      (model.api === 'editor' ? 'Editor' : model.provider.replace(/^endpoint:/, ''))
    );
  };
}
