// The host's half of the panel for a bench, made of the product's own parts: session, controller and feed. Bundled with
// esbuild by whoever uses it.
import { systemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/emitter';
import { silentLogger } from '../../src/base/logger';
import { PanelController } from '../../src/host/panelController';
import { PanelFeed } from '../../src/host/panelFeed';
import { SessionManager } from '../../src/session/sessionManager';
import { ScriptedOrchestrator } from '../fakes/scriptedOrchestrator';

/** Gives and decides nothing, and remembers nothing either: a long run would keep every output in it. */
class ForgetfulOrchestrator extends ScriptedOrchestrator {
  noteChildResult() {
    return Promise.resolve();
  }
}

const model = { id: 'bench/one', api: 'openai-chat', provider: 'bench', model: 'one', name: 'One' };
const never = new Emitter().event;

/**
 * @param {{ messages?: readonly object[], store?: object, play: (opts: object) => Promise<object>, post: (message: object) => void }} options
 *   `store`: where sessions are kept, default nowhere; `play` is the turn: it calls `opts.onEvent` and `opts.observe` and gives the blocks of the answer
 */
export function createPanelStage({ messages = [], store, play, post }) {
  const log = {
    turnStarted: () => {},
    message: () => {},
    partial: () => {},
    turnEnded: () => {},
    titled: () => {},
    modelChosen: () => {},
    modeChosen: () => {},
    flush: () => Promise.resolve(),
  };
  const stored = { id: 'session-bench', title: 'Bench', messages, interrupted: false };
  const opened = { stored, log, resume: { find: () => undefined, remember: () => undefined } };
  const exchange = (_model, _context, opts) => {
    const message = play(opts).then((content) => ({
      role: 'assistant',
      content,
      api: model.api,
      provider: model.provider,
      model: model.id,
      createdAtMs: Date.now(),
      stopReason: 'stop',
    }));
    return {
      result: () => message,
      async *[Symbol.asyncIterator]() {
        yield { type: 'done', reason: 'stop', message: await message };
      },
    };
  };
  const sessions = new SessionManager({
    store: store ?? { create: () => opened },
    session: {
      exchange,
      orchestrator: new ForgetfulOrchestrator(),
      findModel: () => model,
      guard: () => Promise.resolve(undefined),
      keyFor: () => Promise.resolve(undefined),
      systemPrompt: () => Promise.resolve({ text: '', files: [] }),
      cwd: () => '/workspace',
      turnOptions: () => ({}),
      window: (all) => all.slice(-20),
      runtimeName: () => 'Bench',
      relativize: (path) => path,
      nowMs: () => Date.now(),
      withdraw: () => undefined,
    },
    defaults: () => ({ modelId: model.id, mode: 'ask' }),
  });
  const prompts = { open: [], changed: new Emitter() };
  const controller = new PanelController({
    sessions,
    questions: {
      list: () => prompts.open,
      onDidChange: prompts.changed.event,
      answer: () => true,
    },
    edits: { list: () => [], onDidChange: never },
    changes: { list: () => [], onDidChange: never },
    actions: {},
    setup: {
      current: () => ({
        isTrusted: true,
        hasFolder: true,
        isProbing: false,
        runtimes: [],
        models: [],
        examples: [],
      }),
      onDidChange: never,
    },
    findModel: () => model,
    runtimeName: () => 'Bench',
    bridgeOf: () => undefined,
    log: silentLogger,
  });
  const feed = new PanelFeed({
    source: controller,
    clock: systemClock,
    draft: { read: () => '', write: () => undefined },
    pictures: { list: async () => [] },
    post,
  });
  return {
    feed,
    session: sessions.current,
    controller,
    ask(question) {
      prompts.open = question === undefined ? [] : [{ sessionId: 'session-bench', ...question }];
      prompts.changed.fire(prompts.open);
    },
    dispose() {
      feed.dispose();
      controller.dispose();
      sessions.dispose();
    },
  };
}
