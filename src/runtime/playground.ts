import { delay, type Clock } from '../base/clock';
import { createId } from '../base/ids';
import type { JsonObject } from '../base/json';
import { abortedFailure } from '../events/failure';
import type { Message } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { NetworkProvider, TurnContext } from './contract';

const sampleFile = 'src/paint.js';
const scratchFile = 'patchbay-tour.md';
const goOn = 'Go on';
const stopHere = 'Stop here';

interface Step {
  readonly thinking?: string;
  readonly text?: string;
  readonly call?: { readonly name: string; readonly arguments: JsonObject };
}

interface PastCall {
  readonly name: string;
  readonly arguments: JsonObject;
  readonly ok: boolean;
  readonly output: string;
}

/**
 * Makes the provider of the tour, a scripted runtime: no model, no network, no key, but real calls through the gate: ask, stream, a command prompt, an edit review with two hunks, a plan. What comes next
 * follows from the calls since the newest user message, so nothing is remembered between requests.
 */
export function createPlayground(
  clock: Clock,
  options: { readonly chunkDelayMs: number } = { chunkDelayMs: 14 },
): NetworkProvider {
  return {
    async *stream(_model, context, exchange) {
      const step = nextStep(pastCalls(context));
      for (const [kind, text] of [
        ['thinking', step.thinking ?? ''],
        ['text', step.text ?? ''],
      ] as const) {
        for (const delta of chunks(text)) {
          await delay(clock, options.chunkDelayMs, exchange.signal);
          if (exchange.signal.aborted) {
            yield { kind: 'failed', failure: abortedFailure() };
            return;
          }
          yield { kind, delta } satisfies NormalizedEvent;
        }
      }
      if (step.call !== undefined) {
        yield {
          kind: 'tool_call',
          call: { ...step.call, id: createId('tour'), executedBy: 'host' },
        };
      }
      yield { kind: 'finish', reason: step.call === undefined ? 'stop' : 'toolUse' };
    },
  };
}

/** Exported for its test: the step that follows these calls. */
export function nextStep(past: readonly PastCall[]): Step {
  const found = past.find((call) => call.name === 'find_files');
  if (found === undefined) {
    return {
      thinking:
        'This is a script. It looks whether the sample project is open, then asks before it goes on.',
      text: 'Welcome to the **playground**. It is scripted: no model, no network, no key. But what it does is real: every call below passes the same gate as a call of any model or agent.\n\n',
      call: { name: 'find_files', arguments: { pattern: sampleFile } },
    };
  }
  const isSample = found.ok && found.output.includes(sampleFile);
  const asked = past.find((call) => call.name === 'ask_user');
  if (asked === undefined) {
    return ask(isSample);
  }
  if (!asked.ok || !asked.output.includes(goOn)) {
    return {
      text: 'Fine, nothing was changed. Write again to start the tour anew, or choose a model below to begin.',
    };
  }
  const ran = past.find((call) => call.name === 'run_command');
  if (ran === undefined) {
    return stream(isSample);
  }
  return isSample ? sampleEdit(past, ran) : scratchEdit(past, ran);
}

function ask(isSample: boolean): Step {
  return {
    text: '### 1 · A question\nAn agent can ask you. The answer goes back to it in your words.',
    call: {
      name: 'ask_user',
      arguments: {
        question: isSample
          ? `The tour runs the tests of this sample project and edits ${sampleFile}, each only after your word. Go on?`
          : `This is your own folder. May the tour write a scratch file, ${scratchFile}? Nothing else is touched.`,
        options: [goOn, stopHere],
      },
    },
  };
}

function stream(isSample: boolean): Step {
  return {
    thinking: 'First some text to stream, then a command that has to ask.',
    text: [
      '### 2 · Streaming',
      'Text arrives as it is produced: *Markdown*, lists, code with a copy button.',
      '',
      '```js',
      '/** Square metres that one litre covers. */',
      'export const coveragePerLitre = 10;',
      '```',
      '',
      'Press Escape to stop at any time; what has arrived is kept.',
      '',
      '### 3 · A command',
      'Commands always ask first. You see the whole command and where it runs.',
    ].join('\n'),
    call: {
      name: 'run_command',
      arguments: { command: isSample ? 'npm test' : 'echo "hello from the playground"' },
    },
  };
}

function afterCommand(ran: PastCall): string {
  return ran.ok
    ? 'The command ran; its output is in the card above.'
    : 'The command did not run, and the tour knows why: a denial goes back to the agent with your reason.';
}

function sampleEdit(past: readonly PastCall[], ran: PastCall): Step {
  const read = past.find((call) => call.name === 'read_file');
  if (read === undefined) {
    return {
      text: `${afterCommand(ran)}\n\n### 4 · An edit, hunk by hunk\nReading inside the folder runs without a question.`,
      call: { name: 'read_file', arguments: { path: sampleFile } },
    };
  }
  const edit = past.find((call) => call.name === 'edit_file');
  if (edit === undefined) {
    return {
      text: 'Two places change. Approve one and deny the other, here or in the editor: exactly what you approve is written.',
      call: { name: 'edit_file', arguments: { path: sampleFile, edits: sampleEdits(read.output) } },
    };
  }
  return ending(past, edit);
}

function sampleEdits(text: string): JsonObject[] {
  const loop =
    '  let sum = 0;\n  for (let i = 0; i < bought.length; i++) {\n    sum = sum + bought[i].cents;\n  }\n  return sum;';
  const reduce = '  return bought.reduce((sum, tin) => sum + tin.cents, 0);';
  const plain = '/** Square metres that one litre covers. */';
  const precise = '/** Square metres that one litre covers, on smooth wood. */';
  const swap = (from: string, to: string, isDone: boolean): JsonObject =>
    isDone ? { search: to, replace: from } : { search: from, replace: to };
  // The tour can be taken twice: what the first one changed is changed back.
  return [
    swap(plain, precise, text.includes('on smooth wood')),
    swap(loop, reduce, text.includes('bought.reduce(')),
  ];
}

const scratchText =
  '# A scratch file of the Patchbay tour\n\nYou can delete it.\n\n## Jacks\n\n- in\n- out\n\n## Notes\n\nThe quick brown fox jumps over the lazy dog.\n';

function scratchEdit(past: readonly PastCall[], ran: PastCall): Step {
  const written = past.find((call) => call.name === 'write_file');
  if (written === undefined) {
    return {
      text: `${afterCommand(ran)}\n\n### 4 · An edit, hunk by hunk\nFirst the scratch file itself: a new file is one hunk.`,
      call: { name: 'write_file', arguments: { path: scratchFile, content: scratchText } },
    };
  }
  const edit = past.find((call) => call.name === 'edit_file');
  if (edit === undefined && written.ok) {
    return {
      text: 'Now two places change. Approve one and deny the other, here or in the editor: exactly what you approve is written.',
      call: {
        name: 'edit_file',
        arguments: {
          path: scratchFile,
          edits: [
            { search: '- in\n- out', replace: '- in\n- out\n- through' },
            { search: 'The quick brown fox', replace: 'The patient grey heron' },
          ],
        },
      },
    };
  }
  return ending(past, edit ?? written);
}

function ending(past: readonly PastCall[], edit: PastCall): Step {
  if (!past.some((call) => call.name === 'update_plan')) {
    return {
      text: `This is what the agent was told about your review:\n\n${quoted(edit.output)}\n\n### 5 · A plan\nAgents can show what they are about to do.`,
      call: {
        name: 'update_plan',
        arguments: {
          items: [
            { text: 'Answer a question', status: 'done' },
            { text: 'Watch an answer stream', status: 'done' },
            { text: 'Decide about a command', status: 'done' },
            { text: 'Review an edit hunk by hunk', status: 'done' },
            { text: 'Choose a model or an agent and begin', status: 'active' },
          ],
        },
      },
    };
  }
  return {
    text: 'That was the tour. Choose a model or an agent below the message box. The audit log of these calls is one command away: **Patchbay: Show Audit Log**.',
  };
}

function quoted(text: string): string {
  return text
    .split('\n')
    .slice(0, 12)
    .map((line) => `> ${line}`)
    .join('\n');
}

function pastCalls(context: TurnContext): readonly PastCall[] {
  const start = context.messages.findLastIndex((message) => message.role === 'user');
  const since: readonly Message[] = context.messages.slice(start + 1);
  return since.flatMap((message) =>
    message.role === 'assistant'
      ? message.content.flatMap((block) => {
          if (block.kind !== 'tool_call') {
            return [];
          }
          const answer = since.find(
            (other) => other.role === 'tool' && other.callId === block.call.id,
          );
          const result = answer?.role === 'tool' ? answer.result : undefined;
          return [
            {
              name: block.call.name,
              arguments: block.call.arguments,
              ok: result?.ok === true,
              output: result === undefined ? '' : result.ok ? result.output : result.error,
            },
          ];
        })
      : [],
  );
}

/** Pieces of about three words, so that streaming can be seen. */
function chunks(text: string): readonly string[] {
  return text.match(/(?:\S+\s*){1,3}|\s+/g) ?? [];
}
