import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { errorMessage } from '../base/patchbayError';
import { replay, type ReplayLine } from './replay';
import type { ReplayDialectName } from './replayDialect';
import { withValuesJoined } from './joinedValues';

export interface ReplayCommand {
  readonly kind: 'replay';
  readonly dialect: ReplayDialectName;
  readonly chunkBytes?: number;
}

const dialects: readonly ReplayDialectName[] = [
  'claude-cli',
  'codex-app-server',
  'codex-exec',
  'acp',
  'pi-rpc',
];

/** How a pipe of the agent gives its bytes when nobody asks for less. */
const usualChunkBytes = 64 * 1024;

/** Throws an Error with one line that says what is wrong. */
export function replayCommand(argv: readonly string[]): ReplayCommand {
  const { values } = parseArgs({
    args: withValuesJoined(argv),
    strict: true,
    options: { dialect: { type: 'string' }, 'chunk-bytes': { type: 'string' } },
  });
  const dialect = dialects.find((known) => known === values.dialect);
  if (dialect === undefined) {
    throw new Error(`--dialect must be one of ${dialects.join(', ')}`);
  }
  const chunkBytes = values['chunk-bytes'];
  if (chunkBytes === undefined) {
    return { kind: 'replay', dialect };
  }
  if (!/^[1-9]\d{0,8}$/.test(chunkBytes)) {
    throw new Error('--chunk-bytes must be a whole number of bytes, at least 1');
  }
  return { kind: 'replay', dialect, chunkBytes: Number(chunkBytes) };
}

/** Plays what comes on standard input; one JSON line per event on standard output. Gives the exit status. */
export async function runReplay(command: ReplayCommand): Promise<number> {
  const { stdin, stdout } = process;
  const pieces: Uint8Array[] = [];
  for await (const piece of stdin) {
    if (piece instanceof Uint8Array) {
      pieces.push(piece);
    }
  }
  const chunkBytes = command.chunkBytes ?? usualChunkBytes;
  return replay({
    dialect: command.dialect,
    recording: Buffer.concat(pieces),
    nextChunkBytes: () => chunkBytes,
    emit: (line) => stdout.write(`${toText(line)}\n`),
    // A reader that is slow slows the replay down; the lines do not pile up.
    pace: async () => {
      if (stdout.writableNeedDrain) {
        await once(stdout, 'drain');
      }
    },
  });
}

/** What an agent sent can be nested too deeply to be written down. */
function toText(line: ReplayLine): string {
  try {
    return JSON.stringify(line);
  } catch (error) {
    return JSON.stringify({ error: `A line cannot be written: ${errorMessage(error)}` });
  }
}
