import { idField, isRecord, isString, numberField, stringField } from '../../base/guard';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation } from '../../events/observation';
import { GrowingTexts } from '../codexItems';
import { UnnamedIds } from '../unnamedIds';

type TextItem =
  | Extract<NormalizedEvent, { readonly kind: 'text' | 'thinking' }>
  | {
      readonly kind: 'observation';
      readonly observation: Extract<Observation, { kind: 'retract' }>;
    };

/** The two kinds of thoughts that a reasoning item holds, each in parts: `[field of the item, field of a delta]`. */
const thoughtParts = [
  ['summary', 'summaryIndex'],
  ['content', 'contentIndex'],
] as const;

/**
 * What the model says and thinks in a turn. Deltas come first; the completed item repeats all of it and adds only what
 * was not streamed. What a failed attempt had begun is void: the next attempt says it again under other ids.
 */
export class CodexTexts {
  private readonly said = new GrowingTexts();
  private readonly thought = new GrowingTexts();
  private readonly unnamed = new UnnamedIds();

  /** `item/agentMessage/delta`, `item/plan/delta`. */
  textDelta(params: unknown): readonly TextItem[] {
    const itemId = idField(params, 'itemId') ?? this.unnamed.current('text');
    const delta = stringField(params, 'delta') ?? '';
    return delta === '' ? [] : [{ kind: 'text', ...this.said.add(itemId, delta) }];
  }

  /** `item/reasoning/summaryTextDelta`, `item/reasoning/textDelta`. */
  thinkingDelta(params: unknown, indexName: 'summaryIndex' | 'contentIndex'): readonly TextItem[] {
    const itemId = idField(params, 'itemId') ?? this.unnamed.current('thinking');
    const delta = stringField(params, 'delta') ?? '';
    if (delta === '') {
      return [];
    }
    const id = thoughtId(itemId, indexName, numberField(params, indexName) ?? 0);
    return [{ kind: 'thinking', ...this.thought.add(id, delta) }];
  }

  completedText(item: unknown): readonly TextItem[] {
    const itemId = idField(item, 'id') ?? this.unnamed.last('text');
    return completed('text', this.said, itemId, stringField(item, 'text') ?? '');
  }

  completedThoughts(item: unknown): readonly TextItem[] {
    const itemId = idField(item, 'id') ?? this.unnamed.last('thinking');
    return thoughtParts.flatMap(([name, indexName]) => {
      const parts: unknown = isRecord(item) ? item[name] : undefined;
      return (Array.isArray(parts) ? parts : [])
        .filter(isString)
        .flatMap((text, index) =>
          completed('thinking', this.thought, thoughtId(itemId, indexName, index), text),
        );
    });
  }

  /** Everything that was begun and not completed. */
  retractOpen(): readonly TextItem[] {
    return [...this.said.takeOpen(), ...this.thought.takeOpen()].map(retract);
  }
}

function completed(
  kind: 'text' | 'thinking',
  texts: GrowingTexts,
  id: string,
  text: string,
): readonly TextItem[] {
  const { delta, blockId, retracted } = texts.replace(id, text, true);
  return [
    ...(retracted === undefined ? [] : [retract(retracted)]),
    ...(delta === '' ? [] : [{ kind, delta, blockId }]),
  ];
}

function thoughtId(itemId: string, indexName: string, index: number): string {
  return `${itemId}:${indexName}:${index}`;
}

function retract(blockId: string): TextItem {
  return { kind: 'observation', observation: { kind: 'retract', blockId } };
}
