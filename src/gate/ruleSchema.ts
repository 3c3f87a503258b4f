import { isOneOf, isRecord, isString, stringField } from '../base/guard';
import type { JsonObject } from '../base/json';
import type { Rule, RuleMatch, RuleScope } from './contract';
import { isAbsolutePath } from './pathSyntax';
import { toFamilyWords } from './shell/family';

/** One field of a rule as it is written down: exactly one of these names what the rule covers. */
export interface RuleField {
  readonly name: string;
  /** What it covers, a sentence; the settings' schema and the documentation are made of it. */
  readonly description: string;
  readonly example: string;
  readonly pattern?: string;
  toMatch(value: string, entry: Readonly<Record<string, unknown>>): RuleMatch | undefined;
}

/**
 * The schema of a rule, for the user's settings and for the file of a repository. What the documentation says of
 * permissions is generated from this table.
 */
export const ruleFields: readonly RuleField[] = [
  {
    name: 'commandsBeginningWith',
    description:
      'Every command that begins with these whole words, letter by letter. To allow, each part of the command line must be covered by such a rule, and the line must be plain: no substitution, redirection, assignment, hidden character, dangerous option or path outside the workspace. To deny or ask, any part anywhere counts, also inside substitutions and behind `sudo`, `env`, `xargs` and the like.',
    example: 'git status',
    toMatch: (value) => {
      const words = toFamilyWords(value);
      return words === undefined ? undefined : { kind: 'family', words };
    },
  },
  {
    name: 'command',
    description:
      'One command, exactly as it would run. With `cwd`: only in that folder. To allow, it must be plain as above.',
    example: 'npm test',
    toMatch: (value, entry) => {
      const { cwd } = entry;
      return cwd === undefined || isString(cwd)
        ? { kind: 'command', command: value, ...(cwd === undefined ? {} : { cwd }) }
        : undefined;
    },
  },
  {
    name: 'read',
    description:
      'Reading: an absolute path of a file or folder with all below it, or a glob below the workspace folder. Secret files and what lies outside the workspace ask all the same.',
    example: 'docs/**',
    toMatch: (value) => {
      const target = absoluteTarget(value);
      return target === undefined ? globOf('readGlob', value) : { kind: 'read', target };
    },
  },
  {
    name: 'write',
    description:
      'Changing, creating, deleting: an absolute path of a file or folder with all below it, or a glob below the workspace folder. Protected files and what lies outside the workspace ask all the same.',
    example: 'src/**/*.test.ts',
    toMatch: (value) => {
      const target = absoluteTarget(value);
      return target === undefined ? globOf('writeGlob', value) : { kind: 'write', target };
    },
  },
  {
    name: 'network',
    description: 'Requests to one origin: scheme, host and port.',
    example: 'https://example.com',
    pattern: '^https?://',
    toMatch: (value) =>
      URL.canParse(value) && /^https?:/i.test(value)
        ? { kind: 'network', origin: new URL(value).origin }
        : undefined,
  },
  {
    name: 'mcpServer',
    description: 'The tools of an MCP server; with `mcpTool`: that one of them.',
    example: 'github',
    toMatch: (value, entry) => {
      const tool = entry.mcpTool ?? '*';
      return isString(tool) && tool.trim() !== ''
        ? { kind: 'mcp', server: value, tool }
        : undefined;
    },
  },
  {
    name: 'tool',
    description:
      'Every call of the tool of this name, of Patchbay or of an agent. A tool that can do different things is better named by what it does.',
    example: 'WebSearch',
    toMatch: (value) => ({ kind: 'tool', name: value }),
  },
];

/** Fields beside the one that names what is covered. */
export const ruleExtras: readonly { readonly name: string; readonly schema: JsonObject }[] = [
  {
    name: 'cwd',
    schema: { type: 'string', description: 'With `command`: only in this folder (absolute).' },
  },
  {
    name: 'mcpTool',
    schema: { type: 'string', description: 'With `mcpServer`: only this tool.' },
  },
  {
    name: 'readOnly',
    schema: {
      type: 'boolean',
      description:
        'With `allow`: you say that it changes nothing, so it holds in plan mode too. Without effect on changes of files.',
    },
  },
  {
    name: 'comment',
    schema: { type: 'string', description: 'For you; without effect.' },
  },
];

const isVerdict = isOneOf('allow', 'ask', 'deny');

/** The JSON Schema of one rule, as the settings' editor shows it. */
export function ruleJsonSchema(): JsonObject {
  return {
    type: 'object',
    required: ['verdict'],
    additionalProperties: false,
    properties: {
      verdict: {
        type: 'string',
        enum: ['allow', 'ask', 'deny'],
        description: 'Deny beats ask, ask beats allow.',
      },
      ...Object.fromEntries(
        ruleFields.map(({ name, description, pattern, example }) => [
          name,
          {
            type: 'string',
            minLength: 1,
            ...(pattern === undefined ? {} : { pattern }),
            markdownDescription: `${description} Example: \`${example}\`.`,
          },
        ]),
      ),
      ...Object.fromEntries(ruleExtras.map(({ name, schema }) => [name, schema])),
    },
  };
}

export type ParsedRule =
  | { readonly kind: 'rule'; readonly rule: Rule }
  /** `rule` asks about everything, where the broken one may have been meant to ask or deny. */
  | { readonly kind: 'broken'; readonly problem: string; readonly rule?: Rule };

/** One rule as it is written down. What is not understood never allows, and what may have been a denial asks. */
export function parseRule(entry: unknown, id: string, scope: RuleScope): ParsedRule {
  const verdict = stringField(entry, 'verdict');
  const match = parseMatch(entry);
  if (!isVerdict(verdict) || typeof match === 'string' || !isRecord(entry)) {
    const problem = !isVerdict(verdict)
      ? 'its verdict must be allow, ask or deny'
      : typeof match === 'string'
        ? match
        : 'it must be an object';
    return verdict === 'allow'
      ? { kind: 'broken', problem: `${problem}; it has no effect` }
      : {
          kind: 'broken',
          problem: `${problem}; until it is put right, everything asks`,
          rule: { id, verdict: 'ask', match: { kind: 'any' }, scope },
        };
  }
  const isReadOnly = entry.readOnly === true && verdict === 'allow';
  return {
    kind: 'rule',
    rule: { id, verdict, match, scope, ...(isReadOnly ? { isReadOnly } : {}) },
  };
}

/** A rule as it is written down; undefined for a match that only "always allow" makes. */
export function toRuleEntry(
  verdict: Rule['verdict'],
  match: RuleMatch,
  isReadOnly = false,
): JsonObject | undefined {
  const covered = toField(match);
  return covered === undefined
    ? undefined
    : { verdict, ...covered, ...(isReadOnly ? { readOnly: true } : {}) };
}

function toField(match: RuleMatch): JsonObject | undefined {
  switch (match.kind) {
    case 'family':
      return { commandsBeginningWith: match.words.join(' ') };
    case 'command':
      return {
        command: match.command,
        ...(match.cwd === undefined ? {} : { cwd: match.cwd }),
      };
    case 'read':
      return { read: match.target };
    case 'readGlob':
      return { read: match.glob };
    case 'write':
      return { write: match.target };
    case 'writeGlob':
      return { write: match.glob };
    case 'network':
      return { network: match.origin };
    case 'mcp':
      return {
        mcpServer: match.server,
        ...(match.tool === '*' ? {} : { mcpTool: match.tool }),
      };
    case 'tool':
      return { tool: match.name };
    case 'any':
    default:
      return undefined;
  }
}

/** The match, or why there is none. */
function parseMatch(entry: unknown): RuleMatch | string {
  if (!isRecord(entry)) {
    return 'it must be an object';
  }
  const known = new Set([
    'verdict',
    ...ruleFields.map(({ name }) => name),
    ...ruleExtras.map(({ name }) => name),
  ]);
  const unknown = Object.keys(entry).find((name) => !known.has(name));
  if (unknown !== undefined) {
    return `there is no field "${unknown}"`;
  }
  const named = ruleFields.filter(({ name }) => entry[name] !== undefined);
  const [field] = named;
  if (field === undefined || named.length > 1) {
    return `it must have exactly one of ${ruleFields.map(({ name }) => name).join(', ')}`;
  }
  const value = entry[field.name];
  const match = isString(value) && value.trim() !== '' ? field.toMatch(value, entry) : undefined;
  return match ?? `its ${field.name} is not usable; an example: ${field.example}`;
}

/** The file or folder that an absolute path names; `/x/**` is the folder. Undefined when the path is not absolute. */
function absoluteTarget(path: string): string | undefined {
  return isAbsolute(path) && !hasGlob(path.replace(everythingBelow, ''))
    ? path.replace(everythingBelow, '')
    : undefined;
}

/** A glob holds below the workspace folder; an absolute one would hold nowhere, so there is none. */
function globOf(kind: 'readGlob' | 'writeGlob', glob: string): RuleMatch | undefined {
  return isAbsolute(glob) || glob.split(/[\\/]/).includes('..') ? undefined : { kind, glob };
}

const everythingBelow = /[\\/]\*\*[\\/]?\*?$/;

function hasGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

function isAbsolute(path: string): boolean {
  return isAbsolutePath(path, 'posix') || isAbsolutePath(path, 'win32');
}
