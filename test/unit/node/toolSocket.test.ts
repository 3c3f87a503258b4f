import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isRecord } from '../../../src/base/guard';
import { ToolSocket, type ToolSocketOptions } from '../../../src/node/toolSocket';
import { toolSocketVariables } from '../../../src/node/toolSocketProtocol';
import { eventually, Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
let toolServerPath = '';
const open: { close(): void }[] = [];

beforeAll(async () => {
  toolServerPath = await bench.shippedProgram('toolServer');
});
afterEach(() => open.splice(0).forEach((item) => item.close()));
afterAll(() => bench.remove());

interface Heard {
  readonly message: unknown;
  readonly connection: string;
}

async function listening(
  more: Partial<ToolSocketOptions> = {},
): Promise<{ readonly socket: ToolSocket; readonly address: string; readonly token: string }> {
  const socket = new ToolSocket({ toolServerPath, ...more });
  open.push(socket);
  await socket.listen();
  const { env } = socket.program;
  return {
    socket,
    address: env[toolSocketVariables.address] ?? '',
    token: env[toolSocketVariables.token] ?? '',
  };
}

/** A client of the socket that keeps what it is told, and knows when it was closed. */
class Client {
  text = '';
  isClosed = false;
  private readonly line: Socket;

  constructor(address: string) {
    this.line = createConnection(address);
    this.line.on('data', (chunk) => (this.text += chunk.toString()));
    this.line.on('error', () => undefined);
    this.line.on('close', () => (this.isClosed = true));
    open.push({ close: () => this.line.destroy() });
  }

  write(text: string | Buffer): void {
    this.line.write(text);
  }

  async isEnded(): Promise<void> {
    await eventually('the connection is closed', () => this.isClosed);
  }
}

function heardBy(socket: ToolSocket): Heard[] {
  const heard: Heard[] = [];
  socket.onMessage((message, connection) => heard.push({ message, connection }));
  return heard;
}

const greet = (token: string): string => `${JSON.stringify({ token })}\n`;

describe('the private socket of a child', () => {
  it('lies in a folder that only the user can enter, and only the user can use it', async () => {
    const { address } = await listening();
    expect(statSync(address).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(address)).mode & 0o777).toBe(0o700);
    expect(address.length).toBeLessThan(104);
  });

  it('has a token of its own, long and random', async () => {
    const [one, two] = [await listening(), await listening()];
    expect(one.token).toMatch(/^[0-9a-f]{64}$/);
    expect(one.token).not.toBe(two.token);
    expect(one.address).not.toBe(two.address);
  });

  it('is a named pipe with a random name on Windows', () => {
    const [one, two] = [0, 1].map(
      () => new ToolSocket({ toolServerPath, platform: 'win32' }).program.env,
    );
    expect(one?.[toolSocketVariables.address]).toMatch(/^\\\\\.\\pipe\\patchbay-[0-9a-f]{32}$/);
    expect(one?.[toolSocketVariables.address]).not.toBe(two?.[toolSocketVariables.address]);
  });

  it('hands on what follows the token, cut anywhere, and answers that connection', async () => {
    const { socket, address, token } = await listening();
    const heard = heardBy(socket);
    const client = new Client(address);
    const bytes = Buffer.from(`${greet(token)}{"id":1,"method":"ü"}\n{"id":2}\n`);
    for (const byte of bytes) {
      client.write(Buffer.from([byte]));
    }
    await eventually('both messages are here', () => heard.length === 2);
    expect(heard.map(({ message }) => message)).toEqual([{ id: 1, method: 'ü' }, { id: 2 }]);
    socket.send({ id: 1, result: 'yes' }, heard[0]?.connection ?? '');
    socket.send({ id: 2, result: 'nobody' }, 'no such connection');
    await eventually('the answer is here', () => client.text !== '');
    expect(client.text).toBe('{"id":1,"result":"yes"}\n');
  });

  it.each([
    ['a wrong token', (token: string) => greet(`${token.slice(1)}0`)],
    ['a token in part', (token: string) => greet(token.slice(0, 10))],
    ['no token', () => '{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n'],
    ['a token that is no text', () => '{"token":{}}\n'],
    ['no JSON', () => 'GET / HTTP/1.1\r\n\r\n'],
    ['a first line without an end', () => 'x'.repeat(5000)],
    ['a first line beyond measure', (token: string) => `${' '.repeat(5000)}${greet(token)}`],
  ])('closes a connection that begins with %s, without a word', async (_what, first) => {
    const { socket, address, token } = await listening();
    const heard = heardBy(socket);
    const client = new Client(address);
    client.write(`${first(token)}{"id":1}\n`);
    await client.isEnded();
    expect(client.text).toBe('');
    expect(heard).toEqual([]);
  });

  it('closes a connection that says nothing', async () => {
    const { address } = await listening({ greetingMs: 20 });
    await new Client(address).isEnded();
  });

  it('keeps several connections apart, each with the token, and no more than a few', async () => {
    const { socket, address, token } = await listening();
    const heard = heardBy(socket);
    const clients = Array.from({ length: 8 }, () => new Client(address));
    for (const [index, client] of clients.entries()) {
      client.write(`${greet(token)}{"id":${index}}\n`);
    }
    await eventually('all have spoken', () => heard.length === 8);
    expect(new Set(heard.map(({ connection }) => connection)).size).toBe(8);
    const ninth = new Client(address);
    ninth.write(greet(token));
    await ninth.isEnded();
    expect(clients.some(({ isClosed }) => isClosed)).toBe(false);
  });

  it('closes a connection that sends a line above all measure, or no JSON, and no other', async () => {
    const { socket, address, token } = await listening({ maxLineBytes: 1000 });
    const heard = heardBy(socket);
    const [good, big, odd] = [new Client(address), new Client(address), new Client(address)];
    big.write(`${greet(token)}{"text":"${'x'.repeat(2000)}"}\n`);
    odd.write(`${greet(token)}this is no JSON\n`);
    await Promise.all([big.isEnded(), odd.isEnded()]);
    good.write(`${greet(token)}{"id":1}\n`);
    await eventually('the other is heard', () => heard.length === 1);
  });

  it('keeps what is said while nobody listens, but refuses a call then', async () => {
    const { socket, address, token } = await listening();
    const client = new Client(address);
    client.write(`${greet(token)}{"id":1,"method":"initialize"}\n{"id":2,"method":"tools/call"}\n`);
    await eventually('the call is refused', () => client.text !== '');
    expect(JSON.parse(client.text)).toMatchObject({ id: 2, error: { code: -32600 } });
    expect(heardBy(socket).map(({ message }) => message)).toEqual([
      { id: 1, method: 'initialize' },
    ]);
  });

  it('ends with its child: connections are closed, socket and folder are gone', async () => {
    const { socket, address, token } = await listening();
    const heard = heardBy(socket);
    const client = new Client(address);
    client.write(`${greet(token)}{"id":1}\n`);
    await eventually('it is connected', () => heard.length === 1);
    socket.close();
    socket.close();
    await client.isEnded();
    expect(existsSync(dirname(address))).toBe(false);
    await new Client(address).isEnded();
    await expect(socket.listen()).rejects.toThrow('was closed');
    socket.send({ id: 1 }, heard[0]?.connection ?? '');
  });
});

describe('the program that an agent starts as its MCP server', () => {
  interface Running {
    readonly child: ChildProcessByStdio<Writable, Readable, null>;
    readonly said: () => string;
    readonly ended: Promise<unknown>;
  }
  const run = (
    program: ToolSocket['program'],
    env: Readonly<Record<string, string>> = program.env,
  ): Running => {
    const child = spawn(program.command, program.args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    open.push({ close: () => child.kill('SIGKILL') });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { child, said: () => said, ended: once(child, 'exit') };
  };

  it('hands its lines to the host and the host’s answers back, and ends with its input', async () => {
    const { socket } = await listening();
    socket.onMessage((message, connection) =>
      socket.send({ id: isRecord(message) ? message.id : null, result: {} }, connection),
    );
    const { child, said, ended } = run(socket.program);
    child.stdin.write('{"id":1,"method":"ping"}\n');
    await eventually('the answer is here', () => said() !== '');
    expect(said()).toBe('{"id":1,"result":{}}\n');
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  });

  it('ends when the host closes the socket', async () => {
    const { socket } = await listening();
    const heard = heardBy(socket);
    const { child, ended } = run(socket.program);
    child.stdin.write('{"id":1}\n');
    await eventually('it is connected', () => heard.length === 1);
    socket.close();
    expect(await ended).toEqual([0, null]);
  });

  it('ends at once with an error where no host answers, or none is named', async () => {
    const { socket } = await listening();
    socket.close();
    expect(await run(socket.program).ended).toEqual([1, null]);
    expect(await run(socket.program, {}).ended).toEqual([64, null]);
  });
});
