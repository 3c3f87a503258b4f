import { append } from '../base/append';
import { computeHunks } from '../edits/hunks';
import { shortDiffLimits, unifiedDiff } from '../edits/lineDiff';
import type { WorkspaceFiles } from '../tools/contract';
import type { PostWriteHook } from '../tools/postWriteHooks';
import { applyOffsetEdits, minimalEdits, type OffsetEdit } from './textEdits';

/** The formatters of the editor, as ports. Edits are by offsets of `text`, which the file's buffer must hold. */
export interface Formatter {
  /** Of a part of the text; undefined: nobody formats parts, or nobody had anything to say. */
  formatPart(
    path: string,
    text: string,
    part: TextPart,
  ): Promise<readonly OffsetEdit[] | undefined>;
  formatAll(path: string, text: string): Promise<readonly OffsetEdit[] | undefined>;
}

export interface TextPart {
  readonly start: number;
  readonly end: number;
}

export interface FormatHookOptions {
  /** Both are asked at every write. */
  readonly isOn: () => boolean;
  readonly isTrusted: () => boolean;
  readonly files: Pick<WorkspaceFiles, 'readText' | 'writeText'>;
  readonly formatter: Formatter;
}

/**
 * Formats what was written, where the user wants that, and tells the model what that changed. Where parts can be
 * formatted, no line changes that the write did not touch. A file with unsaved changes, or that changed since, is left
 * as it is. The change is seen like any that saving makes.
 */
export function createFormatHook(options: FormatHookOptions): PostWriteHook {
  const { isOn, isTrusted, files, formatter } = options;
  return {
    name: 'format',
    begin: () => async (write, signal) => {
      const { path, afterText } = write;
      if (!isOn() || !isTrusted() || afterText === undefined) {
        return undefined;
      }
      const present = await files.readText(path);
      if (present.isDirty || present.text !== afterText) {
        return undefined;
      }
      const text = await format(formatter, path, write.beforeText ?? '', afterText);
      if (text === afterText || signal.aborted) {
        return undefined;
      }
      const { savedText = text } = await files.writeText(path, text, afterText, write.checkPlace);
      return write.isTextHidden === true
        ? `${headline}.`
        : `${headline}:\n${unifiedDiff(afterText, savedText, undefined, 1, shortDiffLimits)}`;
    },
  };
}

const headline = 'The formatter changed the file further';

async function format(
  formatter: Formatter,
  path: string,
  before: string,
  text: string,
): Promise<string> {
  // What leads back tells which parts of the new text were written; where lines only went, there is none.
  const parts = minimalEdits(text, before, computeHunks(text, before)).filter(
    ({ start, end }) => end > start,
  );
  if (parts.length === 0) {
    return text;
  }
  const chosen: OffsetEdit[] = [];
  let formatsParts = false;
  for (const part of parts) {
    const edits = await formatter.formatPart(path, text, part);
    formatsParts ||= edits !== undefined;
    append(chosen, within(part, text, edits ?? []));
  }
  if (formatsParts) {
    return applyOffsetEdits(text, withoutOverlaps(chosen));
  }
  // Well-formed parts are answered with silence too: only over the whole text it means that nobody formats parts.
  const whole = { start: 0, end: text.length };
  if ((await formatter.formatPart(path, text, whole)) !== undefined) {
    return text;
  }
  return applyOffsetEdits(text, sorted((await formatter.formatAll(path, text)) ?? []));
}

/** The changes of whole lines that lie inside of the part: formatters like to go further than they were asked. */
function within(part: TextPart, text: string, edits: readonly OffsetEdit[]): readonly OffsetEdit[] {
  const formatted = applyOffsetEdits(text, sorted(edits));
  return minimalEdits(text, formatted, computeHunks(text, formatted))
    .flatMap((edit) => byLine(edit, text))
    .filter(({ start, end }) => start >= part.start && end <= part.end);
}

/** As many lines as before are taken one by one, so that a change that reaches beyond the part is kept in part. */
function byLine(edit: OffsetEdit, text: string): readonly OffsetEdit[] {
  const old = linesOf(text.slice(edit.start, edit.end));
  const now = linesOf(edit.text);
  if (old.length !== now.length) {
    return [edit];
  }
  let start = edit.start;
  return old.map((line, index) => {
    const from = start;
    start += line.length;
    return { start: from, end: start, text: now[index] ?? line };
  });
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** In order; changes that cross each other mean nothing, and count as none. */
function sorted(edits: readonly OffsetEdit[]): readonly OffsetEdit[] {
  const inOrder = [...edits].sort((one, other) => one.start - other.start || one.end - other.end);
  return inOrder.every(({ start }, index) => start >= (inOrder[index - 1]?.end ?? 0))
    ? inOrder
    : [];
}

/** Two parts may be answered with the same change, or with crossing ones: the first counts. */
function withoutOverlaps(edits: readonly OffsetEdit[]): readonly OffsetEdit[] {
  const kept: OffsetEdit[] = [];
  for (const edit of [...edits].sort((one, other) => one.start - other.start)) {
    const last = kept.at(-1);
    if (last === undefined || (edit.start >= last.end && edit.start > last.start)) {
      kept.push(edit);
    }
  }
  return kept;
}
