import type {
  ExchangeOptions,
  ModelApi,
  ModelRef,
  ToolSpec,
  TurnContext,
} from '../../src/runtime/contract';
import type { NetworkOutput, ProducerOutput } from '../../src/runtime/network/producer';

export function networkModel(api: ModelApi, fields: Partial<ModelRef> = {}): ModelRef {
  return {
    id: 'test/scripted',
    api,
    provider: 'test',
    model: 'scripted',
    name: 'Scripted',
    ...fields,
  };
}

export const readFileTool: ToolSpec = {
  name: 'read_file',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};

export function turnContext(fields: Partial<TurnContext> = {}): TurnContext {
  return {
    systemPrompt: 'Be brief.',
    messages: [{ role: 'user', text: 'hello', createdAtMs: 1 }],
    tools: [readFileTool],
    ...fields,
  };
}

export function exchangeOptions(fields: Partial<ExchangeOptions> = {}): ExchangeOptions {
  return {
    signal: new AbortController().signal,
    sessionId: 'session-1',
    observe: () => undefined,
    ...fields,
  };
}

export async function collect<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of source) {
    all.push(item);
  }
  return all;
}

/** What a turn came to, whole: texts joined, everything else in order. */
export function summarize(outputs: readonly (NetworkOutput | ProducerOutput)[]) {
  const last = outputs.at(-1);
  return {
    text: outputs.flatMap((output) => (output.kind === 'text' ? [output.delta] : [])).join(''),
    thinking: outputs
      .flatMap((output) => (output.kind === 'thinking' ? [output.delta] : []))
      .join(''),
    signatures: outputs.flatMap((output) =>
      output.kind === 'thinking' && output.signature !== undefined ? [output.signature] : [],
    ),
    calls: outputs.flatMap((output) => (output.kind === 'tool_call' ? [output.call] : [])),
    usage: outputs.flatMap((output) =>
      output.kind === 'observation' && output.observation.kind === 'usage'
        ? [output.observation.usage]
        : [],
    ),
    notices: outputs.flatMap((output) =>
      output.kind === 'observation' && output.observation.kind === 'notice'
        ? [output.observation.text]
        : [],
    ),
    terminals: outputs.filter((output) => output.kind === 'finish' || output.kind === 'failed')
      .length,
    finish: last?.kind === 'finish' ? last.reason : undefined,
    failure: last?.kind === 'failed' ? last.failure : undefined,
  };
}
