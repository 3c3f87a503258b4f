/**
 * The program that talks to MCP servers, bundled to one file and run as plain Node under the supervisor. It holds every
 * server's connection, so that nothing a server sends can hold up the extension host, and the end of this process is the
 * end of all of them. JSON lines on its standard streams, see mcpHubProtocol; the end of its input is its end.
 */
import { encodeJsonLine, JsonLinesDecoder } from '../base/jsonLines';
import { isToHub, maxHubLineBytes, type FromHub, type ToHub } from './mcpHubProtocol';
import { ServerLink } from './mcpServerLink';

runHub();

function runHub(): void {
  const links = new Map<string, ServerLink>();
  /** Closing, but perhaps not gone. */
  const leaving = new Set<ServerLink>();
  const requests = new Map<string, AbortController>();

  const send = (message: FromHub): void => {
    // Whoever does not read any more has closed our input too.
    process.stdout.write(encodeJsonLine(message));
  };

  const close = async (key: string): Promise<void> => {
    const link = links.get(key);
    if (link !== undefined) {
      links.delete(key);
      leaving.add(link);
      await link.close();
      leaving.delete(link);
    }
  };

  const start = async (
    message: ToHub & { readonly kind: 'start' },
    signal: AbortSignal,
  ): Promise<void> => {
    const { id, request } = message;
    const { key } = request;
    await close(key);
    const link = new ServerLink(request, {
      onTools: (started) => send({ kind: 'tools', key, started }),
      onEnded: (failure) => {
        if (links.get(key) === link) {
          links.delete(key);
          send({ kind: 'ended', key, failure });
        }
      },
    });
    links.set(key, link);
    try {
      const started = await link.start(signal);
      send({ kind: 'started', id, started });
    } catch (error) {
      const failure = link.toFailure(error, 'mcp_start', signal);
      if (links.get(key) === link) {
        await close(key);
      }
      send({ kind: 'failed', id, failure });
    }
  };

  const call = async (
    message: ToHub & { readonly kind: 'call' },
    signal: AbortSignal,
  ): Promise<void> => {
    const { id, key } = message;
    const link = links.get(key);
    if (link === undefined) {
      const failure = {
        code: 'mcp_gone',
        message: 'The server does not run.',
        stderrTail: '',
      } as const;
      send({ kind: 'failed', id, failure });
      return;
    }
    try {
      send({ kind: 'replied', id, reply: await link.call(message, signal) });
    } catch (error) {
      send({ kind: 'failed', id, failure: link.toFailure(error, 'mcp_call', signal) });
      if (!signal.aborted) {
        link.endAfter(error);
      }
    }
  };

  const handle = async (message: ToHub, signal: AbortSignal): Promise<void> => {
    switch (message.kind) {
      case 'start':
        return start(message, signal);
      case 'call':
        return call(message, signal);
      case 'stop':
        await close(message.key);
        send({ kind: 'stopped', id: message.id });
        return;
      case 'log':
        send({ kind: 'logged', id: message.id, text: links.get(message.key)?.stderrTail ?? '' });
        return;
      case 'cancel':
        requests.get(message.id)?.abort();
    }
  };

  const end = async (): Promise<void> => {
    await Promise.allSettled([...links.keys()].map(close));
    process.exit(0);
  };
  const endAtOnce = (): void => {
    for (const link of [...links.values(), ...leaving]) {
      link.kill();
    }
    process.exit(1);
  };

  const decoder = new JsonLinesDecoder(
    {
      onMessage: (message) => {
        if (!isToHub(message)) {
          return;
        }
        if (message.kind === 'cancel') {
          void handle(message, neverAborted);
          return;
        }
        const abort = new AbortController();
        requests.set(message.id, abort);
        void handle(message, abort.signal).finally(() => requests.delete(message.id));
      },
      onInvalidLine: () => undefined,
    },
    { maxLineBytes: maxHubLineBytes },
  );
  process.stdin.on('data', (chunk: Uint8Array) => decoder.push(chunk));
  process.stdin.once('end', () => void end());
  process.stdout.on('error', endAtOnce);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, endAtOnce);
  }
  process.once('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    endAtOnce();
  });
  // A promise that a library forgot costs nobody else's server.
  process.on('unhandledRejection', (reason) => {
    process.stderr.write(
      `unhandled: ${reason instanceof Error ? reason.message : String(reason)}\n`,
    );
  });
}

const neverAborted = new AbortController().signal;
