/**
 * Patchbay's extension for pi (loaded with --extension, pi 0.73): puts every tool call before Patchbay's gate, by a
 * dialog of the rpc mode, and lets a call run only after a clear yes. An approved edit is written byte for byte.
 *
 * It runs inside pi. The other side is src/runtime/bridges/indusagiCliRpcDialogs.ts.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import {
  createBashToolDefinition,
  createEditToolDefinition,
  createLocalBashOperations,
  createWriteToolDefinition,
  getAgentDir,
  withFileMutationQueue,
} from '@mariozechner/pi-coding-agent';

const gateStatusKey = 'patchbay.gate';
const callTitle = 'patchbay.tool_call';
const systemPromptTitle = 'patchbay.system_prompt';

export default function patchbayGate(pi) {
  const cwd = process.cwd();
  /** What was approved, by call: the exact text to write. */
  const approvals = new Map();
  /** Words for the model about a call, to be given with its result. */
  const words = new Map();

  pi.on('session_start', async (event, ctx) => {
    if (event.reason === 'startup' && !process.argv.includes('--model')) {
      await useOwnModel(pi, ctx);
    }
    ctx.ui.setStatus(gateStatusKey, '1');
  });

  pi.on('message_update', (event) => {
    // pi would say the whole message so far with every piece of it. Both are copies made for this one event (0.73.1);
    // where they are the live message, they are left alone.
    const update = event.assistantMessageEvent;
    if (update?.partial !== undefined && update.partial !== event.message) {
      update.partial = undefined;
      event.message.content = [];
    }
  });

  pi.on('before_agent_start', async (event, ctx) => {
    const added = await ctx.ui.input(systemPromptTitle, '');
    return typeof added === 'string' && added !== ''
      ? { systemPrompt: `${event.systemPrompt}\n\n${added}` }
      : undefined;
  });

  pi.on('tool_call', async (event, ctx) => {
    if (!ctx.hasUI) {
      return { block: true, reason: 'Patchbay is not there to decide about this call.' };
    }
    if (typeof event.input.path === 'string') {
      // What is asked about is what runs: pi would read the path in its own way after the question.
      event.input.path = absolutePath(event.input.path, ctx.cwd);
    }
    const question = {
      callId: event.toolCallId,
      toolName: event.toolName,
      input: event.input,
      cwd: ctx.cwd,
    };
    const asked = JSON.stringify(question);
    const answer = parse(await ctx.ui.input(callTitle, asked, { signal: ctx.signal }));
    if (answer?.kind !== 'allow') {
      const reason =
        typeof answer?.message === 'string' ? answer.message : 'The call was not allowed.';
      return { block: true, reason };
    }
    if (typeof answer.message === 'string' && answer.message !== '') {
      words.set(event.toolCallId, answer.message);
    }
    if (typeof answer.text === 'string' && typeof answer.baseText === 'string') {
      approvals.set(event.toolCallId, { baseText: answer.baseText, text: answer.text });
    }
    return undefined;
  });

  pi.on('tool_result', (event) => {
    const said = words.get(event.toolCallId);
    words.delete(event.toolCallId);
    approvals.delete(event.toolCallId);
    return said === undefined
      ? undefined
      : { content: [...event.content, { type: 'text', text: said }] };
  });

  for (const create of [createEditToolDefinition, createWriteToolDefinition]) {
    const tool = create(cwd);
    pi.registerTool({
      ...tool,
      // One after the other: the question about the second change of a file must see the first.
      executionMode: 'sequential',
      execute: async (callId, input, signal, onUpdate, ctx) => {
        const approved = approvals.get(callId);
        approvals.delete(callId);
        if (approved === undefined) {
          return create(ctx.cwd).execute(callId, input, signal, onUpdate, ctx);
        }
        await withFileMutationQueue(input.path, () => writeApproved(input.path, approved));
        return {
          content: [{ type: 'text', text: `Successfully changed ${input.path}.` }],
          details: undefined,
        };
      },
    });
  }

  // Without the shell and the command prefix that the folder's settings may name.
  const bash = createBashToolDefinition(cwd);
  pi.registerTool({
    ...bash,
    execute: (callId, input, signal, onUpdate, ctx) =>
      createBashToolDefinition(ctx.cwd, { operations: createLocalBashOperations() }).execute(
        callId,
        input,
        signal,
        onUpdate,
        ctx,
      ),
  });
}

/** A folder's settings may name another model than the user's own: then the conversation would go to its service. */
async function useOwnModel(pi, ctx) {
  const folder = await readSettings(join(ctx.cwd, '.pi', 'settings.json'));
  if (
    folder?.defaultProvider === undefined &&
    folder?.defaultModel === undefined &&
    folder?.enabledModels === undefined
  ) {
    return;
  }
  const own = await readSettings(join(getAgentDir(), 'settings.json'));
  const model = ctx.modelRegistry.find(own?.defaultProvider ?? '', own?.defaultModel ?? '');
  if (
    model !== undefined &&
    (model.id !== ctx.model?.id || model.provider !== ctx.model?.provider)
  ) {
    await pi.setModel(model);
  }
}

async function readSettings(path) {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch {
    // Not there, or not to be read: pi reads none of it either.
    return undefined;
  }
}

/** Writes exactly the approved text, and only over the text it was judged against. */
async function writeApproved(path, { baseText, text }) {
  const bytes = await readFile(path).catch((error) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  const current = bytes?.toString('utf8') ?? '';
  const mark = current.startsWith('\uFEFF') ? '\uFEFF' : '';
  if (withoutMark(current) !== withoutMark(baseText)) {
    throw new Error(`${path} has changed since the change was approved. Read it again.`);
  }
  if (bytes === undefined) {
    await mkdir(dirname(path), { recursive: true });
  }
  await writeFile(path, mark + withoutMark(text), 'utf8');
}

function withoutMark(text) {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** As pi reads a path: a leading `@` goes, odd blanks become ordinary ones, `~` is the home folder. */
function absolutePath(path, cwd) {
  const plain = (path.startsWith('@') ? path.slice(1) : path).replace(
    /[\u00A0\u2000-\u200A\u202F\u205F\u3000]/g,
    ' ',
  );
  const expanded = plain === '~' || plain.startsWith('~/') ? homedir() + plain.slice(1) : plain;
  return isAbsolute(expanded) ? expanded : resolve(cwd, expanded);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    // No answer that can be read is a no.
    return undefined;
  }
}
