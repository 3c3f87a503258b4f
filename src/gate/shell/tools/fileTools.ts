import { awkProgramDanger, jqFilterDanger } from './scripts';
import { sedScriptDanger } from './sedScript';
import type { ParsedArguments, ToolTable } from './toolTable';

/** A backup gets a name that is put together: the target's with a suffix of the caller's. */
const backups = '-b --backup -S --suffix';

/** Programs that look at files, and those that change them. */
export const fileTools: readonly ToolTable[] = [
  { names: 'echo', isTextOnly: true, isReader: true },
  { names: 'printf', isTextOnly: true, isReader: true, runs: '-v' },
  { names: 'true false pwd : whoami id uname arch nproc uptime type times', isReader: true },
  { names: 'printenv', isReader: true },
  { names: 'seq sleep basename dirname tty locale', isReader: true },
  { names: 'cd', isReader: true },
  {
    names: 'test [',
    isReader: true,
    isUnusual: true,
    // These read a name as an expression, and an expression may hold a substitution.
    runs: '-v -R',
    texts: '-eq -ne -gt -ge -lt -le',
    only: '-f -d -e -r -w -x -s -L -h -b -c -g -k -p -u -S -t -O -G -N -z -n -nt -ot -ef -a -o',
  },
  { names: 'cat', isReader: true },
  {
    names: 'bat batcat',
    isReader: true,
    runs: '--pager --paging --lessopen',
    chooses: '--config-file --config-dir --cache-dir --source',
    texts: '-l --language',
  },
  {
    names: 'head tail ghead gtail',
    isReader: true,
    texts: '-n -c --lines --bytes',
    reads: '--pid',
  },
  {
    names: 'ls dir vdir exa eza lsd gls',
    isReader: true,
    attachedTexts: '--time-style --format --sort --color --time',
  },
  {
    names: 'wc du stat gstat',
    isReader: true,
    reads: '--files0-from -X --exclude-from',
    attachedTexts: '--format --printf --exclude --time-style',
  },
  {
    names: 'file',
    isReader: true,
    reads: '-f --files-from',
    chooses: '-m --magic-file',
    writes: '-C --compile',
    runs: '-z -Z --uncompress',
  },
  {
    names:
      'nl tac rev paste fold fmt expand unexpand column comm join od cksum sum strings readlink realpath df free cmp zcat diff3',
    isReader: true,
    reads: '--files0-from',
    runs: '--diff-program',
  },
  { names: 'hexdump', isReader: true, reads: '-f' },
  { names: 'cut', isReader: true, texts: '-d --delimiter -f --fields -c --characters -b --bytes' },
  { names: 'tr', isReader: true, isTextOnly: true },
  { names: 'xxd uniq', isReader: true, maxOperands: 1, writes: '-r' },
  {
    names: 'md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum shasum md5',
    isReader: true,
    reads: '-c --check',
  },
  {
    names: 'which whereis whatis apropos',
    isReader: true,
    runs: '-i --read-alias --read-functions',
    chooses: '-B -M -S -C -P --config-file --manpath',
  },
  {
    names: 'date gdate',
    isReader: true,
    reads: '-f --file',
    writes: '-s --set',
    texts: '-d --date -v',
    isTextOnly: true,
    check: dateCheck,
  },
  { names: 'hostname', isReader: true, reads: '-F --file -b --boot', maxOperands: 0 },
  {
    names: 'grep egrep fgrep zgrep ggrep',
    isReader: true,
    reads: '-f --file --exclude-from',
    runs: '--decompress',
    textOperands: 1,
    textsElsewhere: '-e --regexp -f --file',
    texts: '-e --regexp -A --after-context -B --before-context -C --context -m --max-count --label',
    attachedTexts: '--color --colour',
  },
  {
    names: 'rg',
    isReader: true,
    runs: '--pre --hostname-bin -z --search-zip',
    reads: '-f --file --ignore-file --pre-glob',
    chooses: '--hyperlink-format',
    textOperands: 1,
    textsElsewhere: '-e --regexp -f --file --files --type-list',
    texts:
      '-e --regexp -A --after-context -B --before-context -C --context -m --max-count -g --glob --iglob -t --type -T --type-not -r --replace -M --max-columns -j --threads -d --max-depth --sort --sortr --color --colors --engine -E --encoding',
  },
  {
    names: 'ag ack',
    isReader: true,
    runs: '--pager -z --search-zip --output',
    reads: '-p --path-to-ignore --ackrc -f -x --files-from --ignore-file',
    textOperands: 1,
    textsElsewhere: '-f -g --match',
  },
  {
    names: 'find gfind',
    isReader: true,
    isUnusual: true,
    runs: '-exec -execdir -ok -okdir',
    deletes: '-delete',
    writes: '-fprint -fprint0 -fprintf -fls',
    reads: '-files0-from --files0-from',
    texts:
      '-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -xtype -size -mtime -mmin -atime -amin -ctime -cmin -maxdepth -mindepth -printf -perm -user -group -regextype -newermt',
    check: findCheck,
  },
  {
    names: 'fd fdfind',
    isReader: true,
    runs: '-x --exec -X --exec-batch -l --list-details',
    chooses: '-C --base-directory --gen-completions',
    reads: '--ignore-file',
    textOperands: 1,
    texts:
      '-e --extension -t --type -d --max-depth --min-depth -E --exclude -S --size -c --color -j --threads --format',
    isUnusual: true,
  },
  {
    names: 'tree',
    isReader: true,
    writes: '-o -R',
    reads: '--fromfile --fromtabfile --gitfile --infofile',
    texts: '-L -P -I --filelimit --charset --timefmt --sort',
  },
  { names: 'sdiff', isReader: true, writes: '-o --output', runs: '--diff-program' },
  {
    names: 'diff colordiff',
    isReader: true,
    runs: '-l --paginate',
    reads: '-X --exclude-from',
    texts: '-U --unified -I -x --exclude -W --label -L',
  },
  {
    names: 'sort gsort',
    isReader: true,
    writes: '-o --output -T --temporary-directory',
    runs: '--compress-program',
    reads: '--files0-from --random-source',
    texts: '-k --key -t --field-separator -S --buffer-size',
    values: '--parallel --batch-size',
  },
  {
    // Not -l: a flag to some, to others one with a number behind it, so that the script is another word.
    names: 'sed gsed',
    only: '-n -E -r -s -u -z --quiet --silent --regexp-extended --posix --sandbox --separate --unbuffered --null-data --version --help --debug',
    texts: '-e --expression',
    textOperands: 1,
    textsElsewhere: '-e --expression',
    isReader: true,
    check: sedCheck,
  },
  {
    names: 'awk gawk mawk nawk original-awk',
    only: '--version -V -S --sandbox --posix -P --re-interval',
    texts: '-F --field-separator -v --assign',
    textOperands: 1,
    isReader: true,
    check: awkCheck,
  },
  {
    names: 'jq gojq jaq',
    only: '-r --raw-output -c --compact-output -e --exit-status -S --sort-keys -s --slurp -n --null-input -R --raw-input -M --monochrome-output -C --color-output -j --join-output -a --ascii-output --tab --unbuffered --stream -V --version -h --help',
    values: '--indent',
    textOperands: 1,
    isReader: true,
    check: ({ operands }) => jqFilterDanger(operands[0]?.word ?? ''),
  },
  {
    names: 'yq',
    only: '-r -P -M -C --version',
    values: '-o',
    textOperands: 1,
    isReader: true,
    check: ({ operands }) =>
      operands.some(({ word }) => /load|env|eval/.test(word))
        ? 'gives yq an expression that reads more than its file'
        : undefined,
  },
  {
    names: 'less more most pg',
    isReader: true,
    writes: '-o -O --log-file --LOG-FILE',
    chooses: '-k --lesskey-file --lesskey-src --lesskey-content',
    runs: '-t -T --tag --tag-file -p --pattern',
    check: plusCheck,
  },
  {
    names: 'man',
    isReader: true,
    only: '-a -f -k -w -W --where --path --whatis --apropos --all -V --version',
    check: ({ operands }) =>
      operands.some(({ word }) => /[/.]/.test(word)) ? 'gives man a file to format' : undefined,
  },
  { names: 'tee', writes: '--output-error', only: '-a --append -i --ignore-interrupts' },
  { names: 'rmdir', takesAway: 'delete', deletes: '-p --parents --ignore-fail-on-non-empty' },
  { names: 'mkdir', texts: '-m --mode', chooses: '-Z --context' },
  { names: 'touch', texts: '-d --date -t', reads: '-r --reference' },
  {
    names: 'cp gcp',
    puts: true,
    writes: backups,
    deletes: '-f --force --remove-destination',
    runs: '-r -R -a --recursive --archive',
  },
  { names: 'mv gmv', writes: backups, deletes: '-f --force', takesAway: 'move', puts: true },
  { names: 'ln gln', writes: backups, deletes: '-f --force', puts: true },
  { names: 'link', puts: true },
  { names: 'move move-item mi ren rename-item rni', takesAway: 'move', puts: true },
  { names: 'copy copy-item cpi', puts: true },
  { names: 'del erase rd remove-item ri', takesAway: 'delete' },
  {
    names: 'rm grm',
    takesAway: 'delete',
    deletes: '-r -R -f -d --recursive --force --dir --no-preserve-root',
  },
  { names: 'unlink', takesAway: 'delete' },
  { names: 'truncate', reads: '-r --reference' },
  { names: 'shred srm wipe', always: 'destroys files' },
  { names: 'install ginstall', puts: true, writes: backups, runs: '--strip-program -s --strip' },
  {
    names: 'chmod chown chgrp',
    reads: '--reference',
    deletes: '-R --recursive',
    check: chmodCheck,
  },
  {
    names: 'dd gdd',
    isUnusual: true,
    check: ({ words }) =>
      words.some((word) => /^of=/i.test(word)) ? 'gives dd an output file (of=)' : undefined,
  },
  { names: 'split gsplit csplit gcsplit', always: 'makes files with names that it puts together' },
  {
    names: 'tar bsdtar gtar',
    isReader: true,
    check: tarCheck,
  },
  {
    names: 'zip',
    runs: '-T -TT --test --unzip-command',
    deletes: '-m --move -d --delete -f --freshen',
    writes: '-b --temp-path -O --output-file --out -lf',
    reads: '-@ --names-stdin -x@ -i@ -r -R --recurse-paths --recurse-patterns',
  },
  {
    names: 'unzip',
    isReader: true,
    check: ({ words }) =>
      /^-q*[ltvZzp][ltvZzqp1]*$/.test(words[1] ?? '') &&
      !words.slice(2).some((word) => word.startsWith('-'))
        ? undefined
        : 'unpacks files',
  },
  {
    names: 'gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4 compress uncompress',
    deletes: '-f --force --rm',
    writes: '-o -S --suffix',
    reads: '--files --files0 --filelist --files-from -D',
    runs: '-r --recursive',
    check: unpackCheck,
  },
  { names: 'rename prename perl-rename file-rename', always: 'runs what it is given' },
  { names: 'patch gpatch bspatch xdelta xdelta3 quilt', always: 'changes what a file says' },
  {
    names:
      '7z 7za 7zr 7zz p7zip rar unrar unar cpio bsdcpio pax ar jar asar lha arj cabextract ditto uudecode shar dpkg-deb rpm2cpio zipfile tarfile',
    always: 'packs or unpacks what a list says',
  },
];

function findCheck({ words }: ParsedArguments): string | undefined {
  const odd = words
    .slice(1)
    .find((word) => /^-(?:exec|ok|delete|f?print0?f|fls|fprint)/.test(word) && word !== '-printf');
  return odd === undefined
    ? undefined
    : `gives find an option that runs programs, writes or deletes (${odd})`;
}

function sedCheck({ options, operands }: ParsedArguments): string | undefined {
  const scripts = options
    .filter(({ name }) => name === '-e' || (name.length > 2 && '--expression'.startsWith(name)))
    .map(({ value }) => value ?? 'w');
  const own = scripts.length > 0 ? scripts : [operands[0]?.word ?? ''];
  return own.map(sedScriptDanger).find((danger) => danger !== undefined);
}

function awkCheck({ operands, options }: ParsedArguments): string | undefined {
  const program = operands[0];
  const isAssigning = operands.slice(1).some(({ word }) => word.includes('='));
  const odd = options.find(({ value }) => value !== undefined && /[\\]/.test(value));
  return isAssigning || odd !== undefined
    ? 'gives awk a variable'
    : awkProgramDanger(program?.word ?? '');
}

function plusCheck({ words }: ParsedArguments): string | undefined {
  const odd = words.slice(1).find((word) => word.startsWith('+'));
  return odd === undefined ? undefined : `gives a pager a command (${odd})`;
}

function dateCheck({ operands, options }: ParsedArguments): string | undefined {
  const odd = operands.find(({ word }) => !word.startsWith('+'));
  return odd === undefined && !options.some(({ name }) => name === '-r' || name === '--reference')
    ? undefined
    : 'sets or reads the date from elsewhere';
}

function chmodCheck({ operands }: ParsedArguments): string | undefined {
  const mode = operands[0]?.word ?? '';
  return /s|^[0-7]*[2467][0-7]{3}$/.test(mode) ? 'sets the rights of another user' : undefined;
}

/** Only listing: everything else writes, or can run programs. */
function tarCheck({ words }: ParsedArguments): string | undefined {
  const first = words[1] ?? '';
  const rest = words.slice(2).filter((word) => word !== '--');
  const isListing = /^-?[tvfzjJaO]*t[vfzjJaO]*$/.test(first) || first === '--list';
  const odd = rest.find(
    (word) =>
      word.startsWith('-') &&
      !/^-[vzjJ]*f?$/.test(word) &&
      !/^--(?:verbose|file=.*|gzip|bzip2|xz|list)$/.test(word),
  );
  if (!isListing || odd !== undefined) {
    return 'makes tar do more than list an archive';
  }
  // Here a name with a colon is an archive on another machine, which tar fetches by a program.
  const remote = rest.find((word) => word.includes(':'));
  return remote === undefined ? undefined : `names an archive on another machine (${remote})`;
}

/** What is unpacked gets a name that is put together, or the one that the archive says. */
function unpackCheck({ words, options, operands }: ParsedArguments): string | undefined {
  const has = (...names: readonly string[]): boolean =>
    options.some(
      ({ name }) =>
        names.includes(name) ||
        (name.length > 3 &&
          names.some((known) => known.startsWith('--') && known.startsWith(name))),
    );
  const isUnpacking =
    /^(?:gunzip|bunzip2|unxz|unzstd|uncompress)$/.test(words[0] ?? '') ||
    has('-d', '--decompress', '--uncompress', '-N', '--name') ||
    (words[0] === 'lz4' && operands.some(({ word }) => word.endsWith('.lz4')));
  return isUnpacking && !has('-c', '--stdout', '--to-stdout', '-t', '--test', '-l', '--list')
    ? 'unpacks files'
    : undefined;
}
