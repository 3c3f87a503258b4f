import { arrayField, isRecord, isString, recordField, stringField } from '../../base/guard';

/** One changed file as an agent shows it. `oldText` is undefined for a new file. */
export interface AcpDiff {
  readonly path: string;
  readonly oldText: string | undefined;
  readonly newText: string;
}

/** The text of one content block; '' for what is no text. */
export function blockText(content: unknown): string {
  switch (stringField(content, 'type')) {
    case 'text':
      return stringField(content, 'text') ?? '';
    case 'resource_link':
      return stringField(content, 'uri') ?? '';
    case 'resource':
      return stringField(recordField(content, 'resource'), 'text') ?? '';
    default:
      return '';
  }
}

/** The texts of a call's content, joined; a fence around a whole text is the agent's decoration and goes. */
export function contentText(content: readonly unknown[]): string {
  return content
    .flatMap((item) =>
      stringField(item, 'type') === 'content' && isRecord(item) ? [blockText(item.content)] : [],
    )
    .filter((text) => text !== '')
    .map(unfenced)
    .join('\n');
}

export function contentDiffs(content: readonly unknown[]): readonly AcpDiff[] {
  return content.flatMap((item): readonly AcpDiff[] => {
    const path = stringField(item, 'path');
    const newText = stringField(item, 'newText');
    return stringField(item, 'type') !== 'diff' || path === undefined || newText === undefined
      ? []
      : [{ path, oldText: stringField(item, 'oldText'), newText }];
  });
}

/** True when a change is shown that `contentDiffs` had to leave out. */
export function hasOddDiff(content: readonly unknown[]): boolean {
  const shown = content.filter((item) => stringField(item, 'type') === 'diff').length;
  return shown !== contentDiffs(content).length;
}

/** The terminals of ours that a call's content shows. */
export function contentTerminals(content: readonly unknown[]): readonly string[] {
  return content.flatMap((item) => {
    const id =
      stringField(item, 'type') === 'terminal' ? stringField(item, 'terminalId') : undefined;
    return id === undefined ? [] : [id];
  });
}

export function locationPaths(value: unknown): readonly string[] {
  return [
    ...new Set((arrayField(value, 'locations') ?? []).map((item) => stringField(item, 'path'))),
  ].filter(isString);
}

function unfenced(text: string): string {
  const start = text.indexOf('\n');
  const fence = /^(`{3,})[\w-]*$/.exec(start === -1 ? '' : text.slice(0, start))?.[1];
  const bare = text.trimEnd();
  if (fence === undefined || !bare.endsWith(fence) || bare.length - fence.length <= start) {
    return text;
  }
  const body = bare.slice(start + 1, -fence.length);
  return body.endsWith('\n') ? body.slice(0, -1) : body;
}

/**
 * Diffs as one unified diff for a card. Each is one hunk: what is equal at the beginning and the end is cut off but
 * for three lines. Line numbers count within the shown texts, which may be parts of a file.
 */
export function unifiedDiff(diffs: readonly AcpDiff[]): string {
  return diffs
    .filter(({ oldText, newText }) => oldText !== newText)
    .map(({ path, oldText, newText }) => {
      const before = toLines(oldText ?? '');
      const after = toLines(newText);
      let head = 0;
      while (head < before.length && head < after.length && before[head] === after[head]) {
        head += 1;
      }
      let tail = 0;
      while (
        tail < before.length - head &&
        tail < after.length - head &&
        before[before.length - 1 - tail] === after[after.length - 1 - tail]
      ) {
        tail += 1;
      }
      const from = Math.max(0, head - 3);
      const lead = before.slice(from, head);
      const rest = before.slice(before.length - tail, before.length - tail + Math.min(3, tail));
      const removed = before.slice(head, before.length - tail);
      const added = after.slice(head, after.length - tail);
      const oldCount = lead.length + removed.length + rest.length;
      const newCount = lead.length + added.length + rest.length;
      const start = (count: number): number => (count === 0 ? from : from + 1);
      return [
        `--- ${oldText === undefined ? '/dev/null' : path}`,
        `+++ ${path}`,
        `@@ -${start(oldCount)},${oldCount} +${start(newCount)},${newCount} @@`,
        ...lead.map((line) => ` ${line}`),
        ...removed.map((line) => `-${line}`),
        ...added.map((line) => `+${line}`),
        ...rest.map((line) => ` ${line}`),
        '',
      ].join('\n');
    })
    .join('');
}

function toLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
