import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isRecord, recordField, stringField } from '../../../src/base/guard';
import type { McpHubProcess } from '../../../src/node/mcpHubProcess';
import type { StartedServer } from '../../../src/tools/plugins/contract';
import { fixtureSecret, McpStage } from '../../fakes/mcpStage';
import { eventually, isAlive, processesWith } from '../../fakes/realChildren';

vi.setConfig({ testTimeout: 30_000 });

const stage = new McpStage();
/** One for most of them; a server that is started again is a new one. */
let hub: McpHubProcess;
beforeAll(async () => {
  await stage.prepare();
  hub = stage.hub();
});
afterAll(async () => {
  await stage.end();
  await eventually(
    'no process of these tests is left',
    () => processesWith(stage.bench.path).length === 0,
  );
});

const never = new AbortController().signal;
const call = (key: string, tool: string, input = {}, timeoutMs = 5000) => ({
  key,
  tool,
  input,
  timeoutMs,
});
const names = ({ tools }: StartedServer): readonly string[] => tools.map(({ name }) => name);
const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it worked',
    (error: unknown) =>
      `${String(stringField(error, 'code'))}: ${error instanceof Error ? error.message : ''}`,
  );

describe('a server over stdio', () => {
  it('is started in the hub, a process of its own, and calls go there [R168]', async () => {
    const started = await hub.start(stage.server('good'), never);
    expect(names(started)).toEqual(
      'echo count fail picture write slow environment roots sampling'.split(' '),
    );
    expect(started.tools[1]?.annotations).toEqual({ readOnlyHint: true });
    const reply = await hub.call(call('good', 'echo', { text: 'hello' }), never);
    expect(reply).toEqual({ text: 'hello', isError: false });
  });

  it('gets exactly its variables and its folder, nothing of the editor', async () => {
    await hub.start(stage.server('good', { env: { TOKEN: 'x' } }), never);
    const { text } = await hub.call(call('good', 'environment'), never);
    const told: unknown = JSON.parse(text);
    const given = Object.keys(recordField(told, 'env') ?? {});
    expect(given.filter((name) => name !== '__CF_USER_TEXT_ENCODING').sort()).toEqual([
      'PATCHBAY_RUN',
      'PATH',
      'TOKEN',
    ]);
    expect(stringField(told, 'cwd')).toBe(stage.bench.path);
  });

  it('puts an error of a tool, an unknown tool and other content into words [R170]', async () => {
    await hub.start(stage.server('good'), never);
    expect(await hub.call(call('good', 'fail'), never)).toEqual({
      text: 'it went wrong',
      isError: true,
    });
    expect(await failure(hub.call(call('good', 'nothing'), never))).toContain(
      'there is no tool nothing',
    );
    expect((await hub.call(call('good', 'picture'), never)).text).toBe(
      [
        'before',
        '[An image of type image/png, 30 bytes; it cannot be shown here.]',
        '[The resource file:///notes.txt:]',
        'a note',
        '[A link to the resource https://example.invalid/x (x)]',
      ].join('\n'),
    );
  });

  it('[R234] says which files of this machine its result names, and gives no other address as one', async () => {
    await hub.start(stage.server('good'), never);
    const { files } = await hub.call(call('good', 'write'), never);
    expect(files).toEqual(
      ['linked.txt', 'embedded.txt', 'structured.txt'].map((name) => join(stage.bench.path, name)),
    );
    expect((await hub.call(call('good', 'echo', { text: 'file:///a' }), never)).files).toBe(
      undefined,
    );
  });

  it('is told the folders as roots, and refused a model', async () => {
    await hub.start(stage.server('good'), never);
    const roots: unknown = JSON.parse((await hub.call(call('good', 'roots'), never)).text);
    expect(roots).toEqual([{ name: 'bench', uri: `file://${stage.bench.path}` }]);
    const { text } = await hub.call(call('good', 'sampling'), never);
    expect(text).toContain('Patchbay does not do sampling/createMessage');
  });

  it('hears of a call that was stopped, and goes on', async () => {
    await hub.start(stage.server('good'), never);
    const abort = new AbortController();
    const slow = failure(hub.call(call('good', 'slow'), abort.signal));
    await hub.call(call('good', 'count'), never); // the slow call is with the server by now
    abort.abort();
    expect(await slow).toContain('aborted');
    const { text } = await hub.call(call('good', 'environment'), never);
    const told: unknown = JSON.parse(text);
    expect(isRecord(told) && told.cancelled).toBe(1);
  });

  it('says what a server that cannot start wrote, without its secrets [R171]', async () => {
    const text = await failure(hub.start(stage.server('exits'), never));
    expect(text).toContain('mcp_start: It ended with exit code 7. Its last words: cannot start');
    expect(text).not.toContain(fixtureSecret);
  });

  it('says that a program does not exist', async () => {
    const request = { ...stage.server('good'), file: '/nowhere/at-all' };
    expect(await failure(hub.start(request, never))).toMatch(/mcp_start: .*ENOENT/);
  });

  it('can be given up on while it hangs, and the others answer meanwhile [R171]', async () => {
    const abort = new AbortController();
    const hanging = failure(hub.start(stage.server('hang'), abort.signal));
    await hub.start(stage.server('good'), never);
    expect((await hub.call(call('good', 'count'), never)).text).toBe('1');
    abort.abort();
    expect(await hanging).toContain('aborted');
    await hub.stop('hang');
  });

  it('ends a call with a reason when it dies in the middle, and is reported as ended', async () => {
    const ends: string[] = [];
    hub.onDidEnd(({ key, message }) => ends.push(`${key}: ${message}`));
    await hub.start(stage.server('dies'), never);
    expect(await failure(hub.call(call('dies', 'echo', { text: '' }), never))).toContain(
      'mcp_gone: It ended with exit code 3.',
    );
    await eventually('the end is reported', () => ends.length === 1);
    expect(ends).toEqual(['dies: It ended with exit code 3.']);
  });

  it('may write noise beside its messages', async () => {
    await hub.start(stage.server('noise'), never);
    expect((await hub.call(call('noise', 'echo', { text: 'a' }), never)).text).toBe('a');
    expect(await hub.log('noise')).toBe('using the key [redacted]\n');
  });

  it.each([
    ['floods', 'It sent more messages than any server needs to'],
    ['endless', 'A line of more than 8192 KiB came'],
  ])('is ended when it %s; the others and this process go on', async (behaviour, why) => {
    await hub.start(stage.server('good'), never);
    await hub.start(stage.server(behaviour), never);
    expect(await failure(hub.call(call(behaviour, 'echo', { text: '' }), never))).toContain(why);
    expect((await hub.call(call('good', 'count'), never)).text).toBe('1');
  });

  it('loses a broken tool, not the others', async () => {
    const started = await hub.start(stage.server('broken'), never);
    expect(names(started)).toHaveLength(9);
    expect(started.notes).toEqual(['A tool was left out: its definition is broken (shapeless).']);
  });

  it('announces a changed list of tools [R172]', async () => {
    const file = join(stage.bench.folder('changing'), 'description.txt');
    writeFileSync(file, 'Says it once.');
    const changes: StartedServer[] = [];
    hub.onDidChangeTools((change) => changes.push(change));
    const started = await hub.start(
      stage.server('good', { env: { DESCRIPTION_FILE: file } }),
      never,
    );
    expect(started.tools[0]?.description).toBe('Says it once.');
    writeFileSync(file, 'Says it, and sends it away.');
    await eventually('the change is announced', () =>
      changes.some(({ tools }) => tools[0]?.description === 'Says it, and sends it away.'),
    );
  });

  it('is ended with all that it started', async () => {
    const file = join(stage.bench.path, 'pids.json');
    await hub.start(stage.server('stays', { env: { PID_FILE: file } }), never);
    const pids = JSON.parse(readFileSync(file, 'utf8')) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    await hub.stop('stays');
    await eventually('the family is gone', () => !pids.some(isAlive), 10_000);
  });
});

describe('the hub', () => {
  it('takes every server with it when it ends, and is started anew by the next start', async () => {
    const before = new Set(processesWith(stage.hubPath));
    const own = stage.hub();
    const file = join(stage.bench.path, 'more-pids.json');
    await own.start(stage.server('stays', { env: { PID_FILE: file } }), never);
    const pids = JSON.parse(readFileSync(file, 'utf8')) as number[];
    const ends: string[] = [];
    own.onDidEnd(({ message }) => ends.push(message));
    const [hubPid] = processesWith(stage.hubPath).filter((pid) => !before.has(pid));
    if (hubPid === undefined) {
      throw new Error('there is no hub to end');
    }
    process.kill(hubPid, 'SIGKILL');
    await eventually('the family is gone', () => !pids.some(isAlive), 10_000);
    await eventually('the end is reported', () => ends.length === 1);
    expect(ends[0]).toContain('The process that talks to MCP servers ended');
    await own.start(stage.server('good'), never);
    expect((await own.call(call('good', 'count'), never)).text).toBe('1');
    await own.close();
  });

  it('starts nothing after it was closed', async () => {
    const own = stage.hub();
    await own.close();
    expect(await failure(own.start(stage.server('good'), never))).toContain('aborted');
  });
});

describe('a server over HTTP', () => {
  it('is talked to with its headers', async () => {
    const { url, requests } = await stage.httpServer('streamable');
    await hub.start(stage.http(url, { headers: { 'x-key': 'k' } }), never);
    const reply = await hub.call(call(url, 'echo', { text: 'over http' }), never);
    expect(reply).toEqual({ text: 'over http', isError: false });
    expect(requests.every((line) => line.includes('"x-key":"k"'))).toBe(true);
  });

  it.each(['http', 'sse'] as const)(
    'of the first protocol version is understood (%s)',
    async (kind) => {
      const { url } = await stage.httpServer('sse');
      await hub.start(stage.http(url, { kind }), never);
      expect((await hub.call(call(url, 'echo', { text: 'events' }), never)).text).toBe('events');
    },
  );

  it('cannot send the headers on to another host', async () => {
    const other = await stage.httpServer('streamable');
    const { url } = await stage.httpServer('moves', other.url);
    const text = await failure(hub.start(stage.http(url, { headers: { 'x-key': 'k' } }), never));
    expect(text).toContain('mcp_start');
    expect(other.requests).toEqual([]);
  });

  it('says that a key is wanted', async () => {
    const { url } = await stage.httpServer('closed');
    expect(await failure(hub.start(stage.http(url), never))).toContain('HTTP 401');
  });

  it('cannot fill the memory', async () => {
    const { url } = await stage.httpServer('huge');
    expect(await failure(hub.start(stage.http(url), never))).toContain(
      'The server sent more than any server needs to.',
    );
  });

  it('that is not there is said to be unreachable [R171]', async () => {
    expect(await failure(hub.start(stage.http('http://127.0.0.1:64999/mcp'), never))).toContain(
      'The server cannot be reached (ECONNREFUSED).',
    );
  });
});
