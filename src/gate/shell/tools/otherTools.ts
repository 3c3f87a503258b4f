import type { ParsedArguments, ToolTable } from './toolTable';

/** Programs that build, fetch, manage and talk to others. */
export const otherTools: readonly ToolTable[] = [
  {
    names: 'npm pnpm',
    hasOneDash: true,
    runs: '--script-shell --shell --call -c --editor --viewer --browser --git --node-options --python --node-gyp --onload-script --package -p --shell-mode --shell-emulator --scripts-prepend-node-path --allow-scripts --dangerously-allow-all-builds --gpg',
    chooses:
      '--prefix -C --dir --userconfig --globalconfig --config --registry --cache --store-dir --global -g --location --local-prefix --init-module --cafile --modules-dir --virtual-store-dir --lockfile-dir --proxy --https-proxy --pnpmfile --global-pnpmfile --ignore-scripts=false',
    writes: '--logs-dir --pack-destination --output',
    check: npmCheck,
  },
  {
    names: 'yarn bun',
    hasOneDash: true,
    runs: '--script-shell --preload -r --require --eval -e --print -p --shell --inspect --inspect-brk',
    chooses:
      '--cwd --config -c --use-yarnrc --modules-folder --cache-folder --global-folder --link-folder --registry --global -g --prefix --env-file --tsconfig-override --yarn-path',
    writes: '--outdir --outfile',
    check: npmCheck,
  },
  { names: 'corepack volta nvm fnm asdf mise', always: 'chooses which programs run' },
  {
    names: 'make gmake',
    runs: '--eval -E -e --environment-overrides -W --what-if --new-file',
    chooses: '-f --file --makefile -C --directory -I --include-dir -o --old-file --assume-old',
    check: assignsVariable,
  },
  {
    names: 'just task rake ninja cmake bazel meson scons ant',
    runs: '--shell --shell-arg --eval -E -e --execute -r --require',
    chooses:
      '-f --file --justfile --taskfile -d --dir -C --working-directory --directory --makefile --rakefile -P --config --workspace_root --output_base',
    writes: '--output -o',
    check: assignsVariable,
  },
  {
    names: 'cargo',
    runs: '--config -Z',
    chooses:
      '--manifest-path --target-dir -C --registry --index --lockfile-path --root --path --git',
    writes: '--out-dir --artifact-dir',
    check: toolchainCheck,
  },
  { names: 'rustc', always: 'writes what its options say' },
  {
    names: 'go',
    hasOneDash: 'always',
    runs: '-exec -toolexec -vettool -fixtool -ldflags -gcflags -asmflags -gccgoflags -compiler -pkgdir -buildmode -linkmode',
    chooses: '-C -modfile -overlay -modcacherw -pgo -workfile',
    writes:
      '-o -cpuprofile -memprofile -blockprofile -mutexprofile -coverprofile -trace -outputdir -work -w -u -test.cpuprofile -test.memprofile -test.outputdir -test.coverprofile -test.trace -test.blockprofile',
    check: goCheck,
  },
  {
    names: 'mvn mvnw gradle gradlew',
    runs: '-D --define -I --init-script -J --system-prop',
    chooses:
      '-f --file -s --settings -gs --global-settings -t --toolchains -p --project-dir -b --build-file -c --settings-file -g --gradle-user-home --include-build --project-cache-dir',
    writes: '-l --log-file',
  },
  {
    names: 'pip pip2 pip3',
    reads: '-r --requirement -c --constraint',
    chooses:
      '-e --editable -t --target --prefix --root --python -i --index-url --extra-index-url -f --find-links --config-settings --cache-dir --src --user --proxy --cert --trusted-host',
    runs: '--global-option --build-option --install-option',
    writes: '--log --report -d --dest -w --wheel-dir',
    deletes: '-y --yes --force-reinstall',
    check: pipCheck,
  },
  {
    names:
      'apt apt-get aptitude yum dnf pacman zypper apk brew port snap flatpak winget choco scoop dpkg rpm',
    check: ({ operands }) =>
      ['list', 'search', 'show', 'info'].includes(operands[0]?.word ?? '')
        ? undefined
        : 'changes what is installed',
    runs: '-o --option -c --config-file',
  },
  {
    names: 'pytest py.test',
    runs: '-p --pdbcls --pdb --debug',
    chooses:
      '-c --config-file --rootdir --confcutdir -o --override-ini --import-mode --basetemp --pyargs --cache-clear',
    writes: '--junitxml --junit-xml --log-file --report-log --resultlog --cov-report --cov-config',
    texts: '-k -m',
  },
  {
    names: 'eslint',
    runs: '--rulesdir --parser --plugin --resolve-plugins-relative-to -f --format --init',
    chooses: '-c --config',
    writes: '-o --output-file --cache-file --cache-location',
    reads: '--ignore-path',
  },
  {
    names: 'prettier',
    runs: '--plugin --plugin-search-dir',
    chooses: '--config',
    reads: '--ignore-path',
    writes: '--cache-location',
  },
  {
    names: 'jest vitest mocha ava tap karma',
    runs: '--globalSetup --global-setup --globalTeardown --setupFiles --setupFilesAfterEnv --testRunner --runner --transform --reporters --reporter --testEnvironment --resolver --require -r --import --node-option --watchman --file --ui --pool --browser --environment --snapshotResolver --testSequencer --loader',
    chooses: '--config -c --root --rootDir --projects --dir --roots --cwd --package',
    writes:
      '--outputFile --output-file --coverageDirectory --cacheDirectory --coverage.reportsDirectory',
  },
  {
    names: 'webpack rollup vite esbuild parcel tsup swc babel',
    chooses: '-c --config --config-file',
    runs: '--plugin --require -r',
    writes: '-o --output --output-path --outfile --outdir --out-dir -d --dist-dir --file',
  },
  { names: 'gcc g++ cc c++ clang clang++ ld as tcc', always: 'writes what its options say' },
  {
    names: 'curl',
    only: '-s --silent -S --show-error -f --fail --fail-with-body -L --location -i --include -I --head -v --verbose --compressed -4 -6 --ipv4 --ipv6 -N --no-buffer -G --get --http1.1 --http2 -g --globoff -#',
    texts:
      '-X --request -A --user-agent -m --max-time --connect-timeout --retry --retry-delay -e --referer',
    isTextOnly: true,
    check: addressCheck,
  },
  {
    names: 'wget',
    only: '-q --quiet -nv --no-verbose --spider -S --server-response',
    texts: '-T --timeout -t --tries',
    check: wgetCheck,
    isTextOnly: true,
  },
  {
    names: 'http https xh httpie aria2c axel lynx w3m links elinks ftp tftp',
    always: 'fetches and writes what its options say',
  },
  {
    names: 'ssh mosh telnet nc ncat netcat socat rsh',
    always: 'runs commands on another machine or opens a connection',
  },
  {
    // What it copies may be a whole folder, with everything in it: only what cannot, or changes nothing, is listed.
    names: 'rsync',
    only: '-n --dry-run -v --verbose -q --quiet -h --human-readable --stats --progress -P --partial -u --update -c --checksum -t --times -p --perms -z --compress -i --itemize-changes -W --whole-file --existing --ignore-existing --inplace --size-only --version --help',
    puts: true,
    check: remoteCopyCheck,
  },
  {
    names: 'scp sftp rclone rdiff-backup unison',
    puts: true,
    runs: '-r -e --rsh --rsync-path -S -o -F -J --daemon --server --sender',
    reads: '-i -b --files-from --include-from --exclude-from --password-file --config --filter',
    writes:
      '--log-file --write-batch --only-write-batch --backup-dir --temp-dir -T --partial-dir --compare-dest --copy-dest --link-dest',
    deletes:
      '--delete --del --remove-source-files --delete-before --delete-after --delete-excluded --force',
    check: remoteCopyCheck,
  },
  {
    names: 'docker podman nerdctl docker-compose',
    chooses:
      '-H --host -c --context --config --tlscacert --tlscert --tlskey -f --file --project-directory --env-file --connection --root --url',
    writes: '-o --output --metadata-file --iidfile --cidfile',
    runs: '--privileged --mount -v --volume --build-context --secret --ssh --entrypoint --device --security-opt --pid',
    deletes: '--rmi --volumes --prune --force',
    check: dockerCheck,
  },
  {
    names: 'kubectl oc helm k9s minikube kind',
    chooses:
      '--kubeconfig --context --cluster --server -s --token --user --as --certificate-authority --client-key --kube-context --repository-config --registry-config',
    reads: '-f --filename -k --kustomize --values --set-file --from-file --from-env-file',
    runs: '--post-renderer --editor --overrides',
    writes: '--output-directory --output-dir --cache-dir --profile-output',
    deletes: '--delete-local-data --force --now --all',
    check: verbCheck(
      'exec edit delete cp debug run attach proxy port-forward plugin config apply create replace patch drain ssh mount start stop install upgrade uninstall',
      'changes or enters the cluster',
    ),
  },
  {
    names: 'gh glab',
    chooses: '-R --repo --hostname',
    reads: '--input -F --body-file --template',
    runs: '-w --web -e --editor',
    check: ghCheck,
  },
  {
    names: 'systemctl service launchctl',
    chooses: '-H --host -M --machine --root --image',
    deletes: '--force -f',
    check: verbCheck(
      'edit link enable disable mask unmask start stop restart reload isolate kill set-property set-environment import-environment switch-root exec poweroff reboot halt suspend load unload bootstrap bootout kickstart submit',
      'changes services',
    ),
  },
  {
    names: 'journalctl dmesg',
    reads: '-D --directory --file --root --image -M',
    deletes: '--vacuum-size --vacuum-time --vacuum-files --rotate -c -C --clear',
    writes: '--cursor-file',
  },
  { names: 'kill pkill killall skill', isTextOnly: true },
  { names: 'ps pgrep top htop lsof netstat ss', isReader: true, reads: '-F --pidfile' },
  {
    names: 'terraform tofu pulumi ansible ansible-playbook packer vagrant',
    chooses: '-chdir --chdir -i --inventory -C --cwd',
    hasOneDash: 'always',
    runs: '-e --extra-vars -plugin-dir -exec',
    reads: '-var-file -state -backend-config',
    writes: '-out -state-out',
    check: verbCheck('apply destroy import console exec ssh up', 'changes what is running'),
  },
  {
    names: 'aws gcloud az heroku fly vercel netlify wrangler',
    always: 'changes or reads what is not in the workspace',
  },
  {
    names: 'sqlite3 psql mysql mariadb mongo mongosh redis-cli duckdb',
    always: 'runs what it is given',
  },
  {
    names: 'openssl gpg gpg2 ssh-keygen ssh-add keytool security pass op',
    always: 'works with keys',
  },
  {
    names: 'pandoc',
    runs: '-F --filter -L --lua-filter --pdf-engine --pdf-engine-opt',
    writes: '-o --output --extract-media --log',
    chooses: '-d --defaults --data-dir --template -H -B -A --include-in-header',
    reads: '--syntax-definition --metadata-file',
  },
  {
    // Modules of Python; `python -m` names them.
    names: 'cProfile profile timeit trace runpy doctest',
    always: 'runs what it is given',
  },
  { names: 'base64 base32', isReader: true, writes: '-o --output' },
  {
    names: 'tsc',
    chooses: '-p --project -b --build',
    writes:
      '--outDir --outFile --declarationDir --tsBuildInfoFile --generateTrace --generateCpuProfile',
    hasOneDash: 'always',
    check: responseFileCheck,
  },
];

/** Programs that always run code or change the shell itself: nothing of them runs by itself. */
export const forbidden: ReadonlyMap<string, string> = new Map(
  (
    [
      [
        'runs what it is given',
        'eval exec source . trap coproc builtin xargs gxargs parallel sudo doas su runuser pkexec run0 chroot nsenter unshare watch script flock strace ltrace gdb lldb perf valgrind bwrap firejail systemd-run at batch crontab entr expect dotenv cross-env env-cmd wsl fakeroot setpriv capsh start-process saps start invoke-expression iex invoke-command icm powershell pwsh cmd call busybox toybox screen tmux byobu dtach find2perl rlwrap unbuffer sg newgrp login logon osascript rundll32 regsvr32 mshta wscript cscript wmic forfiles msbuild installutil certutil bitsadmin schtasks reg',
      ],
      [
        'changes the shell it runs in',
        'alias unalias export declare typeset readonly local set unset shopt setopt unsetopt enable disable hash bind let read mapfile readarray getopts complete compgen compopt fc history pushd popd dirs umask ulimit zmodload autoload emulate zle zstyle bindkey functions rehash suspend logout exit return wait disown fg bg jobs caller function',
      ],
      [
        'can run programs in ways that are not listed',
        'aspell ispell bpftrace choom cobc crash csvtool dialog dmsetup dvips easy_install exiftool facter fzf gcore gem genie ghc ghci gimp ginsh grc hping3 iftop irb pry jjs jrunscript knife latex pdflatex xelatex lualatex tex pdftex xetex luatex lftp logsave mail mailx sendmail msgfilter msgattrib msgconv multitime ncdu neofetch nmap nroff troff groff octave openvpn pdb pic pidstat psftp puppet restic rtorrent run-mailcap run-parts sash scanmem setlock slsh sqlmap ssh-agent sshfs sshpass start-stop-daemon tasksh tdbtool tshark tcpdump unsquashfs volatility wish xdotool zathura ld.so ldd ssh-copy-id autossh m4 cpp cpan ctags gawkext mkfifo mknod mount umount loginctl machinectl timedatectl hostnamectl dpkg-reconfigure update-alternatives',
      ],
      [
        'is an editor, which can run programs',
        'vi vim nvim view vimdiff ex ed red emacs emacsclient nano pico joe micro helix hx kak code cursor subl',
      ],
    ] as const
  ).flatMap(([why, names]) => names.split(' ').map((name) => [name, why] as const)),
);

/** Programs that run a file of code: the file has to be named by the rule. The options are the harmless ones. */
export const interpreters: ReadonlyMap<
  string,
  { readonly options: string; readonly info: string }
> = new Map(
  (
    [
      [
        'node nodejs',
        '--test --check -c --no-warnings --enable-source-maps --trace-warnings',
        '-v --version -h --help --test',
      ],
      ['python python2 python3', '-u -B -s -I -E', '-V --version -h --help'],
      ['bash sh dash zsh ksh ash fish', '', '--version'],
      ['ruby', '-w', '-v --version -h --help'],
      ['perl', '-w', '-v --version'],
      [
        'php lua luajit Rscript julia tclsh groovy scala elixir escript runghc ocaml racket guile swift tsx ts-node swipl nu osascript',
        '',
        '-v --version',
      ],
      ['java', '', '-version --version'],
      ['dotnet', '', '--version --info'],
      ['deno', '', '--version -V'],
    ] as const
  ).flatMap(([names, options, info]) =>
    names.split(' ').map((name) => [name.toLowerCase(), { options, info }] as const),
  ),
);

function npmCheck({ operands, words }: ParsedArguments): string | undefined {
  const verb = operands[0]?.word ?? '';
  if (words.some((word) => /^--?(?:config\.|no-ignore-scripts|ignore-scripts=)/.test(word))) {
    return 'changes the configuration of the package manager';
  }
  const changing = new Set(
    'config c set edit explore publish unpublish pkg login logout adduser token access owner deprecate dist-tag hook profile star team link ln plugin policies self-update setup env server store upgrade-interactive node patch patch-commit'.split(
      ' ',
    ),
  );
  return changing.has(verb) &&
    !(verb === 'config' && ['get', 'list', 'ls'].includes(operands[1]?.word ?? ''))
    ? `runs ${words[0] ?? ''} ${verb}, which can change more than this workspace`
    : undefined;
}

function assignsVariable({ operands, words }: ParsedArguments): string | undefined {
  const odd = operands.find(({ word }) => word.includes('='));
  return odd === undefined ? undefined : `gives ${words[0] ?? ''} a variable (${odd.word})`;
}

function toolchainCheck({ words, operands }: ParsedArguments): string | undefined {
  if (words.slice(1).some((word) => word.startsWith('+'))) {
    return 'chooses another toolchain';
  }
  const verb = operands[0]?.word ?? '';
  return ['install', 'uninstall', 'publish', 'login', 'logout', 'owner', 'yank', 'clean'].includes(
    verb,
  )
    ? `runs cargo ${verb}, which changes more than this workspace`
    : undefined;
}

function goCheck({ operands, words }: ParsedArguments): string | undefined {
  const verb = operands[0]?.word ?? '';
  const isRemoteRun = verb === 'run' && (operands[1]?.word ?? '').includes('@');
  return isRemoteRun ||
    ['generate', 'tool', 'bug', 'telemetry', 'clean', 'install', 'get'].includes(verb) ||
    (verb === 'env' && words.includes('-w'))
    ? `runs go ${verb}, which can run or change more than this workspace`
    : undefined;
}

function pipCheck({ operands }: ParsedArguments): string | undefined {
  const verb = operands[0]?.word ?? '';
  return ['config', 'uninstall', 'download', 'wheel', 'cache'].includes(verb)
    ? `runs pip ${verb}, which changes more than this workspace`
    : undefined;
}

function addressCheck({ operands }: ParsedArguments): string | undefined {
  const odd = operands.find(({ word }) => !/^https?:\/\/[^\s{}[\]@]+$/i.test(word));
  return odd === undefined ? undefined : `fetches what is no plain web address (${odd.word})`;
}

/** Without `--spider` it writes what it fetches into the folder. */
function wgetCheck(parsed: ParsedArguments): string | undefined {
  return parsed.options.some(({ name }) => name === '--spider')
    ? addressCheck(parsed)
    : 'writes what it fetches';
}

function remoteCopyCheck({ operands }: ParsedArguments): string | undefined {
  const odd = operands.find(({ word }) => word.includes(':'));
  return odd === undefined ? undefined : `copies from or to another machine (${odd.word})`;
}

function dockerCheck({ operands, words }: ParsedArguments): string | undefined {
  const odd = operands.slice(0, 2).find(({ word }) => dockerVerbs.has(word));
  return odd === undefined
    ? undefined
    : `runs ${words[0] ?? ''} ${odd.word}, which runs, changes or deletes something`;
}

const dockerVerbs: ReadonlySet<string> = new Set(
  'run exec create cp load import save export commit rm rmi kill prune plugin swarm context login logout push attach update rename trust buildx builder down machine unshare mount secret play generate kube'.split(
    ' ',
  ),
);

function verbCheck(verbs: string, why: string): (parsed: ParsedArguments) => string | undefined {
  const set = new Set(verbs.split(' '));
  return ({ operands, words }) => {
    const odd = operands.slice(0, 2).find(({ word }) => set.has(word));
    return odd === undefined ? undefined : `runs ${words[0] ?? ''} ${odd.word}, which ${why}`;
  };
}

function ghCheck({ operands, words }: ParsedArguments): string | undefined {
  const group = operands[0]?.word ?? '';
  const verb = operands[1]?.word ?? '';
  const isDangerous =
    [
      'alias',
      'extension',
      'ext',
      'auth',
      'config',
      'codespace',
      'cs',
      'secret',
      'variable',
      'ssh-key',
      'gpg-key',
      'browse',
      'gist',
      'api',
      'attestation',
    ].includes(group) ||
    [
      'delete',
      'clone',
      'fork',
      'edit',
      'checkout',
      'download',
      'merge',
      'sync',
      'rename',
      'archive',
      'transfer',
      'develop',
    ].includes(verb);
  return isDangerous
    ? `runs ${words[0] ?? ''} ${group} ${verb}, which can run or change more than it shows`
    : undefined;
}

function responseFileCheck({ operands }: ParsedArguments): string | undefined {
  const odd = operands.find(({ word }) => word.startsWith('@'));
  return odd === undefined ? undefined : `reads its options from a file (${odd.word})`;
}
