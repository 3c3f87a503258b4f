import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { systemClock } from '../../../src/base/clock';
import type { Message } from '../../../src/events/message';
import { toolError, toolOk, type ToolResult } from '../../../src/events/toolCall';
import { playgroundModel } from '../../../src/runtime/modelCatalog';
import { createPlayground } from '../../../src/runtime/playground';
import type { NormalizedEvent } from '../../../src/events/normalizedEvent';

const provider = createPlayground(systemClock, { chunkDelayMs: 0 });

/** Takes the tour to its end, answering each call by name. */
async function tour(answer: (name: string, args: JsonObject) => ToolResult) {
  const messages: Message[] = [{ role: 'user', text: 'go', createdAtMs: 0 }];
  const calls: { readonly name: string; readonly arguments: JsonObject }[] = [];
  let text = '';
  for (let round = 0; round < 12; round += 1) {
    const events: NormalizedEvent[] = [];
    for await (const output of provider.stream(
      playgroundModel,
      { systemPrompt: '', messages, tools: [] },
      { signal: new AbortController().signal, sessionId: 's', observe: () => undefined },
    )) {
      if (output.kind !== 'observation') {
        events.push(output);
      }
    }
    text += events.map((event) => (event.kind === 'text' ? event.delta : '')).join('');
    const call = events.find((event) => event.kind === 'tool_call')?.call;
    const end = events.at(-1);
    expect(end).toEqual({ kind: 'finish', reason: call === undefined ? 'stop' : 'toolUse' });
    if (call === undefined) {
      return { calls, text };
    }
    calls.push({ name: call.name, arguments: call.arguments });
    messages.push(
      {
        role: 'assistant',
        content: [{ kind: 'tool_call', call }],
        api: 'playground',
        provider: 'playground',
        model: 'tour',
        stopReason: 'toolUse',
        createdAtMs: 0,
      },
      {
        role: 'tool',
        callId: call.id,
        toolName: call.name,
        result: answer(call.name, call.arguments),
        createdAtMs: 0,
      },
    );
  }
  throw new Error('the tour does not end');
}

const yes = (name: string): ToolResult =>
  name === 'ask_user' ? toolOk('Go on') : toolOk(name === 'find_files' ? 'src/paint.js' : 'fine');

describe('the playground tour', () => {
  it('has five steps on the sample project and an edit of two places', async () => {
    const { calls, text } = await tour(yes);
    expect(calls.map((call) => call.name)).toEqual([
      'find_files',
      'ask_user',
      'run_command',
      'read_file',
      'edit_file',
      'update_plan',
    ]);
    expect(calls[4]?.arguments.edits).toHaveLength(2);
    expect([...text.matchAll(/### (\d)/g)].map((match) => match[1])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    expect(text).toContain('scripted');
  });

  it('touches only a scratch file in a folder of the user, and asks first', async () => {
    const { calls } = await tour((name) =>
      name === 'find_files' ? toolOk('no files') : yes(name),
    );
    expect(calls.map((call) => call.name)).toEqual([
      'find_files',
      'ask_user',
      'run_command',
      'write_file',
      'edit_file',
      'update_plan',
    ]);
    expect(
      calls.flatMap((call) => (call.arguments.path === undefined ? [] : [call.arguments.path])),
    ).toEqual(['patchbay-tour.md', 'patchbay-tour.md']);
  });

  it('ends at once without consent', async () => {
    const { calls } = await tour((name) => (name === 'ask_user' ? toolOk('Stop here') : yes(name)));
    expect(calls.map((call) => call.name)).toEqual(['find_files', 'ask_user']);
  });

  it('goes on to its end when everything is denied', async () => {
    const { calls, text } = await tour((name) =>
      ['run_command', 'edit_file'].includes(name)
        ? toolError(`Tool '${name}' denied: not today`)
        : yes(name),
    );
    expect(calls.at(-1)?.name).toBe('update_plan');
    expect(text).toContain("> Tool 'edit_file' denied: not today");
  });
});
