import { absolutePath, isAbsolutePath, syntaxOf } from '../../gate/pathSyntax';
import type { WorkspaceRoots } from '../../gate/contract';
import type { ConfiguredServer, ServerTransport } from './contract';
import type { PreparedStart } from './pluginServers';
import { describeReference, resolveReferences, type ReferenceValues } from './references';
import { urlProblem } from './serverConfig';

/** What a search for a program gives. */
export type FoundProgram =
  | {
      readonly kind: 'found';
      readonly path: string;
      readonly launch: { readonly file: string; readonly argsBefore: readonly string[] };
      readonly isInsideWorkspace: boolean;
      readonly searchPath: string;
    }
  | { readonly kind: 'missing' | 'broken'; readonly message: string };

export interface PreparePorts {
  /** By a program's name or absolute path. */
  readonly lookup: (program: string) => Promise<FoundProgram>;
  /** The allow-listed environment with the found PATH, and these variables on top. */
  readonly environment: (
    searchPath: string,
    env: Readonly<Record<string, string>>,
  ) => Readonly<Record<string, string>>;
  readonly roots: () => WorkspaceRoots;
  readonly env: ReferenceValues['env'];
  readonly input: (server: ConfiguredServer, id: string) => Promise<string | undefined>;
  readonly secret: ReferenceValues['secret'];
  readonly learnSecret: (value: string) => void;
}

/** Makes a definition ready to be started: values in, program found, folder settled. Asks nobody and starts nothing. */
export async function prepareStart(
  server: ConfiguredServer,
  ports: PreparePorts,
): Promise<PreparedStart> {
  const roots = ports.roots();
  const folder = server.source.kind === 'workspace' ? server.source.folder : roots.folders[0]?.path;
  const resolved = await resolveReferences(server.transport, {
    env: ports.env,
    input: (id) => ports.input(server, id),
    secret: ports.secret,
    places: {
      ...(folder === undefined ? {} : { workspaceFolder: folder }),
      userHome: roots.home,
      pathSeparator: roots.platform === 'win32' ? '\\' : '/',
    },
  });
  if (resolved.kind === 'missing') {
    return { kind: 'missing', missing: resolved.missing.map(describeReference) };
  }
  resolved.secrets.forEach(ports.learnSecret);
  const { transport } = resolved;
  const common = { key: server.key, timeoutMs: server.timeoutMs, roots: roots.folders };
  if (transport.kind !== 'stdio') {
    const problem = urlProblem(transport.url);
    return problem === undefined
      ? { kind: 'ready', request: { ...common, ...transport } }
      : { kind: 'refused', message: problem };
  }
  return prepareProgram(transport, folder ?? roots.home, roots, ports, common);
}

async function prepareProgram(
  transport: ServerTransport & { readonly kind: 'stdio' },
  base: string,
  roots: WorkspaceRoots,
  ports: PreparePorts,
  common: {
    readonly key: string;
    readonly timeoutMs: number;
    readonly roots: WorkspaceRoots['folders'];
  },
): Promise<PreparedStart> {
  const syntax = syntaxOf(roots.platform);
  const cwd = absolutePath(base, fromHome(transport.cwd ?? '', roots.home), syntax);
  const isPath = /[\\/]/.test(transport.command);
  const written = fromHome(transport.command, roots.home);
  const program =
    isPath && !isAbsolutePath(written, syntax) ? absolutePath(cwd, written, syntax) : written;
  const found = await ports.lookup(program);
  if (found.kind !== 'found') {
    return { kind: 'refused', message: found.message };
  }
  if (found.isInsideWorkspace && !isPath) {
    return {
      kind: 'refused',
      message: `"${transport.command}" was found inside the workspace (${found.path}) and was not started. Write its path in "command" if that one is meant.`,
    };
  }
  return {
    kind: 'ready',
    request: {
      ...common,
      kind: 'stdio',
      file: found.launch.file,
      args: [...found.launch.argsBefore, ...transport.args],
      cwd,
      env: ports.environment(found.searchPath, transport.env),
    },
  };
}

function fromHome(path: string, home: string): string {
  return /^~[\\/]/.test(path) ? home + path.slice(1) : path;
}
