import { fenceFor } from '../../base/markdownFence';
import type { Hunk } from '../../edits/fileEdit';
import type { PendingEdit } from '../../session/contract';
import type { CommandId } from '../commandIds';
import type { HunkRow } from './hunkRows';
import { summary } from './lensTitles';

const maxLines = 60;
const maxLineChars = 300;

/** One hunk for a hover: who proposes it, the lines in a fence that they cannot end, and links to our own commands. */
export function hunkMarkdown(edit: PendingEdit, row: HunkRow): string {
  const hunk = edit.hunks[row.position - 1]?.hunk;
  if (hunk === undefined) {
    return '';
  }
  const args = [edit.id, row.hunkId] as const;
  return [
    escapeMarkdown(summary(edit, row)),
    hunkFence(hunk),
    [
      link('$(check) Approve', 'patchbay.approveHunk', args),
      link('$(close) Deny', 'patchbay.denyHunk', args),
      link('Deny, say why', 'patchbay.denyHunkWithReason', args),
      link('Review', 'patchbay.openReview', args),
    ].join(' · '),
  ].join('\n\n');
}

/** The lines of a hunk as a `diff` block, cut where it gets long; nothing in them can end the fence. */
export function hunkFence(hunk: Pick<Hunk, 'oldText' | 'newText'>): string {
  const lines = [...prefixed('-', hunk.oldText), ...prefixed('+', hunk.newText)];
  const shown = lines.slice(0, maxLines);
  const more = lines.length - shown.length;
  const body = [...shown, ...(more > 0 ? [`  … ${more} more lines`] : [])].join('\n');
  const fence = fenceFor(body);
  return `${fence}diff\n${body}\n${fence}`;
}

function prefixed(sign: '+' | '-', text: string): readonly string[] {
  if (text === '') {
    return [];
  }
  return text
    .replace(/(\r\n|\r|\n)$/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => sign + (line.length > maxLineChars ? `${line.slice(0, maxLineChars)}…` : line));
}

function link(title: string, command: CommandId, args: readonly string[]): string {
  return `[${title}](command:${command}?${encodeURIComponent(JSON.stringify(args))})`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, '\\$&');
}
