import type { UserQuestion } from '../events/toolIntent';
import type { CommandAnalysis } from './shell/contract';

/** See SECURITY-MODEL section 3: one table for every runtime. There is no bypass mode. */
export type PermissionMode = 'ask' | 'accept-edits' | 'plan' | 'auto';

export const permissionModes = [
  'ask',
  'accept-edits',
  'plan',
  'auto',
] as const satisfies readonly PermissionMode[];

export type PathClass = 'inside' | 'outside' | 'protected' | 'secret' | 'invalid';

/** What a call would do, resolved: `target` is the real path after links. The gate decides on effects, never on tool names. */
export type Effect =
  | {
      readonly kind: 'read';
      readonly path: string;
      readonly target: string;
      readonly pathClass: PathClass;
      /** Below its workspace folder, with `/`; '' for the folder itself; absent when the target is in none. */
      readonly relative?: string;
    }
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly target: string;
      readonly pathClass: PathClass;
      readonly relative?: string;
      readonly change: 'content' | 'edits' | 'patch' | 'delete';
    }
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly cwd: string;
      readonly cwdClass: PathClass;
      /** Absent: the command was not taken apart; then no rule about a family of commands lets it run. Not in the audit. */
      readonly analysis?: CommandAnalysis;
    }
  | { readonly kind: 'network'; readonly url: string }
  | { readonly kind: 'mcp'; readonly server: string; readonly tool: string }
  | { readonly kind: 'question' }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly description: string };

/**
 * Where a rule comes from. `user`: the user's settings; `workspace`: "always in this workspace", kept in user storage by folder; `session`: until the
 * session ends; `repository`: a file of the workspace, which can only ask or deny.
 */
export type RuleScope = 'user' | 'workspace' | 'session' | 'repository';

export interface Rule {
  readonly id: string;
  readonly verdict: 'allow' | 'ask' | 'deny';
  readonly match: RuleMatch;
  readonly scope: RuleScope;
  /** The user says that what it covers changes nothing: such an allow rule holds in plan mode too. Never for writes. */
  readonly isReadOnly?: boolean;
}

export type RuleMatch =
  /** Everything that touches something outside of the conversation. */
  | { readonly kind: 'any' }
  /** The exact command text in the exact folder. */
  | { readonly kind: 'command'; readonly command: string; readonly cwd?: string }
  /** Every command that begins with these whole words: `git status`. Allows only what is plain (see shell/). */
  | { readonly kind: 'family'; readonly words: readonly string[] }
  /** Every read of this resolved file, or below this resolved folder. */
  | { readonly kind: 'read'; readonly target: string }
  /** Every write below this resolved folder or to this resolved file. */
  | { readonly kind: 'write'; readonly target: string }
  /** Every file whose place below its workspace folder matches: `src/**`, `**\/*.md`. */
  | { readonly kind: 'readGlob' | 'writeGlob'; readonly glob: string }
  | { readonly kind: 'network'; readonly origin: string }
  /** `tool` `*`: every tool of the server. */
  | { readonly kind: 'mcp'; readonly server: string; readonly tool: string }
  /** Every call of the tool of this name, whatever it would do. */
  | { readonly kind: 'tool'; readonly name: string };

export interface Decision {
  readonly verdict: 'allow' | 'ask' | 'deny';
  /** A rule's id, or a built-in one: `default.read-inside`, `mode.plan`, `path.protected`, `path.outside`, … */
  readonly ruleId: string;
  /** In words, for the card and the audit: `outside the workspace`. */
  readonly reason: string;
}

/**
 * One question to the user, shown by every surface; the first valid answer wins. `digest` is made of the exact input
 * that is shown: an answer that does not bring it back grants nothing.
 */
export interface PermissionQuestion {
  readonly id: string;
  readonly digest: string;
  readonly sessionId: string;
  readonly callId: string;
  /** Who asks, for people: `Claude Code`, `gpt-5 (OpenAI)`. */
  readonly asker: string;
  readonly toolName: string;
  readonly effects: readonly Effect[];
  /** Why it asks: `commands always ask`. */
  readonly reason: string;
  /** The agent's own words: untrusted. */
  readonly description?: string;
  /** The complete input as indented JSON where no effect shows it whole. */
  readonly inputText: string;
  /** Set when the call is a question of the agent. */
  readonly questions?: readonly UserQuestion[];
  /** What "always allow" may mean, the narrowest first; absent when it is not offered. */
  readonly offers?: readonly PermissionOffer[];
  readonly createdAtMs: number;
}

/** `text` says in words all that it would cover. */
export interface PermissionOffer {
  readonly id: string;
  readonly text: string;
}

/** How long "always" holds: until the session ends, or in this workspace until it is revoked. */
export type RememberScope = 'session' | 'workspace';

export type QuestionAnswer =
  | { readonly kind: 'allowOnce' }
  | { readonly kind: 'allowAlways'; readonly offerId: string; readonly scope: RememberScope }
  | { readonly kind: 'deny'; readonly reason?: string }
  | { readonly kind: 'answers'; readonly answers: Readonly<Record<string, string>> };

/** One line of the audit log. The decision record is written before the effect, the outcome record after it. */
export type AuditRecord = {
  readonly at: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  readonly modelId: string;
  readonly executedBy: 'host' | 'child';
  readonly bridge?: string;
} & (
  | {
      readonly kind: 'decision';
      readonly decision: 'allow' | 'deny';
      /** `user` or the rule's id. */
      readonly by: string;
      readonly reason: string;
      readonly effects: readonly Effect[];
      readonly arguments: string;
      readonly mode: PermissionMode;
    }
  | {
      readonly kind: 'outcome';
      readonly outcome: 'ok' | 'error' | 'timeout' | 'cache_hit' | 'denied' | 'aborted';
      readonly durationMs: number;
      readonly resultChars: number;
      /** SHA-256 (hex) of the output as the caller got it; absent for one that is very long. */
      readonly resultDigest?: string;
      readonly detail?: string;
    }
);

/** Where audit records go. A rejecting write is shown once and counted; it does not fail the call. */
export interface AuditSink {
  write(record: AuditRecord): Promise<void>;
}

/**
 * The part of a file system that path decisions need: pure look-ups without side effects.
 * `realPath` follows links of an existing path; undefined when it does not exist. `readLink` gives the raw target of a
 * link, dangling or not; undefined when the path is no link.
 */
export interface PathProbe {
  realPath(path: string): Promise<string | undefined>;
  readLink(path: string): Promise<string | undefined>;
  /** What lies in a folder; empty for anything else. A link is no folder, whatever it leads to. */
  entriesOf(path: string): Promise<readonly PathEntry[]>;
}

export interface PathEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export interface WorkspaceFolder {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Scheme and authority of a folder that is not on this disk, `vscode-vfs://github`; URIs of it are names below it. */
  readonly origin?: string;
}

export interface WorkspaceRoots {
  /** The workspace folders in order; the first is the default for relative paths. */
  readonly folders: readonly WorkspaceFolder[];
  readonly home: string;
  readonly platform: 'posix' | 'win32' | 'darwin';
}
