import type { Effect, Rule, RuleMatch } from './contract';
import { decide } from './decide';
import { describeMatch, originOf } from './rules';

/** One thing that "always allow" may mean for a call: the rules it would make, and in words all that they would cover. */
export interface RuleOffer {
  readonly id: string;
  readonly matches: readonly RuleMatch[];
  /** Behind "always allow": `exactly `npm test` in /w/app`. */
  readonly text: string;
}

/**
 * What can be allowed from a prompt, the narrowest first: exactly this call, then the smallest family that makes sense.
 * Empty when any effect must ask every time (protected, secret or outside path, danger, unknown) or nothing would be
 * left to ask. Each offer does what it says: with it, in the mode that asks most, the same effects run.
 */
export function offerRules(effects: readonly Effect[]): readonly RuleOffer[] {
  const asking = effects.filter((effect) => decide([effect], [], 'ask').verdict !== 'allow');
  const offers = [narrowestMatch, familyMatches].flatMap((toMatches, index) => {
    const matches = asking.map((effect) => toMatches(effect));
    const known = unique(matches.filter((match) => match !== undefined).flat());
    return asking.length === 0 || matches.includes(undefined)
      ? []
      : [{ id: index === 0 ? 'exact' : 'family', matches: known, text: textOf(known) }];
  });
  return offers.filter(
    (offer) => decide(effects, toRules(offer.matches), 'ask').verdict === 'allow',
  );
}

function narrowestMatch(effect: Effect): readonly RuleMatch[] | undefined {
  switch (effect.kind) {
    case 'command':
      return [{ kind: 'command', command: effect.command, cwd: effect.cwd }];
    case 'write':
      return [{ kind: 'write', target: effect.target }];
    case 'network': {
      const origin = originOf(effect.url);
      return origin === undefined ? undefined : [{ kind: 'network', origin }];
    }
    case 'mcp':
      return [{ kind: 'mcp', server: effect.server, tool: effect.tool }];
    case 'read':
    case 'question':
    case 'none':
    case 'unknown':
    default:
      return undefined;
  }
}

/** The next wider thing; undefined where there is none that a person would want. */
function familyMatches(effect: Effect): readonly RuleMatch[] | undefined {
  switch (effect.kind) {
    case 'command': {
      const families = effect.analysis?.plain?.map(familyOf);
      return families === undefined || families.includes(undefined)
        ? undefined
        : families
            .filter((words) => words !== undefined)
            .map((words) => ({ kind: 'family', words }));
    }
    case 'write': {
      const folder = effect.relative?.split('/').slice(0, -1).join('/');
      return folder === undefined || folder === '' || /[*?[\]{}]/.test(folder)
        ? undefined
        : [{ kind: 'writeGlob', glob: `${folder}/**` }];
    }
    case 'mcp':
      return [{ kind: 'mcp', server: effect.server, tool: '*' }];
    case 'read':
    case 'network':
    case 'question':
    case 'none':
    case 'unknown':
    default:
      return undefined;
  }
}

/**
 * The words that name what a command does: the program, and its subcommand where the program is many programs in one.
 * Undefined for programs that run what they are given, delete, or send: for those only the exact command is offered.
 */
export function familyOf(words: readonly string[]): readonly string[] | undefined {
  const [program = '', ...rest] = words;
  if (broadPrograms.has(program) || !/^[a-z][a-z0-9._+-]*$/i.test(program)) {
    return undefined;
  }
  const depth = subcommandDepth(program, rest[0]);
  const subcommands = rest.slice(0, depth);
  const isNamed =
    subcommands.length === depth && subcommands.every((word) => /^[a-z0-9][\w:.@/-]*$/i.test(word));
  return isNamed ? [program, ...subcommands] : undefined;
}

function subcommandDepth(program: string, subcommand: string | undefined): number {
  if (!withSubcommands.has(program)) {
    return 0;
  }
  return subcommand !== undefined && withDeepSubcommands.has(`${program} ${subcommand}`) ? 2 : 1;
}

const withSubcommands: ReadonlySet<string> = new Set(
  `git npm pnpm yarn bun deno cargo go docker podman kubectl helm gh glab dotnet pip pip3 uv poetry pdm hatch conda bundle
  gem rails rake composer php artisan mvn gradle make just task terraform tofu aws az gcloud brew apt apt-get dnf apk
  systemctl nx turbo lerna rush vercel netlify firebase supabase prisma flutter dart swift mix rebar3 stack cabal nix
  jj hg svn ansible vagrant`.split(/\s+/),
);

const withDeepSubcommands: ReadonlySet<string> = new Set(
  `npm run|pnpm run|yarn run|bun run|deno task|uv run|poetry run|pdm run|hatch run|docker compose|docker container|docker image|
gh pr|gh issue|gh run|gh repo|gh api|kubectl config|git stash|git remote|git worktree|git submodule|git bisect|npm exec|
uv pip|terraform state|dotnet tool|bundle exec|composer run|nix flake|aws s3|gcloud compute|az vm`
    .replaceAll('\n', '')
    .split('|'),
);

/** They run, delete, overwrite, send or change rights: a family of theirs is no narrow thing. */
const broadPrograms: ReadonlySet<string> = new Set(
  `sh bash dash zsh ksh fish pwsh powershell cmd node python python2 python3 perl ruby lua php osascript awk gawk mawk sed env
  xargs sudo doas su eval exec command builtin source time timeout nice nohup setsid stdbuf watch parallel find fd
  rm rmdir unlink shred mv cp ln install dd truncate tee chmod chown chgrp mkfs mount umount kill pkill killall curl wget nc
  ncat socat ssh scp sftp rsync ftp telnet gdb strace ltrace vi vim nvim nano emacs ed npx bunx uvx pipx crontab at
  systemd-run busybox chroot unshare nsenter script expect tmux screen dbus-send launchctl reg schtasks`.split(
    /\s+/,
  ),
);

function textOf(matches: readonly RuleMatch[]): string {
  return matches.map(describeMatch).join(', ');
}

function unique(matches: readonly RuleMatch[]): readonly RuleMatch[] {
  const seen = new Set<string>();
  return matches.filter((match) => {
    const key = JSON.stringify(match);
    return !seen.has(key) && seen.add(key);
  });
}

function toRules(matches: readonly RuleMatch[]): readonly Rule[] {
  return matches.map((match, index) => ({
    id: `offer-${index}`,
    verdict: 'allow',
    match,
    scope: 'session',
  }));
}
