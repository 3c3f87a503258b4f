import type { PlatformPath } from 'node:path';

/**
 * Where npm put the real program of a package whose own file is a placeholder because its installation script did not
 * run (`--ignore-scripts`): in the package for this platform, beside or inside the package that the file belongs to.
 * `claude-code` keeps it as `claude`, `opencode-ai` (whose platform packages are called `opencode-…`) in `bin`, seen in
 * their releases 2.1 and 1.0.
 */
export function platformPrograms(
  realPath: string,
  where: { readonly platform: NodeJS.Platform; readonly arch: string; readonly path: PlatformPath },
): readonly string[] {
  const { platform, arch, path } = where;
  const match = /^(.*[\\/]node_modules)[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](.+)$/.exec(realPath);
  const [, modules = '', packageName = '', file = ''] = match ?? [];
  if (match === null) {
    return [];
  }
  const stem = path.basename(file).replace(/\.(?:exe|[cm]?js)$/i, '');
  const scope = path.dirname(packageName);
  const bases = [packageName, scope === '.' ? stem : path.join(scope, stem)];
  const system = platform === 'win32' ? ['windows', 'win32'] : [platform];
  const program = platform === 'win32' ? `${stem}.exe` : stem;
  return [modules, path.join(modules, packageName, 'node_modules')].flatMap((folder) =>
    [...new Set(bases)].flatMap((base) =>
      system.flatMap((name) =>
        ['', '-baseline', '-musl'].flatMap((variant) => {
          const home = path.join(folder, `${base}-${name}-${arch}${variant}`);
          return [path.join(home, program), path.join(home, 'bin', program)];
        }),
      ),
    ),
  );
}
