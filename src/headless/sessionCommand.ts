import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock';
import { errorMessage } from '../base/patchbayError';
import { createRedactor } from '../base/redact';
import { stripEscapes } from '../base/escapeSequences';
import { isSessionId, SessionFiles } from '../node/sessionFiles';
import { readBranchTail } from '../session/branchTail';
import { exportFormats, type ExportFormat } from '../session/exportSession';
import { searchSessions } from '../session/searchSessions';
import { createSessionStore } from '../session/sessionStore';
import { exportStored } from '../session/storedExport';
import { nothingHeavy, readStoredSession } from '../session/storedTexts';
import { verifySession } from '../session/verifySession';

export type SessionCommand = { readonly kind: 'session'; readonly folder: string } & (
  | { readonly verb: 'list'; readonly isDeep: boolean }
  | { readonly verb: 'search'; readonly query: string }
  | { readonly verb: 'show'; readonly sessionId: string; readonly last?: number }
  | { readonly verb: 'verify'; readonly sessionId?: string }
  | { readonly verb: 'export'; readonly sessionId: string; readonly format: ExportFormat }
);

const usage =
  'session list DIR [--deep] | search DIR TEXT | show DIR ID [--last N] | verify DIR [ID] | export DIR ID --format markdown|json|html';

/** Throws an Error with one line that says what is wrong. */
export function sessionCommand(argv: readonly string[]): SessionCommand {
  const { values, positionals } = parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: true,
    options: { format: { type: 'string' }, deep: { type: 'boolean' }, last: { type: 'string' } },
  });
  const [verb, folder, id, ...more] = positionals;
  if (folder === undefined || more.length > 0) {
    throw new Error(`usage: ${usage}`);
  }
  if (verb === 'search' && id !== undefined) {
    return { kind: 'session', verb, folder, query: id };
  }
  const sessionId = id?.replace(/\.ndjson$/, '');
  if (sessionId !== undefined && !isSessionId(sessionId)) {
    throw new Error(`"${sessionId.slice(0, 80)}" is not the id of a session`);
  }
  if (values.format !== undefined && verb !== 'export') {
    throw new Error('--format is for export only');
  }
  if (values.deep !== undefined && verb !== 'list') {
    throw new Error('--deep is for list only');
  }
  if (values.last !== undefined && (verb !== 'show' || !/^[1-9]\d{0,8}$/.test(values.last))) {
    throw new Error('--last is a number of messages, for show only');
  }
  const kind = 'session';
  switch (verb) {
    case 'list':
      if (sessionId !== undefined) {
        throw new Error(`usage: ${usage}`);
      }
      return { kind, verb, folder, isDeep: values.deep === true };
    case 'verify':
      return { kind, verb, folder, ...(sessionId === undefined ? {} : { sessionId }) };
    case 'show':
      return {
        kind,
        verb,
        folder,
        sessionId: needed(sessionId),
        ...(values.last === undefined ? {} : { last: Number(values.last) }),
      };
    case 'export': {
      const format = exportFormats.find((known) => known === (values.format ?? 'markdown'));
      if (format === undefined) {
        throw new Error(`--format must be one of ${exportFormats.join(', ')}`);
      }
      return { kind, verb, folder, sessionId: needed(sessionId), format };
    }
    default:
      throw new Error(`usage: ${usage}`);
  }
}

function needed(sessionId: string | undefined): string {
  if (sessionId === undefined) {
    throw new Error(`an id is needed; usage: ${usage}`);
  }
  return sessionId;
}

/** As of every command that is given a folder that is not there. */
const wrongUsage = 64;

/** Reads, and changes nothing. Gives the exit status: 1 when a session is absent or does not hold. */
export async function runSession(command: SessionCommand): Promise<number> {
  if (statSync(command.folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    process.stderr.write(`session ${command.verb}: there is no folder ${command.folder}\n`);
    return wrongUsage;
  }
  const storage = new SessionFiles(command.folder);
  const redact = createRedactor();
  switch (command.verb) {
    case 'list': {
      const store = createSessionStore({ storage, clock: systemClock, redact });
      for (const summary of await store.list({ isDeep: command.isDeep })) {
        await emit(summary);
      }
      return 0;
    }
    case 'search':
      for await (const match of searchSessions(
        storage,
        command.query,
        new AbortController().signal,
      )) {
        await emit(match);
      }
      return 0;
    case 'show': {
      if (command.last !== undefined) {
        const tail = await readBranchTail(storage, command.sessionId, command.last);
        for (const entry of tail?.entries ?? []) {
          await emit(entry);
        }
        return tail === undefined ? absent(command) : 0;
      }
      const stored = await readStoredSession(storage, command.sessionId, { limits: nothingHeavy });
      for (const entry of stored?.record.branch ?? []) {
        const isHeavy = stored !== undefined && entry.kind === 'message';
        await emit(isHeavy ? { ...entry, message: await stored.whole(entry.message) } : entry);
      }
      return stored === undefined ? absent(command) : 0;
    }
    case 'export': {
      const { sessionId, format } = command;
      const cleaning = { redact, plain: stripEscapes };
      const pieces = await exportStored(storage, sessionId, format, cleaning);
      for await (const piece of pieces ?? []) {
        await write(piece);
      }
      return pieces === undefined ? absent(command) : 0;
    }
    case 'verify':
      return verify(storage, command.folder, command.sessionId);
  }
}

function absent(command: { readonly folder: string; readonly sessionId: string }): number {
  process.stderr.write(
    `${join(command.folder, `${command.sessionId}.ndjson`)}: there is no session that can be read\n`,
  );
  return 1;
}

async function verify(
  storage: SessionFiles,
  folder: string,
  onlyId: string | undefined,
): Promise<number> {
  const ids =
    onlyId === undefined ? (await storage.list()).map((file) => file.sessionId) : [onlyId];
  const wrong = new Set<string>();
  for (const sessionId of ids) {
    const file = join(folder, `${sessionId}.ndjson`);
    const report = async (line: number, why: string): Promise<void> => {
      wrong.add(sessionId);
      await emit({ id: sessionId, file, line, why });
    };
    let problems;
    try {
      problems = await verifySession(storage, sessionId);
    } catch (error) {
      await report(0, `it cannot be read: ${errorMessage(error)}`);
      continue;
    }
    if (problems === undefined) {
      await report(0, 'there is no such session');
      continue;
    }
    for (const { line, why } of problems) {
      await report(line, why);
    }
    if (problems.length === 0) {
      await emit({ id: sessionId, file, ok: true });
    }
  }
  return wrong.size === 0 ? 0 : 1;
}

async function emit(line: object): Promise<void> {
  await write(`${JSON.stringify(line)}\n`);
}

/** A reader that is slow slows the lines down; they do not pile up. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) {
    await once(process.stdout, 'drain');
  }
}
