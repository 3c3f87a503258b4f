import { splitNames } from './programNames';

/** How a program that runs another one is written: what stands between its own name and the other's. */
export interface Wrapper {
  /** Options whose value is the next word, when it is not attached. */
  readonly values: ReadonlySet<string>;
  /** Operands before the inner command: the seconds of `timeout`. */
  readonly operands: number;
  /** `NAME=value` may stand before the inner command. */
  readonly takesVariables: boolean;
  /** The inner words are joined and read by a shell: `ssh host 'rm x'`. */
  readonly isText: boolean;
  /** Options whose value is a command line of a shell. */
  readonly texts: ReadonlySet<string>;
  /** The inner command begins behind one of these words: `npm exec`, `docker run`. Empty: behind the name. */
  readonly verbs: ReadonlySet<string>;
}

interface Row {
  readonly names: string;
  readonly values?: string;
  readonly operands?: number;
  readonly takesVariables?: boolean;
  readonly isText?: boolean;
  readonly texts?: string;
  readonly verbs?: string;
}

/** Where nothing but a wrapper is known of a program, options without a row are tried both with and without a value. */
const rows: readonly Row[] = [
  {
    names: 'sudo doas',
    values:
      '-u --user -g --group -h --host -p --prompt -C --close-from -D --chdir -R --chroot -r --role -t --type -T -U -a -c',
    takesVariables: true,
  },
  {
    names: 'su runuser',
    values: '-g --group -G -s --shell -w',
    operands: 1,
    texts: '-c --command --session-command',
  },
  {
    names: 'env',
    values: '-u --unset -C --chdir -a --argv0',
    takesVariables: true,
    texts: '-S --split-string',
  },
  {
    names: 'xargs gxargs',
    values:
      '-a --arg-file -d --delimiter -E -I -L --max-lines -n --max-args -P --max-procs -s --max-chars -R -S -J --process-slot-var',
  },
  { names: 'timeout gtimeout', values: '-k --kill-after -s --signal', operands: 1 },
  { names: 'nice', values: '-n --adjustment' },
  { names: 'ionice', values: '-c --class -n --classdata -p --pid -P -u' },
  {
    names:
      'nohup setsid builtin noglob nocorrect caffeinate unbuffer rlwrap dbus-run-session fakeroot proxychains proxychains4 torsocks tsocks torify sem chronic',
  },
  { names: 'command exec', values: '-a' },
  { names: 'time gtime', values: '-f --format -o --output' },
  { names: 'stdbuf gstdbuf', values: '-i --input -o --output -e --error' },
  { names: 'chrt taskset cpulimit', values: '-p --pid -l --limit -T -P -D', operands: 1 },
  { names: 'numactl prlimit setarch linux32 linux64 i386 x86_64 uname26' },
  { names: 'chroot', values: '--userspec --groups', operands: 1 },
  {
    names: 'unshare nsenter',
    values: '-t --target -S --setuid -G --setgid -R --root -w --wd --wdns',
  },
  {
    names: 'flock lckdo',
    values: '-w --timeout -E --conflict-exit-code',
    operands: 1,
    texts: '-c --command',
  },
  { names: 'script', values: '-E -I -O -B -T -t -o -m', operands: 0, texts: '-c --command' },
  { names: 'setpriv capsh', texts: '-c' },
  {
    names: 'bwrap firejail systemd-run systemd-inhibit xvfb-run sg',
    values: '-p --property -u --unit --slice --what --who --why --mode -n -s',
    texts: '-c',
  },
  {
    names: 'strace ltrace',
    values: '-a -b -e -E -I -o -O -p -P -s -S -u -U -X --output --trace --attach --user --env',
  },
  { names: 'perf', verbs: 'stat record trace', values: '-e -o -p -t -C -F -r -I' },
  { names: 'valgrind' },
  { names: 'gdb lldb', values: '-x -ix -p -c -s -e -cd', texts: '-ex -iex --eval-command' },
  { names: 'watch', values: '-n --interval -q --equexit', isText: true },
  {
    names: 'ssh',
    values: '-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w',
    operands: 1,
    isText: true,
  },
  { names: 'mosh', operands: 1 },
  { names: 'parallel', values: '-j --jobs -S --sshlogin -a --arg-file -I -n -N -d', isText: true },
  { names: 'eval trap', isText: true },
  { names: 'busybox toybox coreutils' },
  { names: 'wsl', values: '-d --distribution -u --user --cd', isText: true },
  {
    names: 'npx bunx',
    values: '-p --package --prefix -w --workspace --registry',
    texts: '-c --call',
  },
  { names: 'uvx pipx', values: '--from --with --spec -p --python --index-url', verbs: '' },
  {
    names: 'npm pnpm',
    verbs: 'exec x dlx',
    values: '-p --package -w --workspace --prefix -C --dir -F --filter --registry',
    texts: '-c --call',
  },
  { names: 'yarn bun', verbs: 'exec dlx x', values: '-p --package --cwd' },
  {
    names: 'uv poetry pipenv hatch pdm rye conda mamba micromamba',
    verbs: 'run tool',
    values: '--with --from -p --python -n --name --project --directory -e --env',
  },
  {
    names:
      'bundle bundler rbenv pyenv nodenv asdf mise volta fnm nvm direnv devbox corepack rustup rtx',
    verbs: 'exec run x',
    values: '--using',
  },
  { names: 'nix-shell nix devenv', texts: '--run --command -c' },
  {
    names: 'docker podman nerdctl docker-compose',
    verbs: 'run exec create',
    values:
      '-a --attach -e --env --env-file -h --hostname -l --label -m --memory -p --publish -u --user -v --volume -w --workdir --name --network --net --entrypoint --mount --add-host --cap-add --cap-drop --device --platform --restart --pull --log-driver --ulimit --shm-size --cpus --gpus --ip --dns --security-opt --tmpfs -f --file --project-name --scale',
    operands: 1,
  },
  {
    names: 'kubectl oc',
    verbs: 'exec run debug',
    values: '-n --namespace -c --container --context --image --kubeconfig -f',
    operands: 1,
  },
  { names: 'vagrant', verbs: 'ssh', texts: '-c --command' },
  {
    names: 'start-process saps start',
    values: '-argumentlist -workingdirectory -verb -windowstyle',
    texts: '',
  },
  { names: 'call', isText: false },
  { names: 'coproc', operands: 0 },
  { names: 'entr', isText: false },
  { names: 'dotenv dotenvx cross-env env-cmd', verbs: '', values: '-e -f', takesVariables: true },
];

export const wrappers: ReadonlyMap<string, Wrapper> = new Map(
  rows.flatMap((row) => {
    const set = (words = ''): ReadonlySet<string> =>
      new Set(words.trim() === '' ? [] : splitNames(words));
    const wrapper: Wrapper = {
      values: set(row.values),
      operands: row.operands ?? 0,
      takesVariables: row.takesVariables ?? false,
      isText: row.isText ?? false,
      texts: set(row.texts),
      verbs: set(row.verbs),
    };
    return splitNames(row.names).map((name) => [name, wrapper] as const);
  }),
);

/** Options of programs that are no wrappers, whose value is a command line. */
export const commandOptions: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  (
    [
      ['sort', '--compress-program'],
      ['rg', '--pre --hostname-bin'],
      ['man', '-P --pager -H --html'],
      ['split', '--filter'],
      ['rsync', '-e --rsh --rsync-path'],
      ['scp sftp', '-S'],
      [
        'tar bsdtar gtar',
        '-I --use-compress-program --to-command --rsh-command -F --info-script --new-volume-script',
      ],
      ['zip', '-TT --unzip-command'],
      ['ag ack', '--pager'],
      ['vim vi nvim ex view', '-c --cmd'],
      ['rebase difftool', '-x --exec --extcmd'],
      ['dd', ''],
      ['fzf', '--preview --bind'],
      ['make gmake', '--eval'],
      ['npm pnpm yarn', '--script-shell --shell'],
      ['go', '-exec -toolexec -vettool'],
    ] as const
  ).flatMap(([names, options]) =>
    splitNames(names).map((name) => [name, new Set(splitNames(options))] as const),
  ),
);
