import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Rule, RuleMatch } from './contract';

/** A rule that the user made by "always allow in this workspace". */
export interface WorkspaceRule {
  readonly id: string;
  /** Absolute path of the workspace folder in which it holds. */
  readonly folder: string;
  readonly verdict: Rule['verdict'];
  readonly match: RuleMatch;
  readonly isReadOnly?: boolean;
  readonly createdAtMs: number;
}

/** The user's own storage, out of reach of any repository. */
export interface WorkspaceRuleStore {
  load(): readonly WorkspaceRule[];
  save(rules: readonly WorkspaceRule[]): Promise<void>;
}

/** Where the rules of a call are looked up. */
export interface RulePlace {
  readonly sessionId: string;
  /** The workspace folder that the call works in; absent without one. */
  readonly folder: string | undefined;
}

/** A rule for the list that a person reviews. */
export interface ListedRule {
  readonly rule: Rule;
  readonly folder?: string;
  readonly sessionId?: string;
  /** False for what is written down elsewhere: the settings, a file of the repository. */
  readonly isRevocable: boolean;
}

export interface RuleBookOptions {
  /** The rules of the user's settings. */
  readonly userRules: () => readonly Rule[];
  /** What a folder's own file asks for or denies. Default: none. */
  readonly repositoryRules?: (folder: string) => readonly Rule[];
  readonly store: WorkspaceRuleStore;
  readonly nowMs: () => number;
}

/** All rules that hold for a call, from the four places they come from, and the one place where they are added and revoked. */
export class RuleBook implements Disposable {
  private readonly bySession = new Map<string, readonly Rule[]>();
  private readonly didChange = new Emitter<void>();
  private count = 0;
  readonly onDidChange = this.didChange.event;

  constructor(private readonly options: RuleBookOptions) {}

  rulesFor({ sessionId, folder }: RulePlace): readonly Rule[] {
    const own = this.options.store.load().filter((rule) => rule.folder === folder);
    const ofRepository = folder === undefined ? [] : (this.options.repositoryRules?.(folder) ?? []);
    return [
      ...this.options.userRules(),
      ...ofRepository,
      ...own.map(toRule),
      ...(this.bySession.get(sessionId) ?? []),
    ];
  }

  /** Holds until the session ends. Never stored. */
  allowForSession(sessionId: string, matches: readonly RuleMatch[]): void {
    const added = matches.map((match): Rule => {
      this.count += 1;
      return { id: `session-${this.count}`, verdict: 'allow', match, scope: 'session' };
    });
    this.bySession.set(sessionId, [...(this.bySession.get(sessionId) ?? []), ...added]);
    this.didChange.fire();
  }

  /** Holds in this folder until it is revoked. Rejects when it cannot be stored; then it does not hold. */
  async addForWorkspace(
    folder: string,
    verdict: Rule['verdict'],
    matches: readonly RuleMatch[],
    isReadOnly = false,
  ): Promise<void> {
    const all = this.options.store.load();
    const fresh = matches.filter(
      (match) =>
        !all.some(
          (rule) =>
            rule.folder === folder &&
            rule.verdict === verdict &&
            JSON.stringify(rule.match) === JSON.stringify(match),
        ),
    );
    let next = all.reduce((most, { id }) => Math.max(most, Number(/\d+$/.exec(id)?.[0] ?? 0)), 0);
    const added = fresh.map((match): WorkspaceRule => {
      next += 1;
      return {
        id: `workspace-${next}`,
        folder,
        verdict,
        match,
        ...(isReadOnly ? { isReadOnly } : {}),
        createdAtMs: this.options.nowMs(),
      };
    });
    await this.options.store.save([...all, ...added]);
    this.didChange.fire();
  }

  /** Every rule there is, for review: all folders', all running sessions'. */
  list(folders: readonly string[]): readonly ListedRule[] {
    return [
      ...this.options.userRules().map((rule) => ({ rule, isRevocable: false })),
      ...folders.flatMap((folder) =>
        (this.options.repositoryRules?.(folder) ?? []).map((rule) => ({
          rule,
          folder,
          isRevocable: false,
        })),
      ),
      ...this.options.store
        .load()
        .map((rule) => ({ rule: toRule(rule), folder: rule.folder, isRevocable: true })),
      ...[...this.bySession].flatMap(([sessionId, rules]) =>
        rules.map((rule) => ({ rule, sessionId, isRevocable: true })),
      ),
    ];
  }

  /** False when there is no such rule to take back. */
  async revoke(ruleId: string): Promise<boolean> {
    const stored = this.options.store.load();
    const left = stored.filter(({ id }) => id !== ruleId);
    let isFound = left.length < stored.length;
    if (isFound) {
      await this.options.store.save(left);
    }
    for (const [sessionId, rules] of this.bySession) {
      const others = rules.filter(({ id }) => id !== ruleId);
      if (others.length < rules.length) {
        this.bySession.set(sessionId, others);
        isFound = true;
      }
    }
    if (isFound) {
      this.didChange.fire();
    }
    return isFound;
  }

  clearSession(sessionId: string): void {
    if (this.bySession.delete(sessionId)) {
      this.didChange.fire();
    }
  }

  dispose(): void {
    this.didChange.dispose();
  }
}

function toRule({ id, verdict, match, isReadOnly }: WorkspaceRule): Rule {
  return { id, verdict, match, scope: 'workspace', ...(isReadOnly === true ? { isReadOnly } : {}) };
}

/** Workspace rules that end with the process: for a core without storage. */
export function memoryRuleStore(): WorkspaceRuleStore {
  let rules: readonly WorkspaceRule[] = [];
  return {
    load: () => rules,
    save: (next) => {
      rules = next;
      return Promise.resolve();
    },
  };
}
