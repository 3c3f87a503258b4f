import { arrayField, numberField, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import { callInput } from './indusagiCliTools';
import { observation, type Item } from './indusagiCliSteps';

/**
 * The message that pi is streaming: its text, thinking and calls, each once. Only `delta` is read: the `partial` beside
 * it repeats the whole message in every line and is a live object that may already hold later text (seen in 0.73.1).
 */
export class StreamedMessage {
  private count = 0;
  /** What the reader has of each block, and under which name. */
  private readonly streamed = new Map<string, { readonly blockId: string; text: string }>();
  private readonly calls = new Set<string>();

  begin(): void {
    this.count += 1;
    this.streamed.clear();
    this.calls.clear();
  }

  update(event: unknown): readonly Item[] {
    const index = numberField(event, 'contentIndex') ?? 0;
    switch (stringField(event, 'type')) {
      case 'text_delta':
        return this.added('text', index, stringField(event, 'delta'));
      case 'thinking_delta':
        return this.added('thinking', index, stringField(event, 'delta'));
      case 'toolcall_end':
        return this.call(recordField(event, 'toolCall'));
      default:
        return [];
    }
  }

  /** The whole message at its end: it has the last word. Gives what of it was not streamed, or came otherwise. */
  end(message: unknown): readonly Item[] {
    return (arrayField(message, 'content') ?? []).flatMap((block, index) => {
      const type = stringField(block, 'type');
      if (type === 'text' || type === 'thinking') {
        return this.confirm(type, index, stringField(block, type) ?? '');
      }
      return type === 'toolCall' ? this.call(block) : [];
    });
  }

  /** Takes the message's text back: it is going to be said again. */
  retract(): readonly Item[] {
    const blocks = [...this.streamed.values()];
    this.streamed.clear();
    return blocks.map(({ blockId }) => observation({ kind: 'retract', blockId }));
  }

  /** The calls of this message, started or not. */
  get callIds(): readonly string[] {
    return [...this.calls];
  }

  private added(
    kind: 'text' | 'thinking',
    index: number,
    delta: string | undefined,
  ): readonly Item[] {
    if (delta === undefined || delta === '') {
      return [];
    }
    const key = this.blockId(kind, index);
    const block = this.streamed.get(key);
    if (block === undefined) {
      this.streamed.set(key, { blockId: key, text: delta });
    } else {
      block.text += delta;
    }
    return [{ kind, delta, blockId: block?.blockId ?? key }];
  }

  private confirm(kind: 'text' | 'thinking', index: number, full: string): readonly Item[] {
    const key = this.blockId(kind, index);
    const { text, blockId } = this.streamed.get(key) ?? { text: '', blockId: key };
    // A thought that is kept back comes empty: that says nothing about what was streamed of it.
    if (full === '' || full.startsWith(text)) {
      return this.added(kind, index, full.slice(text.length));
    }
    const renamed = `${blockId}#2`;
    this.streamed.set(key, { blockId: renamed, text: full });
    return [observation({ kind: 'retract', blockId }), { kind, delta: full, blockId: renamed }];
  }

  private call(call: unknown): readonly Item[] {
    const id = stringField(call, 'id');
    const name = stringField(call, 'name');
    if (id === undefined || name === undefined || this.calls.has(id)) {
      return [];
    }
    this.calls.add(id);
    return [toolCall(id, name, callInput(call, 'arguments'))];
  }

  private blockId(kind: string, index: number): string {
    return `${this.count}:${index}:${kind}`;
  }
}

export function toolCall(id: string, name: string, input: JsonObject): NormalizedEvent {
  return { kind: 'tool_call', call: { id, name, arguments: input, executedBy: 'child' } };
}
