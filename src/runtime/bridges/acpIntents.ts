import { arrayField, isString, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { SearchReplace, ToolIntent } from '../../events/toolIntent';
import { claudeEditIntents } from '../claudeEdits';
import type { AcpCall } from './acpCalls';
import type { AcpDiff } from './acpContent';
import type { AcpAgentKind, AcpQuirks } from './acpProfiles';

/** The question that stands for leaving a planning mode, and the answers. */
export const acpPlanApproval = {
  question: 'The agent has finished its plan. Start the work?',
  yes: 'Start the work',
  no: 'Keep planning',
} as const;

/**
 * What a call that an agent asks about would do. Total: what nobody can read exactly is `unknown`, with everything that
 * is known of it. The kind is the agent's word; it only helps to read the rest.
 */
export function acpIntents(
  call: AcpCall,
  agent: AcpAgentKind,
  quirks: AcpQuirks,
  cwd: string,
): readonly ToolIntent[] {
  const known = knownIntents(call, agent, quirks, cwd);
  // claude-agent-acp's diffs are for the eye: its input says what it does.
  const isWhole = agent === 'claude-agent-acp' || !call.hasOddDiff;
  return known !== undefined && isWhole ? known : [...(known ?? []), unknownIntent(call)];
}

function knownIntents(
  call: AcpCall,
  agent: AcpAgentKind,
  quirks: AcpQuirks,
  cwd: string,
): readonly ToolIntent[] | undefined {
  if (agent === 'claude-agent-acp') {
    return claudeIntents(call, cwd);
  }
  if (call.diffs.length > 0) {
    return diffIntents(call, quirks);
  }
  return (agent === 'opencode' ? opencodeIntents(call) : undefined) ?? byKind(call, quirks, cwd);
}

/** What the protocol's kinds leave open. A place outside the folder is asked for by itself, before the call is. */
function opencodeIntents(call: AcpCall): readonly ToolIntent[] | undefined {
  const outside = stringField(call.input, 'parentDir');
  if (call.kind === 'other' && outside !== undefined) {
    return [{ kind: 'read', path: stringField(call.input, 'filepath') ?? outside }];
  }
  if (call.kind === 'edit') {
    return opencodePatch(call.input);
  }
  return call.name === 'todowrite' || call.name === 'todoread' ? [{ kind: 'none' }] : undefined;
}

/**
 * Of a file with CRLF or a byte order mark there is only a unified diff, of its text with neither (seen with 1.18.33).
 * Indentation that all its lines share is cut off: such a diff does not fit, and is asked about as it is.
 */
function opencodePatch(input: JsonObject): readonly ToolIntent[] | undefined {
  const path = stringField(input, 'filepath');
  const [, hunks, ...others] = (stringField(input, 'diff') ?? '').split(
    /^--- [^\n]*\n\+\+\+ [^\n]*\n/m,
  );
  return path === undefined || path === '' || hunks === undefined || others.length > 0
    ? undefined
    : [{ kind: 'write', path, change: { kind: 'patch', hunks } }];
}

function byKind(call: AcpCall, quirks: AcpQuirks, cwd: string): readonly ToolIntent[] | undefined {
  switch (call.kind) {
    case 'execute':
      return commandIntent(call, quirks, cwd);
    case 'read': {
      const paths = call.paths.length > 0 ? call.paths : inputPaths(call.input);
      return paths.length === 0 ? undefined : paths.map((path) => ({ kind: 'read', path }));
    }
    case 'search':
      return searchIntent(call.input, cwd);
    case 'fetch': {
      const url = stringField(call.input, 'url');
      return url === undefined ? undefined : [{ kind: 'network', url }];
    }
    default:
      return undefined;
  }
}

/** Several diffs of one file are one change of it. */
function diffIntents(call: AcpCall, quirks: AcpQuirks): readonly ToolIntent[] | undefined {
  const byPath = new Map<string, readonly AcpDiff[]>();
  for (const diff of call.diffs) {
    byPath.set(diff.path, [...(byPath.get(diff.path) ?? []), diff]);
  }
  const intents: ToolIntent[] = [];
  for (const [path, diffs] of byPath) {
    const [first] = diffs;
    if (first === undefined) {
      continue;
    }
    const isNew = first.oldText === undefined || first.oldText === '';
    if (diffs.length === 1 && (quirks.diffsAreWhole || isNew)) {
      intents.push({ kind: 'write', path, change: { kind: 'content', content: first.newText } });
      continue;
    }
    const edits: SearchReplace[] = [];
    for (const { oldText, newText } of diffs) {
      if (oldText === undefined || oldText === '') {
        return undefined;
      }
      edits.push({ search: oldText, replace: newText });
    }
    intents.push({ kind: 'write', path, change: { kind: 'edits', edits } });
  }
  return intents;
}

function commandIntent(
  call: AcpCall,
  quirks: AcpQuirks,
  cwd: string,
): readonly ToolIntent[] | undefined {
  const told = stringField(call.input, 'command');
  if (told !== undefined) {
    const folder = stringField(call.input, 'cwd') ?? stringField(call.input, 'workdir') ?? cwd;
    return told.trim() === '' ? undefined : [{ kind: 'command', command: told, cwd: folder }];
  }
  const argv = arrayField(call.input, 'command');
  if (argv !== undefined) {
    return undefined;
  }
  if (!quirks.namesToolInCallId || call.name !== 'run_shell_command' || call.title.trim() === '') {
    return undefined;
  }
  const folder = call.text === '' ? cwd : geminiFolder(call.text);
  return folder === undefined ? undefined : [{ kind: 'command', command: call.title, cwd: folder }];
}

/**
 * gemini-cli: the title is the command as it is; the folder stands at the beginning of the explanation. What follows in
 * parentheses are the model's own words, which may look the same.
 */
function geminiFolder(text: string): string | undefined {
  return /^\[(?:in|current working directory) ([^\]\n]+)\](?= \(| \[background\]$|$)/.exec(
    text,
  )?.[1];
}

/** A search reads its folder; a pattern that may lead out of it is not read here. */
function searchIntent(input: JsonObject, cwd: string): readonly ToolIntent[] | undefined {
  const pattern = stringField(input, 'pattern');
  const folder = stringField(input, 'path') ?? cwd;
  const globs = [pattern, stringField(input, 'glob'), stringField(input, 'include')].filter(
    isString,
  );
  return pattern === undefined || folder === '' || globs.some((glob) => leadsOut(glob))
    ? undefined
    : [{ kind: 'read', path: folder }];
}

function leadsOut(glob: string): boolean {
  return /^([\\/~]|[A-Za-z]:)|(^|[\\/{,])\.\.([\\/]|$)/.test(glob);
}

function inputPaths(input: JsonObject): readonly string[] {
  return ['filePath', 'file_path', 'path', 'absolute_path', 'filepath']
    .map((name) => stringField(input, name))
    .filter(isString)
    .slice(0, 1);
}

/** Tools of Claude Code, whose input claude-agent-acp passes on as it is. */
function claudeIntents(call: AcpCall, cwd: string): readonly ToolIntent[] | undefined {
  const { input } = call;
  switch (call.name) {
    case 'Bash': {
      const command = stringField(input, 'command');
      return command === undefined || input.dangerouslyDisableSandbox === true
        ? undefined
        : [{ kind: 'command', command, cwd }];
    }
    case 'Read':
    case 'LS':
    case 'NotebookRead': {
      const path =
        stringField(input, 'file_path') ??
        stringField(input, 'path') ??
        stringField(input, 'notebook_path');
      return isPlain(path) ? [{ kind: 'read', path }] : undefined;
    }
    case 'Glob':
      return searchIntent(input, cwd);
    case 'Grep': {
      const folder = stringField(input, 'path') ?? cwd;
      const glob = stringField(input, 'glob');
      return !isPlain(folder) || (glob !== undefined && leadsOut(glob))
        ? undefined
        : [{ kind: 'read', path: folder }];
    }
    case 'Edit':
      return claudeEdits(input, [input]);
    case 'MultiEdit':
      return claudeEdits(input, arrayField(input, 'edits') ?? []);
    case 'Write': {
      const path = stringField(input, 'file_path');
      const content = stringField(input, 'content');
      return !isPlain(path) || content === undefined
        ? undefined
        : [{ kind: 'write', path, change: { kind: 'content', content } }];
    }
    // Notebooks are refused where writes are: a cell cannot be shown as lines of a file.
    case 'NotebookEdit': {
      const path = stringField(input, 'notebook_path');
      return isPlain(path)
        ? [{ kind: 'write', path, change: { kind: 'edits', edits: [] } }]
        : undefined;
    }
    case 'WebFetch': {
      const url = stringField(input, 'url');
      return url === undefined ? undefined : [{ kind: 'network', url }];
    }
    case 'ExitPlanMode':
      return planQuestion(stringField(input, 'plan'));
    // A sub-agent acts through calls of its own, and each of those is asked.
    case 'Agent':
    case 'Task':
      return input.isolation === undefined ? [{ kind: 'none' }] : undefined;
    case 'TodoWrite':
    case 'TaskCreate':
    case 'TaskUpdate':
    case 'TaskGet':
    case 'TaskList':
    case 'TaskOutput':
    case 'TaskStop':
    case 'BashOutput':
    case 'KillShell':
    case 'EnterPlanMode':
    case 'ToolSearch':
      return [{ kind: 'none' }];
    default: {
      const mcp = /^(?=.*$)mcp__(.+?)__(.+)$/.exec(call.name);
      return mcp?.[1] === undefined || mcp[2] === undefined
        ? undefined
        : [{ kind: 'mcp', server: mcp[1], tool: mcp[2], input }];
    }
  }
}

function claudeEdits(
  input: JsonObject,
  edits: readonly unknown[],
): readonly ToolIntent[] | undefined {
  const path = stringField(input, 'file_path');
  return isPlain(path) ? claudeEditIntents(path, edits) : undefined;
}

function planQuestion(plan: string | undefined): readonly ToolIntent[] {
  const { question, yes, no } = acpPlanApproval;
  return [
    {
      kind: 'question',
      questions: [
        {
          question: plan === undefined ? question : `${question}\n\n${plan}`,
          header: 'Plan',
          options: [{ label: yes }, { label: no }],
        },
      ],
    },
  ];
}

/** Claude Code expands `~` and trims blanks; such a path is not what it says. */
function isPlain(path: string | undefined): path is string {
  return path !== undefined && path !== '' && path.trim() === path && !path.startsWith('~');
}

function unknownIntent(call: AcpCall): ToolIntent {
  const input = Object.keys(call.input).length === 0 ? '' : JSON.stringify(call.input);
  const paths = call.paths.join(', ');
  const text = [call.name, call.title === call.name ? '' : call.title, paths, call.text, input]
    .filter((part) => part !== '')
    .join(' · ');
  return { kind: 'unknown', description: text.length > 2000 ? `${text.slice(0, 2000)}…` : text };
}
