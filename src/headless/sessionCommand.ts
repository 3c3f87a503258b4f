import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
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

export type SessionCommand = { readonly kind: 'session' } & (
  | { readonly verb: 'list'; readonly folders: readonly string[]; readonly isDeep: boolean }
  | { readonly verb: 'search'; readonly folder: string; readonly query: string }
  | ({ readonly verb: 'show'; readonly last?: number } & OneSession)
  | { readonly verb: 'verify'; readonly folders: readonly string[]; readonly sessionId?: string }
  | ({ readonly verb: 'export'; readonly format: ExportFormat } & OneSession)
);

interface OneSession {
  readonly folder: string;
  readonly sessionId: string;
}

const usage =
  'session list DIR… [--deep] | search DIR TEXT | show DIR ID [--last N] | verify DIR… | verify DIR ID | export DIR ID --format markdown|json|html';

/** Throws an Error with one line that says what is wrong. */
export function sessionCommand(argv: readonly string[]): SessionCommand {
  const { values, positionals } = parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: true,
    options: { format: { type: 'string' }, deep: { type: 'boolean' }, last: { type: 'string' } },
  });
  const [verb, folder, id, ...more] = positionals;
  const takesFolders = verb === 'list' || verb === 'verify';
  if (folder === undefined || (more.length > 0 && !takesFolders)) {
    throw new Error(`usage: ${usage}`);
  }
  if (verb === 'search' && id !== undefined) {
    return { kind: 'session', verb, folder, query: id };
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
      return { kind, verb, folders: positionals.slice(1), isDeep: values.deep === true };
    case 'verify':
      return id !== undefined && more.length === 0 && namesSession(folder, id)
        ? { kind, verb, folders: [folder], sessionId: toSessionId(id) }
        : { kind, verb, folders: positionals.slice(1) };
    case 'show':
      return {
        kind,
        verb,
        folder,
        sessionId: toSessionId(id),
        ...(values.last === undefined ? {} : { last: Number(values.last) }),
      };
    case 'export': {
      const format = exportFormats.find((known) => known === (values.format ?? 'markdown'));
      if (format === undefined) {
        throw new Error(`--format must be one of ${exportFormats.join(', ')}`);
      }
      return { kind, verb, folder, sessionId: toSessionId(id), format };
    }
    default:
      throw new Error(`usage: ${usage}`);
  }
}

/** Behind the folder stands the id of one session, or one more folder. */
function namesSession(folder: string, name: string): boolean {
  return !isFolder(name) || existsSync(join(folder, `${name.replace(/\.ndjson$/, '')}.ndjson`));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function toSessionId(name: string | undefined): string {
  if (name === undefined) {
    throw new Error(`an id is needed; usage: ${usage}`);
  }
  const sessionId = name.replace(/\.ndjson$/, '');
  if (!isSessionId(sessionId)) {
    throw new Error(`"${sessionId.slice(0, 80)}" is not the id of a session`);
  }
  return sessionId;
}

/** As of every command that is given a folder that is not there. */
const wrongUsage = 64;

/** Reads, and changes nothing. Gives the exit status: 1 when a session is absent or does not hold. */
export async function runSession(command: SessionCommand): Promise<number> {
  const folders = 'folders' in command ? command.folders : [command.folder];
  const missing = folders.find((folder) => !isFolder(folder));
  if (missing !== undefined) {
    process.stderr.write(`session ${command.verb}: there is no folder ${missing}\n`);
    return wrongUsage;
  }
  const redact = createRedactor();
  switch (command.verb) {
    case 'list':
      for (const folder of folders) {
        await list(folder, { isDeep: command.isDeep, isOneOfSeveral: folders.length > 1 });
      }
      return 0;
    case 'verify': {
      let status = 0;
      for (const folder of folders) {
        status = Math.max(status, await verify(folder, command.sessionId));
      }
      return status;
    }
    case 'search':
      for await (const match of searchSessions(
        new SessionFiles(command.folder),
        command.query,
        new AbortController().signal,
      )) {
        await emit(match);
      }
      return 0;
    case 'show': {
      const storage = new SessionFiles(command.folder);
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
      const { folder, sessionId, format } = command;
      const storage = new SessionFiles(folder);
      const cleaning = { redact, plain: stripEscapes };
      const pieces = await exportStored(storage, sessionId, format, cleaning);
      for await (const piece of pieces ?? []) {
        await write(piece);
      }
      return pieces === undefined ? absent(command) : 0;
    }
  }
}

/** Files that are left out are told on stderr: nobody is to take them for lost. */
async function list(
  folder: string,
  { isDeep, isOneOfSeveral }: { readonly isDeep: boolean; readonly isOneOfSeveral: boolean },
): Promise<void> {
  const storage = new SessionFiles(folder);
  const store = createSessionStore({ storage, clock: systemClock, redact: createRedactor() });
  const listed = new Set<string>();
  for (const summary of await store.list({ isDeep })) {
    listed.add(summary.id);
    await emit(isOneOfSeveral ? { ...summary, folder } : summary);
  }
  const unread = (await storage.list())
    .filter(({ sessionId }) => !listed.has(sessionId))
    .map(({ sessionId }) => ({ name: `${sessionId}.ndjson`, why: 'nothing of it can be read' }));
  for (const { name, why } of [...(await storage.skipped()), ...unread]) {
    process.stderr.write(`${join(folder, name)}: left out, ${why}\n`);
  }
}

async function absent({ folder, sessionId }: OneSession): Promise<number> {
  let why = 'there is no session that can be read';
  await readStoredSession(new SessionFiles(folder), sessionId, {
    limits: nothingHeavy,
    onNewer: () => (why = 'this session was written by a newer version of Patchbay'),
  });
  process.stderr.write(`${join(folder, `${sessionId}.ndjson`)}: ${why}\n`);
  return 1;
}

async function verify(folder: string, onlyId: string | undefined): Promise<number> {
  const storage = new SessionFiles(folder);
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
  const skipped = onlyId === undefined ? await storage.skipped() : [];
  for (const { name, why } of skipped) {
    const id = name.replace(/\.ndjson$/, '');
    await emit({ id, file: join(folder, name), line: 0, why: `it is not read: ${why}` });
  }
  return wrong.size === 0 && skipped.length === 0 ? 0 : 1;
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
