// Canned conversations for the stand-in page: what a host would send, as data.

const version = 1;

const runtimes = [
  {
    id: 'claude-cli',
    name: 'Claude Code',
    kind: 'agent',
    state: 'ready',
    detail: '2.1.329 · signed in',
    modelId: 'claude-cli/default',
  },
  {
    id: 'codex',
    name: 'Codex',
    kind: 'agent',
    state: 'signedOut',
    detail: '0.48.0 · not signed in',
    action: 'signIn',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    kind: 'api',
    state: 'needsKey',
    detail: 'no key',
    action: 'setKey',
  },
  {
    id: 'openai',
    name: 'OpenAI',
    kind: 'api',
    state: 'ready',
    detail: 'key in SecretStorage',
    modelId: 'openai/gpt-5',
  },
  {
    id: 'ollama',
    name: 'Ollama',
    kind: 'local',
    state: 'ready',
    detail: 'localhost:11434 · 3 models',
    modelId: 'ollama/llama3',
  },
  { id: 'editor', name: 'Editor models', kind: 'editor', state: 'missing', detail: 'none offered' },
  {
    id: 'playground',
    name: 'Playground',
    kind: 'playground',
    state: 'ready',
    detail: 'scripted, no network, no key',
    modelId: 'playground/tour',
  },
];

const models = [
  {
    id: 'claude-cli/default',
    name: 'Claude Code',
    group: 'Agents',
    detail: 'its own default model',
    isUsable: true,
  },
  {
    id: 'claude-cli/opus',
    name: 'Claude Code · Opus',
    group: 'Agents',
    detail: '',
    isUsable: true,
  },
  { id: 'codex/default', name: 'Codex', group: 'Agents', detail: 'not signed in', isUsable: false },
  { id: 'openai/gpt-5', name: 'GPT-5', group: 'OpenAI', detail: '400k context', isUsable: true },
  {
    id: 'openai/gpt-5-mini',
    name: 'GPT-5 mini',
    group: 'OpenAI',
    detail: '400k context',
    isUsable: true,
  },
  {
    id: 'anthropic/claude-sonnet-4-5',
    name: 'Claude Sonnet 4.5',
    group: 'Anthropic',
    detail: 'no key',
    isUsable: false,
  },
  {
    id: 'ollama/llama3',
    name: 'llama3.3:70b',
    group: 'Ollama',
    detail: 'localhost:11434',
    isUsable: true,
  },
  {
    id: 'playground/tour',
    name: 'Playground',
    group: 'Playground',
    detail: 'scripted',
    isUsable: true,
  },
];

const examples = [
  'Explain how src/parser.ts finds the end of a string',
  'Write tests for src/lexer.ts and run them',
  'Rename parse to readDocument everywhere',
];

const setup = { isTrusted: true, hasFolder: true, isProbing: false, runtimes, models, examples };

const claude = {
  phase: 'idle',
  title: 'Rename the parser module',
  modelId: 'claude-cli/default',
  modelName: 'Claude Code',
  runtimeName: 'Claude Code',
  coverage: { level: 'all', note: 'Asked through a hook before each call.' },
  mode: 'ask',
  queuedCount: 0,
  instructionFiles: ['AGENTS.md'],
};

const usage = {
  inputTokens: 11420,
  outputTokens: 880,
  cacheReadTokens: 9100,
  costUsd: 0.0421,
  reportedBy: 'child',
};

function snapshot(change = {}) {
  return {
    version,
    seq: 0,
    sessionId: 'session-1',
    title: 'Rename the parser module',
    items: [],
    prompts: [],
    edits: [],
    changes: [],
    status: claude,
    setup,
    draft: '',
    ...change,
  };
}

const user = { kind: 'user', id: 'u1', text: 'rename parser.ts to lexer.ts and fix its callers' };
const thinking = {
  kind: 'thinking',
  id: 't1',
  text: 'The module is imported in three places. `src/index.ts` re-exports it, so the rename touches the public surface.',
  isOpen: false,
  durationMs: 4200,
};
const intro = {
  kind: 'text',
  id: 'x1',
  text: 'I will rename the file and update the **three imports** of it.',
  isOpen: false,
};
const read = {
  kind: 'tool',
  id: 'c-read',
  toolName: 'Read',
  action: 'read',
  object: 'src/parser.ts',
  path: '/home/ann/app/src/parser.ts',
  input: '{\n  "file_path": "/home/ann/app/src/parser.ts"\n}',
  output: 'export function parse(text: string) {\n  return text.split(",");\n}\n',
  outputBytes: 1231,
  summary: '1.2 KB',
  state: 'ok',
  executedBy: 'child',
  why: 'reads inside the workspace run',
};
const search = {
  kind: 'tool',
  id: 'c-search',
  toolName: 'Grep',
  action: 'search',
  object: "from './parser'",
  input: '{\n  "pattern": "from \'./parser\'"\n}',
  output: 'src/index.ts:1\nsrc/cli.ts:4\nsrc/report/table.ts:2\n',
  outputBytes: 54,
  summary: '3 matches',
  state: 'ok',
  executedBy: 'child',
  why: 'reads inside the workspace run',
};

const answer = `The parser now lives in \`src/lexer.ts\`. What changed:

1. \`src/index.ts\` exports \`parse\` from the new place
2. \`src/cli.ts\` and \`src/report/table.ts\` import it from there

\`\`\`ts
import { parse } from './lexer';

// The old name stays for one release.
export { parse, parse as parseDocument };
export const version = 3;
\`\`\`

| file | lines | result |
| --- | ---: | --- |
| src/index.ts | 3 | written |
| src/cli.ts | 1 | written |

> The tests pass; two of them still use the old name.

See [the guide](https://example.com/guide) for the rest.`;

const hunks = [
  {
    hunk: {
      id: 'h1',
      oldStart: 12,
      oldLines: 1,
      newStart: 12,
      newLines: 1,
      oldText: "import { parse } from './parser';\n",
      newText: "import { parse } from './lexer';\n",
    },
    decision: { kind: 'pending' },
  },
  {
    hunk: {
      id: 'h2',
      oldStart: 40,
      oldLines: 2,
      newStart: 40,
      newLines: 4,
      oldText: 'export { parse };\nexport const version = 2;\n',
      newText:
        'export { parse };\n/** The old name stays for one release; see the guide for how callers move over to the new one. */\nexport { parse as parseDocument };\nexport const version = 3;\n',
    },
    decision: { kind: 'pending' },
  },
];

const editTool = {
  kind: 'tool',
  id: 'c-edit',
  toolName: 'Edit',
  action: 'edit',
  object: 'src/index.ts',
  path: '/home/ann/app/src/index.ts',
  input: '{}',
  state: 'awaiting',
  executedBy: 'child',
  why: 'writes ask in this mode',
  editId: 'e1',
};
const edit = {
  id: 'e1',
  callId: 'c-edit',
  asker: 'Claude Code',
  path: '/home/ann/app/src/index.ts',
  label: 'src/index.ts',
  kind: 'edit',
  state: 'open',
  reason: 'writes ask in this mode',
  added: 5,
  removed: 3,
  hunks,
};
const decidedEdit = {
  ...edit,
  id: 'e2',
  callId: 'c-edit-2',
  path: '/home/ann/app/src/cli.ts',
  label: 'src/cli.ts',
  state: 'partly',
  added: 4,
  removed: 2,
  hunks: [
    { ...hunks[0], decision: { kind: 'approved' } },
    { ...hunks[1], decision: { kind: 'denied', reason: 'keep version 2 until the release' } },
  ],
};
const protectedEdit = {
  ...edit,
  id: 'e3',
  callId: 'c-edit-3',
  path: '/home/ann/app/.vscode/settings.json',
  label: '.vscode/settings.json',
  kind: 'edit',
  reason: 'protected file: settings of the editor',
  note: 'The file changed meanwhile; these are the new differences.',
  added: 1,
  removed: 0,
  hunks: [
    {
      hunk: {
        id: 'h9',
        oldStart: 3,
        oldLines: 0,
        newStart: 4,
        newLines: 1,
        oldText: '',
        newText: '  "files.autoSave": "off",\n',
      },
      decision: { kind: 'pending' },
    },
  ],
};

const runTool = {
  kind: 'tool',
  id: 'c-run',
  toolName: 'Bash',
  action: 'run',
  object: 'npm test -- --reporter=dot',
  input: 'npm test -- --reporter=dot',
  state: 'awaiting',
  executedBy: 'child',
};
const runPrompt = {
  id: 'p1',
  digest: 'd1',
  callId: 'c-run',
  asker: 'Claude Code',
  toolName: 'Bash',
  effects: [
    {
      kind: 'command',
      command: 'npm test -- --reporter=dot',
      cwd: '/home/ann/app',
      cwdClass: 'inside',
    },
  ],
  reason: 'commands ask; no rule covers this one',
  description: 'Run the test suite to see that the rename is complete',
  inputText: '',
  offers: [
    { id: 'exact', text: 'exactly `npm test -- --reporter=dot` in /home/ann/app' },
    { id: 'family', text: 'commands that begin with `npm test`' },
  ],
};
const hostilePrompt = {
  id: 'p2',
  digest: 'd2',
  callId: 'c-read-2',
  asker: 'Claude Code',
  toolName: 'Read',
  effects: [
    {
      kind: 'read',
      path: 'docs/link.txt',
      target: '/home/ann/.ssh/id_ed\u202e91552',
      pathClass: 'secret',
    },
  ],
  reason: 'outside the workspace: the link leads to /home/ann/.ssh',
  inputText: '{\n  "file_path": "docs/link.txt"\n}',
};
const questionPrompt = {
  id: 'p3',
  digest: 'd3',
  callId: 'c-ask',
  asker: 'Claude Code',
  toolName: 'AskUserQuestion',
  effects: [{ kind: 'question' }],
  reason: '',
  inputText: '',
  questions: [
    {
      question: 'Which name should the old export keep?',
      header: 'Name',
      options: [
        { label: 'parse', description: 'as it is today' },
        { label: 'parseDocument', description: 'as the guide says' },
      ],
    },
    {
      question: 'What else should be renamed?',
      allowsMany: true,
      options: [{ label: 'Tests' }, { label: 'Docs' }, { label: 'Examples' }],
    },
  ],
};

const plan = {
  kind: 'plan',
  id: 'plan-1',
  items: [
    { text: 'Find every import of the parser', status: 'done' },
    { text: 'Rename the file and its exports', status: 'active' },
    { text: 'Update the callers and run the tests', status: 'pending' },
  ],
};

const running = { ...claude, phase: 'streaming', usage };
const waiting = {
  ...claude,
  phase: 'tooling',
  activity: { text: 'waiting for you', sinceMs: Date.now() - 6000 },
  usage,
};

/** `count` items, every kind, texts of many lengths. */
export function longHistory(count) {
  const items = [];
  for (let i = 0; items.length < count; i++) {
    const id = `long-${i}`;
    items.push({
      kind: 'user',
      id: `${id}-u`,
      text: `Question ${i}: how does part ${i} work, and what would change if it were gone?`,
    });
    items.push({
      kind: 'thinking',
      id: `${id}-t`,
      text: `Looking at part ${i}.`,
      isOpen: false,
      durationMs: 900 + i,
    });
    items.push({ ...read, id: `${id}-c`, object: `src/part${i}.ts` });
    items.push({
      kind: 'text',
      id: `${id}-x`,
      text:
        i % 3 === 0
          ? answer
          : `Part ${i} reads the input **once**. ${'It keeps what it needs and drops the rest. '.repeat(i % 7)}`,
      isOpen: false,
    });
  }
  return items.slice(0, count);
}

const now = Date.now();
const deepPath =
  '/home/ann/app/packages/front-end/components/navigation/sidebar/SidebarItem.integration.test.tsx';
const longCommand = {
  object: 'npm test -- --reporter=dot --coverage --runInBand packages/front-end',
  summary: 'exit 127',
  state: 'error',
  why: 'allowed by your rule “npm test” (this workspace)',
};
const editStates = ['approved', 'partly', 'denied', 'withdrawn', 'written'];

const sessions = [
  {
    id: 'session-1',
    title: 'Rename the parser module',
    updatedAtMs: now - 60_000,
    modelId: 'claude-cli/default',
    preview: 'rename parser.ts to lexer.ts and fix its callers',
    isCurrent: true,
  },
  {
    id: 'session-2',
    title: 'Why does the build fail on Windows',
    updatedAtMs: now - 5 * 3_600_000,
    modelId: 'openai/gpt-5',
    preview: 'the build fails with ENOENT on the CI machine',
    isCurrent: false,
    state: 'running',
  },
  {
    id: 'session-3',
    title: 'Add a dark icon',
    updatedAtMs: now - 30 * 3_600_000,
    modelId: 'playground/tour',
    isCurrent: false,
    state: 'waiting',
  },
  {
    id: 'session-4',
    title:
      'A title that is much longer than the panel is wide and so has to be cut somewhere sensible',
    updatedAtMs: now - 9 * 86_400_000,
    preview: 'please look at the whole of src',
    isCurrent: false,
  },
];

export const scenes = {
  /** Before the host has answered. */
  blank: {},
  empty: {
    snapshot: snapshot({
      title: '',
      status: {
        ...claude,
        title: '',
        modelId: '',
        modelName: '',
        runtimeName: '',
        coverage: undefined,
      },
    }),
    sessions,
  },
  chosen: { snapshot: snapshot({ title: '', status: { ...claude, title: '' } }), sessions },
  /** An agent that takes little of what can be chosen, after a change from one that takes it. */
  untaken: {
    snapshot: snapshot({
      title: '',
      status: {
        ...claude,
        title: '',
        modelId: 'codex/default',
        modelName: 'Small Agent',
        runtimeName: 'Small Agent',
        coverage: { level: 'none', note: 'It asks for nothing.' },
        effort: 'high',
        untaken: {
          effort: 'Small Agent takes no thinking effort from here.',
          plan: 'Small Agent cannot be kept from changing files and running commands.',
          extraFolders: 'Small Agent works in the first folder of this workspace only.',
          images: 'Small Agent takes no pictures.',
        },
      },
      setup: {
        ...setup,
        models: [
          { ...models[4], id: 'codex/default', name: 'Small Agent', group: 'Agents' },
          {
            id: 'codex/other',
            name: 'Small Agent (Other)',
            group: 'Agents',
            detail: 'found',
            isUsable: false,
            problem: 'Small Agent does not let its model be chosen from here.',
          },
          ...models,
        ],
      },
    }),
    sessions,
  },
  untrusted: {
    snapshot: snapshot({
      title: '',
      status: {
        ...claude,
        title: '',
        modelId: '',
        modelName: '',
        runtimeName: '',
        coverage: undefined,
      },
      setup: {
        ...setup,
        isTrusted: false,
        hasFolder: false,
        isProbing: true,
        runtimes: runtimes
          .filter((r) => r.kind !== 'agent' && r.kind !== 'local')
          .concat({
            id: 'claude-cli',
            name: 'Claude Code',
            kind: 'agent',
            state: 'needsTrust',
            detail: 'not looked for before the folder is trusted',
            action: 'trustFolder',
          }),
      },
    }),
  },
  streaming: {
    snapshot: snapshot({
      items: [
        user,
        thinking,
        intro,
        read,
        search,
        { kind: 'text', id: 'x2', text: answer.slice(0, 420), isOpen: true },
      ],
      status: {
        ...running,
        activity: { text: 'waiting for Claude Code', sinceMs: Date.now() - 6000 },
      },
    }),
    sessions,
  },
  answer: {
    snapshot: snapshot({
      items: [
        user,
        thinking,
        intro,
        read,
        search,
        { kind: 'text', id: 'x2', text: answer, isOpen: false },
      ],
      status: { ...claude, usage },
    }),
    sessions,
  },
  prompt: {
    snapshot: snapshot({
      items: [user, thinking, intro, read, runTool],
      prompts: [runPrompt],
      status: waiting,
    }),
    sessions,
  },
  prompts: {
    snapshot: snapshot({
      items: [user, { ...runTool, object: 'x' }],
      prompts: [
        {
          ...runPrompt,
          effects: [
            {
              kind: 'command',
              command: Array.from(
                { length: 30 },
                (_, i) => `echo step ${i}${i === 7 ? '\u200b\u202ehidden\u202c' : ''}`,
              ).join('\n'),
              cwd: '/home/ann',
              cwdClass: 'outside',
            },
          ],
        },
        hostilePrompt,
      ],
      status: waiting,
    }),
    sessions,
  },
  question: {
    snapshot: snapshot({
      items: [
        user,
        { ...runTool, id: 'c-ask', action: 'ask', toolName: 'AskUserQuestion', object: '' },
      ],
      prompts: [questionPrompt],
      status: waiting,
    }),
    sessions,
  },
  edit: {
    snapshot: snapshot({
      items: [user, thinking, intro, read, editTool],
      edits: [edit],
      status: waiting,
    }),
    sessions,
  },
  edits: {
    snapshot: snapshot({
      items: [
        user,
        { ...editTool, id: 'c-edit-2', editId: 'e2', state: 'ok' },
        editTool,
        { ...editTool, id: 'c-edit-3', editId: 'e3' },
      ],
      edits: [decidedEdit, edit, protectedEdit],
      status: waiting,
    }),
    sessions,
  },
  /** What nobody approved, with where it came from; the first of it by a command. */
  changes: {
    snapshot: snapshot({
      items: [user, { ...runTool, ...longCommand }],
      changes: [
        {
          id: 'f1',
          turnId: 't1',
          callId: 'c-run',
          path: deepPath,
          label: deepPath.slice('/home/ann/'.length),
          kind: 'edit',
          added: 5,
          removed: 3,
          hunks: [
            { hunk: hunks[0].hunk, origin: 'during "npm run format -- --write packages/web"' },
            { hunk: hunks[1].hunk, origin: 'by Codex, not asked here' },
          ],
        },
        {
          id: 'f2',
          turnId: 't1',
          callId: 'c-run',
          path: '/home/ann/app/.eslintcache',
          label: '.eslintcache',
          kind: 'create',
          added: 1,
          removed: 0,
          hunks: [{ hunk: protectedEdit.hunks[0].hunk, origin: 'during "npm run lint"' }],
        },
      ],
    }),
    sessions,
  },
  /** The heads of cards, in every state, with long names and short results; some below others. */
  heads: {
    snapshot: snapshot({
      items: [
        user,
        ...['pending', 'awaiting', 'running', 'ok', 'error', 'denied', 'aborted'].map((state) => ({
          ...runTool,
          id: `run-${state}`,
          state,
        })),
        { ...runTool, ...longCommand },
        { ...read, id: 'deep', object: deepPath, path: deepPath },
        {
          ...runTool,
          id: 'server',
          toolName: 'mcp__playwright__browser_take_screenshot',
          action: 'other',
          object: '{"url":"https://example.com/a/page"}',
          summary: '12 KB',
          state: 'ok',
        },
        {
          ...runTool,
          id: 'tool',
          toolName: 'a_tool_of_a_server_with_a_very_long_name',
          action: 'other',
          object: '',
          summary: 'failed',
          state: 'error',
        },
        { ...runTool, ...longCommand, id: 'below', parentCallId: 'tool' },
        { ...search, id: 'below-2', parentCallId: 'below' },
        { ...read, id: 'below-3', object: deepPath, path: deepPath, parentCallId: 'below-2' },
        ...editStates.map((state) => ({ ...editTool, id: `c-${state}`, editId: state })),
      ],
      edits: editStates.map((state) => ({
        ...edit,
        id: state,
        callId: `c-${state}`,
        label: `src/report/table/${state}.ts`,
        state,
      })),
      status: claude,
    }),
    sessions,
  },
  error: {
    snapshot: snapshot({
      items: [
        user,
        {
          kind: 'notice',
          id: 'n1',
          level: 'warning',
          text: 'The agent was started without the settings of this folder.',
        },
        {
          ...search,
          state: 'denied',
          why: 'denied by you: not in this folder',
          summary: undefined,
        },
        { ...read, id: 'c-err', state: 'error', summary: 'not found' },
        {
          kind: 'error',
          id: 'err1',
          code: 'auth_required',
          message: 'Claude Code is not signed in. Sign in, then try again; your prompt is kept.',
          detail: 'claude: exit 1\nInvalid API key · Please run /login',
          actions: ['signIn', 'retry', 'showLog'],
        },
      ],
      status: { ...claude, phase: 'faulted' },
      draft: 'and then run the tests',
    }),
    sessions,
  },
  plan: {
    snapshot: snapshot({
      items: [
        user,
        plan,
        {
          ...read,
          id: 'task',
          toolName: 'Task',
          action: 'other',
          object: 'look at the callers',
          path: undefined,
          state: 'running',
          summary: undefined,
        },
        { ...search, id: 'sub-1', parentCallId: 'task' },
        { ...read, id: 'sub-2', parentCallId: 'task' },
        {
          kind: 'text',
          id: 'sub-3',
          text: 'Three callers, all of them simple.',
          isOpen: false,
          parentCallId: 'task',
        },
        { kind: 'user', id: 'q1', text: 'and update the changelog', isQueued: true },
      ],
      status: {
        ...running,
        mode: 'accept-edits',
        queuedCount: 1,
        activity: { text: 'running Task', sinceMs: Date.now() - 81_000 },
      },
    }),
    sessions,
  },
  loop: {
    snapshot: snapshot({
      items: [
        { ...user, branch: { index: 1, count: 2 }, imageCount: 2 },
        {
          ...runTool,
          id: 'own-1',
          object: 'npm test',
          ranBy: 'user',
          summary: 'exit 0',
          state: 'ok',
        },
        { ...runTool, id: 'own-2', object: 'env | sort', ranBy: 'private', state: 'ok' },
        read,
        { kind: 'user', id: 'st', text: 'only the public ones, please', wasSteered: true },
        { kind: 'text', id: 'tx', text: 'Then three files stay as they are.', isOpen: false },
        { kind: 'user', id: 'q1', text: 'leave the tests alone', isQueued: true, isSteering: true },
        {
          kind: 'user',
          id: 'q2',
          text: 'and then update the changelog with one line for each of the renamed functions',
          isQueued: true,
        },
      ],
      status: {
        ...running,
        queuedCount: 2,
        activity: {
          text: 'Rate limited',
          sinceMs: Date.now(),
          retry: { atMs: Date.now() + 600_000, attempt: 2, of: 2 },
        },
      },
    }),
    sessions,
  },
  held: {
    snapshot: snapshot({
      items: [
        user,
        { kind: 'notice', id: 'n1', level: 'info', text: 'Stopped.' },
        { kind: 'user', id: 'q1', text: 'and update the changelog', isQueued: true },
      ],
      status: {
        ...claude,
        queuedCount: 1,
        isQueueHeld: true,
        handover:
          'Codex was not in this conversation. With your next message it is told what was said: about 3,400 tokens.',
      },
      draft: 'Go on with the lexer',
    }),
    sessions,
  },
  long: {
    snapshot: snapshot({ items: longHistory(5000), status: { ...claude, usage } }),
    sessions,
  },
  foreign: { snapshot: snapshot({ version: 99 }) },
};
