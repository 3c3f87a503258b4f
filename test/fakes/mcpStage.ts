import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createRedactor } from '../../src/base/redact';
import { McpHubProcess } from '../../src/node/mcpHubProcess';
import type { StartRequest } from '../../src/tools/plugins/contract';
import { Workbench } from './realChildren';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = join(root, 'test/fixtures/mcp');

/** What the fixture writes to its error output beside its reason. */
export const fixtureSecret = 'hush-hush-hush-42';

/** The real hub program under the real supervisor, and the fixture servers. */
export class McpStage {
  readonly bench = new Workbench();
  readonly notices: string[] = [];
  private readonly hubs: McpHubProcess[] = [];
  private readonly servers: ChildProcess[] = [];
  private supervisorPath = '';
  hubPath = '';

  async prepare(): Promise<void> {
    this.supervisorPath = await this.bench.supervisor();
    this.hubPath = join(this.bench.path, 'mcpHub.js');
    await build({
      absWorkingDir: root,
      entryPoints: ['src/node/mcpHub.ts'],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile: this.hubPath,
      logLevel: 'silent',
    });
  }

  hub(): McpHubProcess {
    const hub = new McpHubProcess({
      supervisorPath: this.supervisorPath,
      hubPath: this.hubPath,
      inheritedEnv: process.env,
      redact: createRedactor([fixtureSecret]),
      onNotice: (text) => this.notices.push(text),
    });
    this.hubs.push(hub);
    return hub;
  }

  /** A fixture server over stdio, as it is asked to be started. */
  server(
    behaviour: string,
    more: { readonly key?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ): StartRequest {
    return {
      key: more.key ?? behaviour,
      timeoutMs: 5000,
      kind: 'stdio',
      file: process.execPath,
      args: [join(fixtures, 'server.mjs'), behaviour],
      cwd: this.bench.path,
      env: { PATH: process.env.PATH ?? '', ...more.env },
      roots: [{ name: 'bench', path: this.bench.path }],
    };
  }

  /** A fixture server over HTTP; `requests` grows with what it is asked. */
  async httpServer(
    behaviour: string,
    target = '',
  ): Promise<{ readonly url: string; readonly requests: readonly string[] }> {
    const child = spawn(process.execPath, [join(fixtures, 'httpServer.mjs'), behaviour, target], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.servers.push(child);
    const lines = createInterface({ input: child.stdout });
    const requests: string[] = [];
    const port = await new Promise<string>((resolve) => {
      lines.once('line', (line) => {
        lines.on('line', (request) => requests.push(request));
        resolve(line);
      });
    });
    return { url: `http://127.0.0.1:${port}/mcp`, requests };
  }

  http(
    url: string,
    more: { readonly kind?: 'http' | 'sse'; readonly headers?: Record<string, string> } = {},
  ): StartRequest {
    const { kind = 'http', headers = {} } = more;
    return { key: url, timeoutMs: 5000, kind, url, headers, roots: [] };
  }

  async end(): Promise<void> {
    await Promise.all(this.hubs.map((hub) => hub.close()));
    for (const server of this.servers) {
      server.stdin?.end();
    }
    this.bench.remove();
  }
}
