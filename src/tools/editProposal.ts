import { append } from '../base/append';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { applyChange } from '../edits/changes';
import type { EditVerdict, FileEdit, Hunk } from '../edits/fileEdit';
import { createFileEdit } from '../edits/proposal';
import type { FileChange } from '../events/toolIntent';
import type { Effect } from '../gate/contract';
import type { GatedCall } from './callGate';
import type { EditOrigin } from './contract';
import type { OrchestratorServices } from './services';

/** A change as it would be on the file as it is now. */
export type PreparedEdit =
  | {
      readonly kind: 'ready';
      readonly edit: FileEdit;
      /** undefined: the file must not exist. */
      readonly expectedText: string | undefined;
      readonly isDirty: boolean;
      /** Of a file that is moved: the text at its old place. */
      readonly movedText?: string;
    }
  /** Nothing would change. */
  | { readonly kind: 'same'; readonly text: string }
  /**
   * Cannot be shown as hunks; `message` says why and what to do, for the model. `isRefused`: it is not made by anybody
   * through us, whatever the user would say: the file is none that is changed here.
   */
  | { readonly kind: 'unusable'; readonly message: string; readonly isRefused?: boolean };

/** Reads the live text and applies the change to it. Never rejects. `shownPath` is for messages. */
export async function prepareEdit(
  path: string,
  shownPath: string,
  change: FileChange,
  services: Pick<OrchestratorServices, 'files' | 'onMisread'>,
): Promise<PreparedEdit> {
  if (/\.ipynb$/i.test(path)) {
    return refused(
      `${shownPath} is a notebook; its cells are not changed here. Tell the user what to change, or write a script beside it.`,
    );
  }
  const from = change.kind === 'patch' ? change.from : undefined;
  for (const place of from === undefined || from === '' ? [path] : [path, from]) {
    if (services.files.isInReadOnlySystem?.(place) === true) {
      const shown = place === path ? shownPath : place;
      return refused(
        `${shown} is in a folder whose file system is read-only; nothing was changed. Nothing can be written, moved or deleted there.`,
      );
    }
  }
  try {
    const stat = await services.files.stat(path);
    if (stat !== undefined && stat.kind !== 'file') {
      return unusable(`${shownPath} is not a file; nothing was changed.`);
    }
    if (stat?.isReadOnly === true) {
      return refused(`${shownPath} is read-only; nothing was changed. Make it writable first.`);
    }
    const current = stat === undefined ? undefined : await services.files.readText(path);
    if (change.kind === 'delete') {
      return current === undefined
        ? unusable(`${shownPath} does not exist; nothing was deleted.`)
        : ready(createFileEdit(path, current.text, '', 'delete'), current.text, current.isDirty);
    }
    if (change.kind === 'patch' && change.from !== undefined) {
      return await prepareMove(
        path,
        shownPath,
        { ...change, from: change.from },
        current,
        services,
      );
    }
    if (current?.isMisread === true) {
      services.onMisread?.(path);
      return misread(shownPath);
    }
    const outcome = applyChange(current?.text, change);
    if (outcome.kind === 'failed') {
      return unusable(`${shownPath}: ${outcome.message}`);
    }
    if (current?.text === outcome.text) {
      return { kind: 'same', text: outcome.text };
    }
    if (outcome.text.length > maxTextChars) {
      return refused(`${shownPath} would be larger than 50 MB; it is not written here.`);
    }
    const kind = current === undefined ? 'create' : 'edit';
    const edit = createFileEdit(path, current?.text ?? '', outcome.text, kind);
    return ready(edit, current?.text, current?.isDirty ?? false);
  } catch (error) {
    const isOurLimit = PatchbayError.is(error, 'not_text') || PatchbayError.is(error, 'too_large');
    return isOurLimit ? refused(errorMessage(error)) : unusable(errorMessage(error));
  }
}

async function prepareMove(
  path: string,
  shownPath: string,
  change: FileChange & { readonly kind: 'patch'; readonly from: string },
  current: { readonly text: string } | undefined,
  services: Pick<OrchestratorServices, 'files' | 'onMisread'>,
): Promise<PreparedEdit> {
  if (current !== undefined) {
    return unusable(`${shownPath} exists already; nothing was moved. Choose another path.`);
  }
  const source = change.from === '' ? undefined : await services.files.readText(change.from);
  if (source?.isMisread === true) {
    services.onMisread?.(change.from);
    return misread(change.from);
  }
  const outcome = applyChange(source?.text, change);
  return outcome.kind === 'failed'
    ? unusable(`${shownPath}: ${outcome.message}`)
    : {
        ...ready(createFileEdit(path, '', outcome.text, 'create'), undefined, false),
        ...(source === undefined ? {} : { movedText: source.text }),
      };
}

function ready(
  edit: FileEdit,
  expectedText: string | undefined,
  isDirty: boolean,
): PreparedEdit & { readonly kind: 'ready' } {
  return { kind: 'ready', edit, expectedText, isDirty };
}

function unusable(message: string): PreparedEdit {
  return { kind: 'unusable', message };
}

function refused(message: string): PreparedEdit {
  return { kind: 'unusable', message, isRefused: true };
}

function misread(shownPath: string): PreparedEdit {
  return refused(
    `${shownPath} is not in the encoding that the editor reads it in, so an edit would change other bytes as well. Nothing was changed. The user is asked to open it in its own encoding; try again when that is done.`,
  );
}

/** As large as a file may be that is read here. */
const maxTextChars = 50 * 1024 * 1024;

/** What a later write of ours must know of the call that proposed it. */
export function originOf(
  { context }: GatedCall,
  { target }: Effect & { readonly kind: 'write' },
): EditOrigin {
  const { turnId, modelId, bridge } = context;
  return { turnId, modelId, target, ...(bridge === undefined ? {} : { bridge }) };
}

/** The text a write must find: a new file stays absent unless the verdict was made on something. */
export function expectedTextOf(edit: FileEdit, verdict: EditVerdict): string | undefined {
  return edit.kind === 'create' && verdict.baseText === '' ? undefined : verdict.baseText;
}

export function hunkCountText(verdict: EditVerdict): string {
  const total = verdict.approvedCount + verdict.deniedHunks.length;
  return `${verdict.approvedCount} of ${total} ${total === 1 ? 'hunk' : 'hunks'}`;
}

/**
 * What an agent must know about a review: which hunks were denied, with the user's words, and what the user changed.
 * `showsText` false: without any text of the file, which the agent may not read.
 */
export function describeVerdict(
  shownPath: string,
  verdict: EditVerdict,
  showsText: boolean,
): string | undefined {
  const parts: string[] = [];
  if (verdict.deniedHunks.length > 0) {
    parts.push(
      `The user approved ${hunkCountText(verdict)} of the edit of ${shownPath}; only what was approved is in the file. Denied:`,
    );
    append(
      parts,
      verdict.deniedHunks.map(({ hunk, reason }) => describeDenied(hunk, reason, showsText)),
    );
  }
  if (verdict.userChange !== undefined && verdict.userChange !== '') {
    parts.push(
      showsText
        ? `The user changed the proposal before approving it; the difference to what you proposed:\n${verdict.userChange}`
        : 'The user changed the proposal before approving it.',
    );
  }
  return parts.length === 0 ? undefined : parts.join('\n');
}

/** The reason of an edit that was denied whole. */
export function denialOf(verdict: EditVerdict): string {
  const words = [
    ...new Set(
      verdict.deniedHunks
        .map(({ reason }) => reason?.trim() ?? '')
        .filter((reason) => reason !== ''),
    ),
  ];
  return words.length === 0
    ? 'the user said no to every hunk'
    : `the user said no: ${words.join('; ')}`;
}

const maxShownHunkChars = 400;

function describeDenied(hunk: Hunk, reason: string | undefined, showsText: boolean): string {
  const lines = [
    ...toLines(hunk.oldText).map((line) => `-${line}`),
    ...toLines(hunk.newText).map((line) => `+${line}`),
  ].join('\n');
  const shown = lines.length > maxShownHunkChars ? `${lines.slice(0, maxShownHunkChars)}…` : lines;
  const words =
    reason === undefined || reason.trim() === ''
      ? 'no reason given'
      : `the user said: ${reason.trim()}`;
  const head = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@ ${words}`;
  return showsText ? `${head}\n${shown}` : head;
}

function toLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}
