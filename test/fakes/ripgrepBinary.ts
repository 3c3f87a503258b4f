import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { editorRipgrepPaths } from '../../src/node/search';

/**
 * A ripgrep on this machine: on the PATH, or in the editor host that the in-host tests have fetched. Undefined where
 * there is none; the tests of the walk still run then.
 */
export function findRipgrep(): string | undefined {
  const caches = [process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')];
  const roots = caches.flatMap((cache) =>
    existsSync(cache)
      ? readdirSync(cache).map((name) =>
          join(cache, name, 'node_modules', 'code-server', 'lib', 'vscode'),
        )
      : [],
  );
  return [
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'rg')),
    ...roots.flatMap((root) => editorRipgrepPaths(root, process.platform, process.arch)),
  ].find((path) => existsSync(path));
}
