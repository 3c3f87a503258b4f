import { existsSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorMessage } from '../base/patchbayError';
import { serveWebview } from './webviewServer';

export interface WebviewCommand {
  readonly kind: 'webview';
  readonly port: number;
}

/** Throws with one line that says what is wrong. */
export function webviewCommand(argv: readonly string[]): WebviewCommand {
  const { values } = parseArgs({
    args: [...argv],
    strict: true,
    options: { port: { type: 'string', default: '0' } },
  });
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error('--port must be a whole number from 0 to 65535');
  }
  return { kind: 'webview', port: Number(values.port) };
}

/**
 * Serves the panel until the input is closed or a signal comes; `{"url","token"}` is the one line on stdout. It works in
 * a checkout only: the themes it puts on are those of the tests. `bundleFolder` is `dist`.
 */
export async function runWebview(command: WebviewCommand, bundleFolder: string): Promise<number> {
  const webviewFolder = join(bundleFolder, 'webview');
  const editorFolder = join(bundleFolder, '../test/support/panel-page');
  if (!existsSync(join(webviewFolder, 'main.js')) || !existsSync(editorFolder)) {
    process.stderr.write('There is no built panel beside a checkout: run npm run build there.\n');
    return 70;
  }
  const ended = whenEnded();
  try {
    const server = await serveWebview({ port: command.port, webviewFolder, editorFolder });
    process.stdout.write(`${JSON.stringify({ url: server.url, token: server.token })}\n`);
    await ended;
    await server.close();
    return 0;
  } catch (error) {
    process.stderr.write(`The panel cannot be served: ${errorMessage(error)}\n`);
    return 1;
  }
}

/** An input that was never open (a null device, a file) is nobody who could go away. */
function whenEnded(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    if (isLifeline()) {
      process.stdin
        .once('end', resolve)
        .once('close', resolve)
        .once('error', () => resolve());
      process.stdin.resume();
    }
  });
}

function isLifeline(): boolean {
  try {
    const input = fstatSync(0);
    return process.stdin.isTTY || input.isFIFO() || input.isSocket();
  } catch {
    return false; // no input at all
  }
}
