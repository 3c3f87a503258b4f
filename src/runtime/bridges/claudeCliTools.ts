import {
  arrayField,
  isBoolean,
  isJsonObject,
  isRecord,
  isString,
  recordField,
  stringField,
} from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { PlanItem } from '../../events/observation';
import type { ToolIntent, UserQuestion } from '../../events/toolIntent';
import { claudeEditIntents } from '../claudeEdits';

/**
 * What a call of Claude Code's own tools would do. Total: a tool or an input that nobody can read is `unknown`, which
 * always asks. Tool names and inputs as of Claude Code 1.0 to 2.1, recorded in test/fixtures/claude-cli.
 */
export function claudeIntents(
  toolName: string,
  input: JsonObject,
  cwd: string,
): readonly ToolIntent[] {
  const translate = Object.hasOwn(translators, toolName) ? translators[toolName] : undefined;
  if (translate !== undefined) {
    return translate(input, cwd) ?? [unknownCall(toolName, input)];
  }
  const mcp = /^(?=.*$)mcp__(.+?)__(.+)$/.exec(toolName);
  if (mcp?.[1] !== undefined && mcp[2] !== undefined) {
    return [{ kind: 'mcp', server: mcp[1], tool: mcp[2], input }];
  }
  return [unknownCall(toolName, input)];
}

/** The question that stands for leaving plan mode, and the answer that means yes. */
export const planApproval = {
  question: 'Claude Code has finished its plan. Start the work?',
  yes: 'Start the work',
  no: 'Keep planning',
} as const;

/** The to-do list that a TodoWrite call sets, or undefined for anything else. */
export function todoPlan(toolName: string, input: JsonObject): readonly PlanItem[] | undefined {
  const todos = toolName === 'TodoWrite' ? arrayField(input, 'todos') : undefined;
  return todos?.flatMap((todo): readonly PlanItem[] => {
    const text = stringField(todo, 'content');
    return text === undefined ? [] : [{ text, status: planStatus(stringField(todo, 'status')) }];
  });
}

export function planStatus(status: string | undefined): PlanItem['status'] {
  switch (status) {
    case 'completed':
      return 'done';
    case 'in_progress':
      return 'active';
    default:
      return 'pending';
  }
}

type Translator = (input: JsonObject, cwd: string) => readonly ToolIntent[] | undefined;

const nothing: Translator = () => [{ kind: 'none' }];

const translators: Readonly<Record<string, Translator>> = {
  Read: (input) => readOf(stringField(input, 'file_path')),
  NotebookRead: (input) => readOf(stringField(input, 'notebook_path')),
  LS: (input, cwd) => readOf(stringField(input, 'path') ?? cwd),
  Glob: (input, cwd) => searchOf(input, cwd, stringField(input, 'pattern')),
  Grep: (input, cwd) => searchOf(input, cwd, stringField(input, 'glob')),
  Bash: commandOf,
  PowerShell: commandOf,
  Monitor: commandOf,
  // Notebooks are refused where writes are: a cell cannot be shown as lines of a file.
  NotebookEdit: (input) => {
    const path = plainPath(stringField(input, 'notebook_path'));
    return path === undefined
      ? undefined
      : [{ kind: 'write', path, change: { kind: 'edits', edits: [] } }];
  },
  Edit: (input) => writeOf(input, [input]),
  MultiEdit: (input) => writeOf(input, arrayField(input, 'edits') ?? []),
  Write: (input) => {
    const path = plainPath(stringField(input, 'file_path'));
    const content = stringField(input, 'content');
    return path === undefined || content === undefined
      ? undefined
      : [{ kind: 'write', path, change: { kind: 'content', content } }];
  },
  WebFetch: (input) => {
    const url = stringField(input, 'url');
    return url === undefined ? undefined : [{ kind: 'network', url }];
  },
  AskUserQuestion: (input) => {
    const questions = userQuestions(arrayField(input, 'questions') ?? []);
    return questions.length === 0 ? undefined : [{ kind: 'question', questions }];
  },
  ExitPlanMode: (input) => {
    const plan = stringField(input, 'plan');
    const question =
      plan === undefined ? planApproval.question : `${planApproval.question}\n\n${plan}`;
    return [
      {
        kind: 'question',
        questions: [
          {
            question,
            header: 'Plan',
            options: [{ label: planApproval.yes }, { label: planApproval.no }],
          },
        ],
      },
    ];
  },
  // A sub-agent acts only through calls of its own, and each of those is asked. Elsewhere it is out of our sight.
  Agent: agentOf,
  Task: agentOf,
  TodoWrite: nothing,
  TaskCreate: nothing,
  TaskUpdate: nothing,
  TaskGet: nothing,
  TaskList: nothing,
  TaskOutput: nothing,
  TaskStop: nothing,
  AgentOutputTool: nothing,
  BashOutput: nothing,
  KillShell: nothing,
  KillBash: nothing,
  EnterPlanMode: nothing,
  ToolSearch: nothing,
  ListAgents: nothing,
  ReportFindings: nothing,
  CronList: nothing,
};

function agentOf(input: JsonObject): readonly ToolIntent[] | undefined {
  return input.isolation === undefined ? [{ kind: 'none' }] : undefined;
}

function commandOf(input: JsonObject, cwd: string): readonly ToolIntent[] | undefined {
  const command = stringField(input, 'command');
  if (command === undefined) {
    return undefined;
  }
  const intent: ToolIntent = { kind: 'command', command, cwd };
  return input.dangerouslyDisableSandbox === true
    ? [
        intent,
        { kind: 'unknown', description: 'The command asks to run outside the agent’s sandbox.' },
      ]
    : [intent];
}

function readOf(path: string | undefined): readonly ToolIntent[] | undefined {
  const plain = plainPath(path);
  return plain === undefined ? undefined : [{ kind: 'read', path: plain }];
}

/** A search reads its folder, and what an absolute or climbing pattern reaches: that pattern's literal beginning. */
function searchOf(
  input: JsonObject,
  cwd: string,
  pattern: string | undefined,
): readonly ToolIntent[] | undefined {
  const folder = plainPath(stringField(input, 'path') ?? cwd);
  if (folder === undefined) {
    return undefined;
  }
  if (
    pattern === undefined ||
    !(isAbsolute(pattern) || /^~|(^|[\\/])\.\.([\\/]|$)|\{/.test(pattern))
  ) {
    return [{ kind: 'read', path: folder }];
  }
  const base = isAbsolute(pattern) && !/\.\.|\{/.test(pattern) ? literalFolder(pattern) : undefined;
  return base === undefined
    ? undefined
    : [
        { kind: 'read', path: folder },
        { kind: 'read', path: base },
      ];
}

function isAbsolute(path: string): boolean {
  return /^([\\/]|[A-Za-z]:[\\/])/.test(path);
}

function literalFolder(pattern: string): string {
  const literal = /^[^*?[\]{}!()]*/.exec(pattern)?.[0] ?? '';
  const cut = Math.max(literal.lastIndexOf('/'), literal.lastIndexOf('\\'));
  return literal.length === pattern.length ? pattern : literal.slice(0, Math.max(cut, 1));
}

function writeOf(input: JsonObject, edits: readonly unknown[]): readonly ToolIntent[] | undefined {
  const path = plainPath(stringField(input, 'file_path'));
  return path === undefined ? undefined : claudeEditIntents(path, edits);
}

/** Claude trims a path and expands `~`. The first is done here too; the second cannot be, so such a path is not plain. */
function plainPath(path: string | undefined): string | undefined {
  const trimmed = path?.trim().normalize('NFC');
  return trimmed === undefined || trimmed === '' || trimmed.startsWith('~') ? undefined : trimmed;
}

function userQuestions(questions: readonly unknown[]): readonly UserQuestion[] {
  return questions.flatMap((item): readonly UserQuestion[] => {
    const question = stringField(item, 'question');
    if (question === undefined) {
      return [];
    }
    const header = stringField(item, 'header');
    const allowsMany = isRecord(item) && isBoolean(item.multiSelect) && item.multiSelect;
    return [
      {
        question,
        ...(header === undefined ? {} : { header }),
        options: (arrayField(item, 'options') ?? []).flatMap((option) => {
          const label = isString(option) ? option : stringField(option, 'label');
          const description = stringField(option, 'description');
          return label === undefined
            ? []
            : [{ label, ...(description === undefined ? {} : { description }) }];
        }),
        ...(allowsMany ? { allowsMany } : {}),
      },
    ];
  });
}

/** What an `unknown` call would do, in words, where it can be said: these always ask. */
function inWords(toolName: string, input: JsonObject): string | undefined {
  switch (toolName) {
    case 'WebSearch': {
      // The model's own service searches: there is no address that a rule could be about.
      const query = stringField(input, 'query');
      return query === undefined ? undefined : `Search the web for: ${query}`;
    }
    case 'Skill': {
      // Its text may run commands of its own when it is loaded.
      const skill = stringField(input, 'skill');
      return skill === undefined
        ? undefined
        : `Load the skill ${skill} ${stringField(input, 'args') ?? ''}`.trim();
    }
    default:
      return undefined;
  }
}

function unknownCall(toolName: string, input: JsonObject): ToolIntent {
  const words = inWords(toolName, input);
  if (words !== undefined) {
    return { kind: 'unknown', description: words.slice(0, 2_000) };
  }
  const text = JSON.stringify(input);
  return {
    kind: 'unknown',
    description: `${toolName} ${text.length > 2000 ? `${text.slice(0, 2000)}…` : text}`,
  };
}

/** The input of a call as plain JSON; an empty object for anything else. */
export function inputObject(value: unknown, name: string): JsonObject {
  const input = recordField(value, name);
  return isJsonObject(input) ? input : {};
}
