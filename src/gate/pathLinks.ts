import type { PathProbe } from './contract';
import {
  absolutePath,
  foldDots,
  formatPath,
  isAbsolutePath,
  joinPath,
  parsePath,
  type ParsedPath,
  type PathSyntax,
} from './pathSyntax';

/** For places that have no links, or whose links nobody here can see: names alone decide. */
export const noLinks: PathProbe = {
  realPath: () => Promise.resolve(undefined),
  readLink: () => Promise.resolve(undefined),
  entriesOf: () => Promise.resolve([]),
};

/**
 * Where an absolute path leads: the real path of what exists, else through the links of the nearest existing ancestor,
 * dangling ones too. Undefined when the links do not end. Rejects when the file system cannot be asked.
 */
export async function resolveLinks(
  path: ParsedPath,
  probe: PathProbe,
  syntax: PathSyntax,
): Promise<string | undefined> {
  const real = await probe.realPath(formatPath(path, syntax));
  return real === undefined
    ? await followLinks(path, probe, syntax)
    : absolutePath(real, real, syntax);
}

/** Walks as a kernel does, link by link; then takes the file system's own spelling of the nearest existing ancestor. */
export async function followLinks(
  path: ParsedPath,
  probe: PathProbe,
  syntax: PathSyntax,
): Promise<string | undefined> {
  let walked: ParsedPath = { root: path.root, segments: [] };
  const pending = [...path.segments];
  let linkCount = 0;
  for (let segment = pending.shift(); segment !== undefined; segment = pending.shift()) {
    const next = foldDots({ root: walked.root, segments: [...walked.segments, segment] });
    const link = segment === '..' ? undefined : await probe.readLink(formatPath(next, syntax));
    if (link === undefined) {
      walked = next;
      continue;
    }
    linkCount += 1;
    if (linkCount > maxLinks) {
      return undefined;
    }
    const goal = joinPath(walked.root, link, syntax);
    pending.unshift(...goal.segments);
    walked = isAbsolutePath(link, syntax) ? { root: goal.root, segments: [] } : walked;
  }
  return await spellAsOnDisk(walked, probe, syntax);
}

const maxLinks = 40;

async function spellAsOnDisk(
  path: ParsedPath,
  probe: PathProbe,
  syntax: PathSyntax,
): Promise<string> {
  for (let count = path.segments.length; count > 0; count--) {
    const real = await probe.realPath(
      formatPath({ root: path.root, segments: path.segments.slice(0, count) }, syntax),
    );
    if (real !== undefined) {
      const parsed = parsePath(real, syntax);
      return formatPath(
        { root: parsed.root, segments: [...parsed.segments, ...path.segments.slice(count)] },
        syntax,
      );
    }
  }
  return formatPath(path, syntax);
}
