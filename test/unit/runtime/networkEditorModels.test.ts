import { describe, expect, it } from 'vitest';
import { PatchbayError } from '../../../src/base/patchbayError';
import type { Message } from '../../../src/events/message';
import {
  createEditorModelsProvider,
  editorMessages,
  type EditorModelFault,
  type EditorModelPart,
  type EditorModelRequest,
  type EditorModelsPort,
} from '../../../src/runtime/network/editorModels';
import {
  collect,
  exchangeOptions,
  networkModel,
  readFileTool,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';

const model = networkModel('editor', {
  provider: 'editor:copilot',
  model: 'gpt-4o',
  name: 'GPT-4o',
});

class FakeEditor implements EditorModelsPort {
  readonly requests: EditorModelRequest[] = [];

  constructor(
    private readonly parts: readonly EditorModelPart[],
    private readonly end?: () => never,
  ) {}

  list() {
    return Promise.resolve([]);
  }

  async *send(request: EditorModelRequest): AsyncGenerator<EditorModelPart> {
    this.requests.push(request);
    yield* this.parts;
    this.end?.();
  }
}

function failing(code: EditorModelFault): FakeEditor {
  return new FakeEditor([{ kind: 'text', text: 'half' }], () => {
    throw new PatchbayError(code, 'the editor said no');
  });
}

describe('the editor’s own models', () => {
  it('stream text and calls, and end with toolUse when there was a call', async () => {
    const editor = new FakeEditor([
      { kind: 'text', text: 'Reading ' },
      { kind: 'text', text: 'it.' },
      { kind: 'call', id: 'c1', name: 'read_file', input: { path: 'a' } },
    ]);
    const turn = summarize(
      await collect(
        createEditorModelsProvider(editor).stream(model, turnContext(), exchangeOptions()),
      ),
    );
    expect(turn).toMatchObject({
      text: 'Reading it.',
      calls: [{ id: 'c1', name: 'read_file', arguments: { path: 'a' }, executedBy: 'host' }],
      finish: 'toolUse',
    });
    expect(editor.requests[0]).toMatchObject({ modelId: 'gpt-4o', tools: [readFileTool] });
  });

  it('get the system prompt at the head of the first user message, and roles that alternate', () => {
    const messages: readonly Message[] = [
      { role: 'user', text: 'look', createdAtMs: 1 },
      {
        role: 'assistant',
        content: [
          { kind: 'thinking', text: 'hm', signature: 's' },
          {
            kind: 'tool_call',
            call: { id: 'c1', name: 'read_file', arguments: {}, executedBy: 'host' },
          },
        ],
        api: model.api,
        provider: model.provider,
        model: model.model,
        stopReason: 'toolUse',
        createdAtMs: 2,
      },
      {
        role: 'tool',
        callId: 'c1',
        toolName: 'read_file',
        result: { ok: false, output: '', error: 'gone' },
        createdAtMs: 3,
      },
      { role: 'user', text: 'and?', createdAtMs: 4 },
    ];
    expect(editorMessages(model, turnContext({ messages }))).toEqual([
      {
        role: 'user',
        parts: [
          { kind: 'text', text: 'Be brief.' },
          { kind: 'text', text: 'look' },
        ],
      },
      { role: 'assistant', parts: [{ kind: 'call', id: 'c1', name: 'read_file', input: {} }] },
      {
        role: 'user',
        parts: [
          { kind: 'result', callId: 'c1', text: 'Error: gone' },
          { kind: 'text', text: 'and?' },
        ],
      },
    ]);
  });

  it.each([
    ['no_consent', 'auth_required', 'allow it'],
    ['not_found', 'model_not_found', 'choose another model'],
    ['blocked', 'rate_limited', 'the editor said no'],
    ['failed', 'unknown', 'the editor said no'],
  ] as const)('fail as %s with what to do next, and keep the text', async (fault, code, words) => {
    const turn = summarize(
      await collect(
        createEditorModelsProvider(failing(fault)).stream(model, turnContext(), exchangeOptions()),
      ),
    );
    expect(turn).toMatchObject({ text: 'half', failure: { code }, terminals: 1 });
    expect(turn.failure?.message).toContain(words);
  });

  it('[R50] are not asked at all when the turn was stopped before it began', async () => {
    const editor = new FakeEditor([]);
    const options = exchangeOptions({ signal: AbortSignal.abort() });
    const turn = summarize(
      await collect(createEditorModelsProvider(editor).stream(model, turnContext(), options)),
    );
    expect(turn.failure).toMatchObject({ aborted: true });
    expect(editor.requests).toEqual([]);
  });

  it('take an error after a stop as the stop', async () => {
    const stop = new AbortController();
    const editor = new FakeEditor([], () => {
      stop.abort();
      throw new PatchbayError('failed', 'Canceled');
    });
    const options = exchangeOptions({ signal: stop.signal });
    const turn = summarize(
      await collect(createEditorModelsProvider(editor).stream(model, turnContext(), options)),
    );
    expect(turn.failure).toMatchObject({ code: 'aborted', aborted: true });
  });
});
