import { parseArguments } from '../parseArguments';
import { splitNames } from '../programNames';
import type { ParsedArguments, ToolTable } from './toolTable';

/** git with one of its subcommands: what is dangerous depends on that. */
export interface GitReading {
  readonly parsed: ParsedArguments;
  /** In words behind "the command". */
  readonly danger?: string;
  /** How many words a rule must name: more than one where git itself does not know the subcommand. */
  readonly wordsToCover: number;
  readonly isReader: boolean;
  readonly takesAway?: 'move' | 'delete';
  readonly puts: boolean;
}

export function readGit(words: readonly string[]): GitReading {
  let at = 1;
  for (; at < words.length && words[at]?.startsWith('-') === true; at += 1) {
    if (!harmlessGlobals.has(words[at] ?? '')) {
      return {
        parsed: parseArguments(words, 1, common),
        danger: `gives git an option that chooses a pager, a configuration or a repository (${words[at] ?? ''})`,
        wordsToCover: 1,
        isReader: false,
        puts: false,
      };
    }
  }
  const verb = words[at];
  const table = tableOf(verb);
  const parsed = parseArguments(words, at + 1, table);
  const danger =
    parsed.danger === undefined
      ? (table.check?.(parsed) ?? remoteDanger(parsed))
      : `gives git ${verb ?? ''} an option that ${parsed.danger.why} (${parsed.danger.option})`;
  const isKnown = verb === undefined || known.has(verb);
  return {
    parsed,
    ...(table.always === undefined
      ? {}
      : { danger: `runs git ${verb ?? ''}, which ${table.always}` }),
    ...(danger === undefined ? {} : { danger }),
    wordsToCover: isKnown ? coverOfRemote(verb, at, parsed) : at + 1,
    isReader: verb === undefined || readers.has(verb),
    puts: table.puts === true,
    ...(table.takesAway === undefined ? {} : { takesAway: table.takesAway }),
  };
}

const harmlessGlobals: ReadonlySet<string> = new Set(
  splitNames(
    '--no-pager -P --no-optional-locks --literal-pathspecs --glob-pathspecs --noglob-pathspecs --icase-pathspecs --no-replace-objects --no-advice --no-lazy-fetch --version -v --help -h',
  ),
);

const common: ToolTable = {
  names: 'git',
  runs: '--exec --ext-diff --extcmd --upload-pack --receive-pack --open-files-in-pager --textconv --filters --tool --gui --gpg-sign -O',
  chooses:
    '--git-dir --work-tree --exec-path --config --config-env --template --separate-git-dir --pager --object-dir --ref-format --reference --reference-if-able --index-file --super-prefix',
  writes: '--output --output-directory --export-marks',
  deletes:
    '--delete --prune --prune-tags --prune-empty --force-with-lease --force --mirror --hard --discard-changes',
  reads:
    '--file --pathspec-from-file --stdin --contents --from-file --import-marks --ignore-revs-file --exclude-from --exclude-per-directory --remote --message-file',
  texts: '--message --grep --author --committer --since --until --after --before',
  attachedTexts: '--format --pretty --sort --diff-filter --date --abbrev',
};

const rows: Readonly<Record<string, Partial<ToolTable>>> = {
  commit: {
    texts: '-m --trailer',
    reads: '-F -t',
    runs: '-S -e -p -c -C --patch --edit --interactive --reedit-message',
  },
  tag: { texts: '-m', reads: '-F', deletes: '-d -f', runs: '-s -u' },
  branch: {
    deletes: '-d -D -f -m -M -c -C --move --copy',
    runs: '--edit-description',
    chooses: '-u --set-upstream-to',
  },
  checkout: {
    deletes: '-f -B --ours --theirs --orphan',
    runs: '-p --patch',
    check: discardsFiles,
    takesAway: 'delete',
  },
  switch: { deletes: '-f -C --force-create --orphan' },
  restore: { runs: '-p --patch', takesAway: 'delete' },
  reset: { deletes: '--merge --keep', runs: '-p --patch' },
  push: { deletes: '-d -f', check: deletesRef },
  pull: { runs: '-s --strategy -X', deletes: '-f -p' },
  fetch: { deletes: '-f -p -P', check: deletesRef },
  clone: { runs: '-u', chooses: '-c', puts: true },
  grep: { reads: '-f', textOperands: 1, textsElsewhere: '-e', texts: '-e -A -B -C --max-depth -m' },
  log: { texts: '-S -G' },
  diff: { texts: '-S -G' },
  show: { texts: '-S -G' },
  archive: { writes: '-o', runs: '--exec' },
  'format-patch': { writes: '-o --suffix' },
  rebase: { runs: '-x -i -s --strategy -X --interactive --edit-todo' },
  merge: { runs: '-s --strategy -X -S', reads: '-F', texts: '-m' },
  'cherry-pick': { runs: '-e --edit -s --strategy -X -S' },
  revert: { runs: '-e --edit -S' },
  add: { runs: '-i -p -e --patch --interactive --edit' },
  stash: {
    texts: '-m',
    runs: '--patch',
    check: subcommandCheck('list show push save apply', 'stash'),
  },
  reflog: { check: subcommandCheck('show exists', 'reflog') },
  remote: { check: subcommandCheck('show get-url', 'remote') },
  worktree: { check: subcommandCheck('list', 'worktree') },
  submodule: { check: subcommandCheck('status summary', 'submodule') },
  notes: { check: subcommandCheck('list show', 'notes'), reads: '-F', texts: '-m' },
  bisect: { check: subcommandCheck('log start good bad new old skip reset terms', 'bisect') },
  config: { check: configCheck, reads: '-f --blob', runs: '-e' },
  'symbolic-ref': { deletes: '-d', check: setsRef },
  'update-ref': { always: 'changes the history by itself' },
  mktree: { always: 'changes the history by itself' },
  'commit-tree': { always: 'changes the history by itself' },
  'update-index': { reads: '--index-info' },
  'hash-object': { writes: '-w', reads: '--stdin-paths' },
  'cat-file': { reads: '--batch --batch-check --batch-command' },
  blame: { reads: '-S' },
  'ls-files': { reads: '-X' },
  apply: { always: 'changes what a file says' },
  am: { always: 'changes what a file says' },
  clean: { deletes: '-f -x -X -d -i', check: cleanCheck },
  rm: {
    deletes: '-r -f',
    takesAway: 'delete',
    check: (parsed) =>
      parsed.options.some(({ name }) => name === '--cached') ? undefined : 'deletes files',
  },
  mv: { deletes: '-f', takesAway: 'move', puts: true },
  help: { runs: '-w -i -m --web --info --man' },
  gc: { deletes: '--aggressive' },
};

const dangerous: Readonly<Record<string, string>> = Object.fromEntries([
  ...splitNames(
    'difftool mergetool filter-branch filter-repo hook daemon instaweb gui citool gitk web--browse credential credential-store credential-cache send-email shell remote-ext remote-fd remote-http remote-https upload-pack receive-pack upload-archive http-backend fast-import fast-export quiltimport request-pull p4 svn cvsserver cvsimport maintenance bundle sh-setup var-editor for-each-repo bugreport diagnose help--browse subtree lfs sparse-checkout checkout-index read-tree replace scalar',
  ).map((verb) => [verb, 'runs programs or changes how git works'] as const),
  ...splitNames('prune prune-packed repack unpack-objects').map(
    (verb) => [verb, 'deletes'] as const,
  ),
]);

const readers: ReadonlySet<string> = new Set(
  splitNames(
    'status log diff show blame annotate grep ls-files ls-tree ls-remote rev-parse rev-list describe shortlog cat-file diff-tree diff-index diff-files show-ref for-each-ref name-rev merge-base whatchanged count-objects check-ignore check-attr var version help cherry range-diff show-branch verify-commit verify-tag fsck',
  ),
);

const known: ReadonlySet<string> = new Set([
  ...readers,
  ...Object.keys(rows),
  ...Object.keys(dangerous),
  ...splitNames(
    'init mktree merge-tree merge-file rerere stripspace column patch-id interpret-trailers write-tree commit-tree pack-refs',
  ),
]);

const cache = new Map<string, ToolTable>();

function tableOf(verb: string | undefined): ToolTable {
  if (verb === undefined) {
    return common;
  }
  const made = cache.get(verb);
  if (made !== undefined) {
    return made;
  }
  const row: Partial<ToolTable> = Object.hasOwn(rows, verb) ? (rows[verb] ?? {}) : {};
  const join = (one = '', other = ''): string => `${one} ${other}`;
  const always = row.always ?? (Object.hasOwn(dangerous, verb) ? dangerous[verb] : undefined);
  const table: ToolTable = {
    ...row,
    names: 'git',
    runs: join(common.runs, row.runs),
    chooses: join(common.chooses, row.chooses),
    writes: join(common.writes, row.writes),
    deletes: join(common.deletes, row.deletes),
    reads: join(common.reads, row.reads),
    texts: join(common.texts, row.texts),
    attachedTexts: join(common.attachedTexts),
    ...(always === undefined ? {} : { always }),
  };
  if (known.has(verb)) {
    cache.set(verb, table);
  }
  return table;
}

/**
 * The repository that is sent to, or taken from, has to be named by the rule: a folder of the workspace may be one, whose
 * hooks run; an address may be anybody's. The usual names are the user's own configuration.
 */
function coverOfRemote(
  verb: string | undefined,
  at: number,
  { operands }: ParsedArguments,
): number {
  const [remote] = operands;
  const isNamed =
    remote !== undefined &&
    ['push', 'fetch', 'pull', 'ls-remote'].includes(verb ?? '') &&
    !['origin', 'upstream'].includes(remote.word);
  return isNamed ? Math.max(at, remote.index) + 1 : 1;
}

/** Transports that run programs: `ext::sh -c …`, and options hidden as operands. */
function remoteDanger(parsed: ParsedArguments): string | undefined {
  const remote = parsed.operands.find(({ word, isText }) => !isText && /^[\w-]+::/.test(word));
  return remote === undefined ? undefined : `names a remote that runs a program (${remote.word})`;
}

function deletesRef(parsed: ParsedArguments): string | undefined {
  const ref = parsed.operands.find(({ word }) => /^[+:]/.test(word));
  return ref === undefined ? remoteDanger(parsed) : `deletes or overwrites a branch (${ref.word})`;
}

function setsRef({ operands }: ParsedArguments): string | undefined {
  return operands.length > 1 ? 'changes where a name of the history leads' : undefined;
}

function discardsFiles(parsed: ParsedArguments): string | undefined {
  return parsed.words.includes('--') || parsed.operands.some(({ word }) => word === '.')
    ? 'discards changes of files'
    : undefined;
}

function cleanCheck(parsed: ParsedArguments): string | undefined {
  return parsed.options.some(({ name }) => name === '-n' || name === '--dry-run')
    ? undefined
    : 'deletes files';
}

function configCheck(parsed: ParsedArguments): string | undefined {
  const reading = new Set(['--get', '--get-all', '--get-regexp', '--list', '-l', '--get-urlmatch']);
  const isReading =
    parsed.options.some(({ name }) => reading.has(name)) ||
    ['get', 'list'].includes(parsed.operands[0]?.word ?? '');
  const changes = parsed.options.some(({ name }) =>
    /^--(?:add|unset|replace|rename|remove|edit)/.test(name),
  );
  return isReading && !changes ? undefined : 'changes the configuration of git';
}

/** Of the verbs of a subcommand only those that lose nothing. */
function subcommandCheck(
  harmless: string,
  name: string,
): (parsed: ParsedArguments) => string | undefined {
  const verbs = new Set(splitNames(harmless));
  return ({ operands }) => {
    const verb = operands[0]?.word;
    return verb === undefined || verbs.has(verb)
      ? undefined
      : `runs git ${name} ${verb}, which can delete, run or reconfigure something`;
  };
}
