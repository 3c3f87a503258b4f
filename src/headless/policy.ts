import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../base/clock';
import { isArrayOf, isString } from '../base/guard';
import { PatchbayError } from '../base/patchbayError';
import type { PathProbe, Rule, WorkspaceRoots } from '../gate/contract';
import { decide } from '../gate/decide';
import { resolveEffects } from '../gate/effect';
import { createCommandAnalyzer } from '../gate/shell/analyzeCommand';
import type { CommandAnalyzer } from '../gate/shell/analyzer';
import type { ShellKind, ShellParser } from '../gate/shell/contract';
import { toFamilyWords } from '../gate/shell/family';
import { unparsed } from '../gate/shell/unparsed';
import { diskPathProbe } from '../node/pathProbe';
import { createShellParserThread } from '../node/shellParserThread';
import { idOf, runJsonLines } from './jsonLineCommand';

/** Judges command lines by the gate of the extension: JSON lines in, JSON lines out. */
export interface PolicyCommand {
  readonly kind: 'policy';
  /** The workspace folder, and the folder that the commands run in. */
  readonly root: string;
}

/** What is said of one command; `auto`: it would run without a question. */
export interface PolicyAnswer {
  readonly verdict: 'auto' | 'ask' | 'deny';
  readonly reason: string;
  /** The entry that decided, as it was given; of several the first. */
  readonly rule?: string;
}

export interface PolicyQuestion {
  readonly shell: ShellKind;
  readonly cmd: string;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export async function runPolicy(root: string, bundleFolder: string): Promise<number> {
  const parser = createShellParserThread({
    workerPath: join(bundleFolder, 'shellParserWorker.js'),
    unparsed,
  });
  const judge = createPolicy({
    roots: {
      folders: [{ name: 'workspace', path: root }],
      home: homedir(),
      platform:
        process.platform === 'win32' ? 'win32' : process.platform === 'darwin' ? 'darwin' : 'posix',
    },
    probe: diskPathProbe,
    clock: systemClock,
    parse: parser.parse,
    prepare: parser.ready,
  });
  const code = await runJsonLines(async (input) => ({
    ...idOf(input),
    ...(await judge(toQuestion(input))),
  }));
  parser.dispose();
  return code;
}

export interface PolicyOptions {
  /** Commands run in the first folder. */
  readonly roots: WorkspaceRoots;
  readonly probe: PathProbe;
  readonly clock: Clock;
  readonly parse: ShellParser;
  readonly prepare?: () => Promise<void>;
}

/** The gate in the mode that asks most, with nothing but the given rules. */
export function createPolicy(
  options: PolicyOptions,
): (question: PolicyQuestion) => Promise<PolicyAnswer> {
  const { roots, probe, ...rest } = options;
  const analyzers = new Map<ShellKind, CommandAnalyzer>(
    shells.map((shell) => [shell, createCommandAnalyzer({ ...rest, shell })]),
  );
  return async ({ shell, cmd, allow, deny }) => {
    const effects = await resolveEffects([{ kind: 'command', command: cmd }], {
      roots,
      probe,
      analyze: analyzers.get(shell),
    });
    const entries = new Map<string, string>();
    const decision = decide(
      effects,
      [...toRules('deny', deny, entries), ...toRules('allow', allow, entries)],
      'ask',
    );
    const rule = entries.get(decision.ruleId.split(', ')[0] ?? '');
    return {
      verdict: decision.verdict === 'allow' ? 'auto' : decision.verdict,
      reason: decision.reason,
      ...(rule === undefined ? {} : { rule }),
    };
  };
}

const shells = ['bash', 'powershell', 'cmd'] as const satisfies readonly ShellKind[];

function toRules(
  verdict: 'allow' | 'deny',
  texts: readonly string[],
  entries: Map<string, string>,
): readonly Rule[] {
  return texts.flatMap((text, index): readonly Rule[] => {
    // A deny rule need not be of plain words to stop something.
    const words =
      verdict === 'allow' ? toFamilyWords(text) : text.split(/\s+/).filter((word) => word !== '');
    if (words === undefined || words.length === 0) {
      return [];
    }
    const id = `${verdict}-${index}`;
    entries.set(id, text);
    return [{ id, verdict, match: { kind: 'family', words }, scope: 'user' }];
  });
}

function toQuestion(message: Readonly<Record<string, unknown>>): PolicyQuestion {
  const shell = shells.find((known) => known === message.shell);
  if (shell === undefined) {
    throw new PatchbayError('bad_line', `"shell" must be one of ${shells.join(', ')}`);
  }
  const { cmd, allow = [], deny = [] } = message;
  if (typeof cmd !== 'string') {
    throw new PatchbayError('bad_line', '"cmd" must be a text');
  }
  if (!isArrayOf(isString)(allow) || !isArrayOf(isString)(deny)) {
    throw new PatchbayError('bad_line', '"allow" and "deny" must be lists of texts');
  }
  return { shell, cmd, allow, deny };
}
