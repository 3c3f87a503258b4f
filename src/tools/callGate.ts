import type { JsonObject } from '../base/json';
import { errorMessage } from '../base/patchbayError';
import type { ToolIntent } from '../events/toolIntent';
import { toInputText, type AuditSubject } from '../gate/audit';
import type { Decision, Effect, RememberScope, Rule } from '../gate/contract';
import { decide } from '../gate/decide';
import { sha256Hex } from '../gate/digest';
import { areSameEffects, resolveEffects } from '../gate/effect';
import { PatchbayError } from '../base/patchbayError';
import { toAbsolutePath } from '../gate/paths';
import { isSameOrBelow, syntaxOf } from '../gate/pathSyntax';
import { offerRules, type RuleOffer } from '../gate/ruleOffers';
import { makeVisible } from '../gate/visible';
import type { CallContext, PlaceCheck } from './contract';
import type { OrchestratorServices } from './services';

/** A call on its way through the gate, ours or a child's. */
export interface GatedCall {
  readonly subject: AuditSubject;
  readonly input: JsonObject;
  readonly intents: readonly ToolIntent[];
  readonly context: CallContext;
  /** The agent's own words; untrusted. */
  readonly description?: string | undefined;
  /** What every hand that works on it may see of time. */
  readonly startedAtMs: number;
}

export interface Judgement {
  readonly effects: readonly Effect[];
  readonly decision: Decision;
}

/** The end of the permission step. `by` is `user`, `withdrawn` or a rule's id. */
export type Grant =
  | { readonly kind: 'allow'; readonly by: string; readonly reason: string }
  | { readonly kind: 'deny'; readonly by: string; readonly reason: string };

export const withdrawnReason = 'the question was withdrawn before anyone answered';

/** Judges and asks, the same way for every runtime. */
export class CallGate {
  constructor(private readonly services: OrchestratorServices) {}

  async judge(call: GatedCall): Promise<Judgement> {
    const effects = await this.effectsOf(call);
    if (call.context.signal.aborted) {
      return {
        effects,
        decision: { verdict: 'deny', ruleId: 'turn.stopped', reason: 'the turn was stopped' },
      };
    }
    if (effects.some((effect) => effect.kind === 'command') && !this.services.isTrusted()) {
      const reason = 'this folder is not trusted; commands run only after the user trusts it';
      return { effects, decision: { verdict: 'deny', ruleId: 'trust.folder', reason } };
    }
    return { effects, decision: this.decideOn(call, effects) };
  }

  /** The decision about some of a call's effects. */
  decideOn(call: GatedCall, effects: readonly Effect[]): Decision {
    const { context, subject } = call;
    const decision = decide(effects, this.rules(call), context.mode, subject.tool);
    const isUnattended =
      context.mode === 'auto' && decision.verdict === 'allow' && !effects.every(isHarmless);
    const limit = isUnattended
      ? this.services.limits.check(context.turnId, callKey(call, effects), context.runCostUsd?.())
      : undefined;
    return limit ?? decision;
  }

  /**
   * True when the caller could read this file without a question. Where not, nothing of its text may come back with an
   * error or a diff: a refused edit must not be a way to read.
   */
  async mayRead(call: GatedCall, path: string): Promise<boolean> {
    const effects = await this.effectsOf({ ...call, intents: [{ kind: 'read', path }] });
    return this.decideOn(call, effects).verdict === 'allow';
  }

  /** True while the call's paths still lead where they led when it was judged. */
  async isStillTrue(call: GatedCall, effects: readonly Effect[]): Promise<boolean> {
    const { files, probe } = this.services;
    const { intents, context } = call;
    // Where a command is not looked at again: the same bytes run, in the same place.
    const now = await resolveEffects(intents, { roots: files.roots(), cwd: context.cwd, probe });
    return areSameEffects(effects, now);
  }

  /** For the hand that writes, to be asked right before it does: between the decision and the bytes a link can be moved. */
  placeCheck(call: GatedCall, effects: readonly Effect[], shownPath: string): PlaceCheck {
    return async () => {
      if (!(await this.isStillTrue(call, effects))) {
        throw new PatchbayError(
          'moved',
          `${shownPath} leads elsewhere than when it was judged; nothing was written. Try again.`,
        );
      }
    };
  }

  /** The permission step of a call that is not an edit. Never silently allows: only a rule or a person does. */
  async permit(call: GatedCall, judgement: Judgement): Promise<Grant> {
    const { verdict, ruleId, reason } = judgement.decision;
    return verdict === 'ask'
      ? await this.ask(call, judgement.effects, reason)
      : { kind: verdict, by: ruleId, reason };
  }

  /** Puts the plain question. `offersRules` false: the same must be asked again next time. */
  async ask(
    call: GatedCall,
    effects: readonly Effect[],
    reason: string,
    offersRules = true,
  ): Promise<Grant> {
    const { context, subject } = call;
    const offers = offersRules ? offerRules(effects) : [];
    context.onProgress({ kind: 'awaiting', why: reason });
    const verdict = await this.services.permissions.ask(
      {
        sessionId: context.sessionId,
        callId: subject.callId,
        asker: makeVisible(context.asker),
        toolName: makeVisible(subject.tool),
        effects: effects.map(toVisibleEffect),
        reason: makeVisible(reason),
        ...(call.description === undefined ? {} : { description: makeVisible(call.description) }),
        inputText: isShownWhole(call) ? '' : makeVisible(toInputText(call.input)),
        ...(offers.length === 0
          ? {}
          : { offers: offers.map(({ id, text }) => ({ id, text: makeVisible(text) })) }),
      },
      context.signal,
    );
    if (verdict.kind === 'deny') {
      return { kind: 'deny', by: 'user', reason: saidNo(verdict.reason) };
    }
    if (verdict.kind !== 'allow' && verdict.kind !== 'allowAlways') {
      return { kind: 'deny', by: 'withdrawn', reason: withdrawnReason };
    }
    if (!(await this.isStillTrue(call, effects))) {
      return {
        kind: 'deny',
        by: 'path.moved',
        reason: 'a path leads elsewhere than when the question was asked; try again',
      };
    }
    const offer =
      verdict.kind === 'allow' ? undefined : offers.find(({ id }) => id === verdict.offerId);
    if (verdict.kind === 'allowAlways' && offer !== undefined) {
      return await this.remember(call, offer, verdict.scope);
    }
    return { kind: 'allow', by: 'user', reason: 'allowed by you' };
  }

  /** The absolute form of a path argument, as the gate saw it; undefined when it is no usable path. */
  absolutePath(path: string, context: CallContext): string | undefined {
    return toAbsolutePath(path, { roots: this.services.files.roots(), cwd: context.cwd });
  }

  /** What the call's intents come to on this machine. */
  async effectsOf(call: GatedCall): Promise<readonly Effect[]> {
    const { files, probe, analyze } = this.services;
    return await resolveEffects(call.intents, {
      roots: files.roots(),
      cwd: call.context.cwd,
      probe,
      analyze,
    });
  }

  /** A rule that cannot be stored still allows this one call: that much the user said. */
  private async remember(call: GatedCall, offer: RuleOffer, scope: RememberScope): Promise<Grant> {
    const { rules, logger } = this.services;
    const folder = this.folderOf(call);
    if (scope === 'session' || folder === undefined) {
      rules.allowForSession(call.context.sessionId, offer.matches);
      return { kind: 'allow', by: 'user', reason: 'allowed by you for this session' };
    }
    try {
      await rules.addForWorkspace(folder, 'allow', offer.matches);
      return { kind: 'allow', by: 'user', reason: 'allowed by you in this workspace' };
    } catch (error) {
      logger.error(`the rule could not be stored: ${errorMessage(error)}`);
      return {
        kind: 'allow',
        by: 'user',
        reason: 'allowed by you once: the rule could not be stored',
      };
    }
  }

  private rules(call: GatedCall): readonly Rule[] {
    return this.services.rules.rulesFor({
      sessionId: call.context.sessionId,
      folder: this.folderOf(call),
    });
  }

  /** The workspace folder that the call works in: its own folder's, else the first. */
  private folderOf(call: GatedCall): string | undefined {
    const { folders, platform } = this.services.files.roots();
    const { cwd } = call.context;
    const own =
      cwd === undefined
        ? undefined
        : folders.find(({ path }) => isSameOrBelow(path, cwd, syntaxOf(platform)));
    return (own ?? folders[0])?.path;
  }
}

/** What makes a call the same call as another, for the limits of a run. */
export function callKey({ subject, input }: GatedCall, effects: readonly Effect[]): string {
  const text = toInputText(input);
  return JSON.stringify([
    subject.tool,
    effects,
    text.length > maxKeyChars ? text.length : sha256Hex(text),
  ]);
}

const maxKeyChars = 16_384;

function isHarmless(effect: Effect): boolean {
  return effect.kind === 'none' || effect.kind === 'question';
}

/** The sentence every runtime gets about a call that did not run. */
export function denialText(tool: string, reason: string): string {
  return `Tool '${tool}' denied: ${reason}`;
}

const bareNo = 'the user said no';

/** The user's no, with their words when they gave any. */
function saidNo(words: string | undefined): string {
  return words === undefined || words.trim() === '' ? bareNo : `${bareNo}: ${words.trim()}`;
}

/** True for a reason that holds words of the user. */
export function isWorded(reason: string): boolean {
  return reason.startsWith(`${bareNo}: `);
}

/** A command is its own full text, as long as nothing else in the input has a meaning. */
function isShownWhole(call: GatedCall): boolean {
  return (
    call.intents.length === 1 &&
    call.intents[0]?.kind === 'command' &&
    Object.keys(call.input).every((name) =>
      ['command', 'cwd', 'timeoutMs', 'timeout', 'description'].includes(name),
    )
  );
}

function toVisibleEffect(effect: Effect): Effect {
  switch (effect.kind) {
    case 'read':
    case 'write':
      return { ...effect, path: makeVisible(effect.path), target: makeVisible(effect.target) };
    case 'command':
      // The analysis stays here: what is shown is the command itself.
      return {
        kind: 'command',
        command: makeVisible(effect.command),
        cwd: makeVisible(effect.cwd),
        cwdClass: effect.cwdClass,
      };
    case 'network':
      return { ...effect, url: makeVisible(effect.url) };
    case 'mcp':
      return { ...effect, server: makeVisible(effect.server), tool: makeVisible(effect.tool) };
    case 'unknown':
      return { ...effect, description: makeVisible(effect.description) };
    case 'question':
    case 'none':
    default:
      return effect;
  }
}
