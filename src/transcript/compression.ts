import type { PairIndex } from './pairIndex';
import { withToolContent } from './serialize';
import { estimateTextTokens } from './tokenEstimate';
import type { Turn } from './turn';

/** What a summary can say of a result. `head` is its first line, cut. */
export interface SummaryFields {
  readonly tool: string;
  readonly path: string;
  readonly size: string;
  readonly head: string;
}

export type SummaryTemplate = string | ((fields: SummaryFields) => string);

/** `{tool}`, `{path}`, `{size}` and `{head}` are filled per result; the space before an empty `{path}` goes with it. */
export const defaultSummaryTemplate =
  '[{tool} {path}: result of {size} left out to save space; it began: {head}]';

/** Results up to this many tokens are not worth replacing. */
export const compressibleTokens = 200;

/**
 * Summaries for the oldest long tool results, until `excessTokens` are saved; nothing when there is no excess. Turns
 * that have to stay word for word are skipped, and no result is replaced by something larger. Only the slots before
 * `endSlot` are looked at.
 */
export function compressToolResults(
  slots: readonly (Turn | undefined)[],
  pairs: PairIndex,
  excessTokens: number,
  template: SummaryTemplate,
  endSlot = slots.length,
): readonly (readonly [slot: number, turn: Turn])[] {
  const replaced: (readonly [number, Turn])[] = [];
  let excess = excessTokens;
  for (let slot = 0; slot < endSlot && excess > 0; slot++) {
    const turn = slots[slot];
    if (turn?.role === 'tool' && turn.nonDroppable !== true && turn.tokens > compressibleTokens) {
      const short = withToolContent(
        turn,
        fill(template, fieldsOf(turn, slots[pairs.callerOf(slot) ?? -1])),
      );
      if (short.tokens < turn.tokens) {
        excess -= turn.tokens - short.tokens;
        replaced.push([slot, short]);
      }
    }
  }
  return replaced;
}

function fieldsOf(turn: Turn, caller: Turn | undefined): SummaryFields {
  const call = caller?.toolCalls?.find((candidate) => candidate.id === turn.toolCallId);
  const path = call?.arguments.path ?? call?.arguments.file_path;
  const firstLine = turn.content.trimStart().split('\n', 1)[0] ?? '';
  return {
    tool: cut(turn.toolName ?? call?.name ?? 'tool'),
    path: typeof path === 'string' ? cut(path) : '',
    size: `${String(turn.content.length)} characters, about ${String(estimateTextTokens(turn.content))} tokens`,
    head: cut(firstLine),
  };
}

/** So that a summary is short whatever a model or a tool wrote, and does not keep the whole result in memory. */
function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function fill(template: SummaryTemplate, fields: SummaryFields): string {
  if (typeof template !== 'string') {
    return template(fields);
  }
  return template.replace(
    / ?\{path\}|\{(tool|size|head)\}/g,
    (match, name: Exclude<keyof SummaryFields, 'path'> | undefined) => {
      if (name !== undefined) {
        return fields[name];
      }
      return fields.path === '' ? '' : match.replace('{path}', () => fields.path);
    },
  );
}
