import { writeSync } from 'node:fs';
import { stringField } from '../../src/base/guard';
import { systemClock } from '../../src/base/clock';
import type { AssistantMessage, ContentBlock } from '../../src/events/message';
import { toolOk, type ToolCall, type ToolResult } from '../../src/events/toolCall';
import { createCommandRunner } from '../../src/node/commandRunner';
import { SessionFiles } from '../../src/node/sessionFiles';
import type { ChatSessionDeps } from '../../src/session/chatSession';
import type { SessionStorage } from '../../src/session/contract';
import { SessionManager } from '../../src/session/sessionManager';
import { createSessionStore } from '../../src/session/sessionStore';
import { ScriptedOrchestrator } from './scriptedOrchestrator';
import { networkModel } from './sessionBench';

/** What the host says as it goes, one JSON line each, written at once. */
export type HostWord =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'asked'; readonly turn: number }
  | { readonly kind: 'text'; readonly turn: number; readonly part: number }
  | { readonly kind: 'child'; readonly pid: number }
  | { readonly kind: 'settled'; readonly turn: number }
  /** Everything said so far was handed to the disk; and then is there. */
  | { readonly kind: 'writing' }
  | { readonly kind: 'written' }
  /** It goes on only when it is answered, which it never is. */
  | { readonly kind: 'waits' };

const say = (word: HostWord): void => {
  writeSync(1, `${JSON.stringify(word)}\n`);
};

const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A session that goes from turn to turn until it is killed: text, a command of ours, an edit that waits for ever. */
function run(folder: string, supervisorPath: string): void {
  const files = new SessionFiles(folder, { clock: systemClock });
  const storage: SessionStorage = Object.assign(Object.create(files) as SessionFiles, {
    // Each write begins with the question whose session it is.
    claim: (sessionId: string) => {
      say({ kind: 'writing' });
      return files.claim(sessionId);
    },
    append: async (sessionId: string, lines: string) => {
      const places = await files.append(sessionId, lines);
      say({ kind: 'written' });
      return places;
    },
  });
  const runner = createCommandRunner({
    supervisorPath,
    isTrusted: () => true,
    inheritedEnv: process.env,
  });
  const runCommand = async (call: ToolCall, signal: AbortSignal): Promise<ToolResult> => {
    const { output } = await runner.run({
      command: stringField(call.arguments, 'command') ?? '',
      cwd: folder,
      signal,
      timeoutMs: 60_000,
      onOutput: (text) => {
        const pid = /pid (\d+)/.exec(text)?.[1];
        if (pid !== undefined) {
          say({ kind: 'child', pid: Number(pid) });
        }
      },
    });
    return toolOk(output);
  };
  let turn = 0;
  let round = 0;
  const exchange: ChatSessionDeps['exchange'] = (model, _context, opts) => {
    const play = async (): Promise<AssistantMessage> => {
      const content: ContentBlock[] = [];
      for (let part = 0; part < 12; part++) {
        const delta = `<${turn}.${round}.${part}>`;
        opts.onEvent?.({ kind: 'text', delta });
        say({ kind: 'text', turn, part: round * 12 + part });
        content.push({ kind: 'text', text: delta });
        await soon(part % 3 === 0 ? 4 : 1);
      }
      const calls = round === 0 && turn % 2 === 1;
      if (calls) {
        const command =
          turn % 6 === 5
            ? 'wait for an edit'
            : turn % 6 === 3
              ? 'echo pid $$; exec sleep 300'
              : 'echo done';
        const call: ToolCall = {
          id: `call-${turn}`,
          name: 'run_command',
          arguments: { command },
          executedBy: 'host',
        };
        opts.onEvent?.({ kind: 'tool_call', call });
        content.push({ kind: 'tool_call', call });
      }
      round += 1;
      opts.onEvent?.({ kind: 'finish', reason: calls ? 'toolUse' : 'stop' });
      return {
        role: 'assistant',
        content,
        api: model.api,
        provider: model.provider,
        model: model.id,
        createdAtMs: Date.now(),
        stopReason: calls ? 'toolUse' : 'stop',
      };
    };
    const message = play();
    return {
      result: () => message,
      async *[Symbol.asyncIterator]() {
        yield { type: 'done', reason: 'stop', message: await message };
      },
    };
  };
  const manager = new SessionManager({
    store: createSessionStore({ storage, clock: systemClock, redact: (text) => text }),
    defaults: () => ({ modelId: networkModel.id, mode: 'ask' }),
    session: {
      exchange,
      orchestrator: new ScriptedOrchestrator(undefined, (call, { signal }) => {
        if (call.arguments.command === 'wait for an edit') {
          say({ kind: 'waits' });
          return new Promise(() => undefined);
        }
        const result = runCommand(call, signal);
        if (call.arguments.command !== 'echo done') {
          void soon(200).then(() => say({ kind: 'waits' }));
        }
        return result;
      }),
      findModel: () => networkModel,
      guard: () => Promise.resolve(undefined),
      keyFor: () => Promise.resolve(undefined),
      systemPrompt: () => Promise.resolve({ text: '', files: [] }),
      cwd: () => folder,
      turnOptions: () => ({}),
      window: (messages) => messages,
      runtimeName: (model) => model.name,
      relativize: (path) => path,
      nowMs: () => Date.now(),
      withdraw: () => undefined,
    },
  });
  const live = async (): Promise<void> => {
    // Which turn comes first, and so what it dies in, is the test's choice.
    for (turn = Number(process.argv[4] ?? 0); ; turn++) {
      round = 0;
      manager.current.submit(`Question ${turn}`);
      say({ kind: 'asked', turn });
      await manager.current.whenIdle();
      say({ kind: 'settled', turn });
    }
  };
  say({ kind: 'session', id: manager.current.id });
  setInterval(() => undefined, 1000);
  void live();
}

// A program: bundled and started by its test, which imports types alone.
run(process.argv[2] ?? '', process.argv[3] ?? '');
