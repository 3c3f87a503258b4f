import { foldName } from './visible';

/**
 * The names that decide whether a path is protected (a change always asks) or secret (a read always asks). Names are
 * compared folded, whether or not the file exists. In the tables `*` stands for any run of characters in one name and
 * `a/b` for names one after the other. Protected names count on every segment.
 */
export function isRepositoryMetadata(segments: readonly string[]): boolean {
  return matches(segments, repositoryMetadata);
}

/** Configuration that makes the editor, an agent, a hook, a shell or a package manager run or trust something. */
export function isProtectedName(segments: readonly string[]): boolean {
  return matches(segments, protectedNames);
}

export function isSecretName(segments: readonly string[]): boolean {
  const last = foldName(segments.at(-1) ?? '');
  return (
    matches(segments, secretFolders) ||
    (!isMadeToBeRead(last) && matches(segments, secretFiles, 'end'))
  );
}

/** `.env.example` and its like are made to be read; a public key is no secret. */
function isMadeToBeRead(name: string): boolean {
  return (
    /^(.*\.)?env\.(example|sample|template|dist|defaults|schema)$/.test(name) ||
    name.endsWith('.pub')
  );
}

type Pattern = readonly RegExp[];

function matches(
  segments: readonly string[],
  patterns: readonly Pattern[],
  where: 'any' | 'end' = 'any',
): boolean {
  const names = segments.map(foldName);
  return patterns.some((pattern) =>
    names.some(
      (_, start) =>
        (where === 'any' || start + pattern.length === names.length) &&
        pattern.every((part, offset) => part.test(names[start + offset] ?? '')),
    ),
  );
}

function toPatterns(table: string): readonly Pattern[] {
  return table
    .trim()
    .split(/\s+/)
    .map((entry) => entry.split('/').map(toNamePattern));
}

function toNamePattern(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

const repositoryMetadata = toPatterns(`
  .git git~* .gitmodules .gitattributes .gitconfig .hg .hgrc .svn .jj .bzr
`);

const editorAndWorkspace = `
  .vscode .vscode-server .vscode-insiders .vscode-test.* *.code-workspace .idea .vs .fleet .zed .vim .nvim .vimrc .nvimrc
  .exrc .dir-locals.el *.sublime-project .theia .gitpod.yml
`;

// Ours and our peers'. Instruction files count: they steer every later turn.
const agentsAndMcp = `
  .patchbay .mcp.json mcp.json .mcp .claude .claude.json .claude-plugin claude.md claude.local.md agents.md
  agents.override.md .agents .codex .gemini gemini.md .cursor .cursorrules .cursorignore .windsurf .windsurfrules
  .continue .continuerc.json .cline .clinerules .clineignore .roo .roomodes .roorules* .rooignore .kilocode
  .kilocodemodes .aider* .opencode opencode.json opencode.jsonc .pi .indusagi .goose .goosehints .crush.json crush.json
  .qwen .kiro .amazonq .augment .junie .trae .factory .copilot .github/copilot-instructions.md .github/instructions
  .github/prompts .github/chatmodes .github/agents .github/hooks .github/mcp.json
`;

const gitHookManagers = `
  .husky .huskyrc* .githooks .git-hooks .lefthook .lefthook-local .lefthook.* .lefthook-local.* lefthook.y*ml lefthook.toml
  lefthook.json lefthook-local.* .pre-commit-config.y*ml .pre-commit-hooks.y*ml .overcommit.yml .simple-git-hooks*
  simple-git-hooks.* .lintstagedrc* lint-staged.config.* captainhook.json grumphp.y*ml prek.toml
`;

const containerAndShell = `
  .devcontainer .devcontainer.json dockerfile dockerfile.* *.dockerfile containerfile containerfile.* .docker
  docker-compose*.y*ml compose*.y*ml docker-entrypoint* .bashrc .bash_profile .bash_login .bash_logout .bash_aliases
  .profile .zshrc .zshenv .zprofile .zlogin .zlogout .oh-my-zsh .kshrc .mkshrc .cshrc .tcshrc .login .logout .inputrc
  .xinitrc .xprofile .xsession .xsessionrc .pam_environment .tmux.conf .screenrc .envrc .direnv .direnvrc .config/fish
  .config/autostart .config/systemd .config/environment.d .config/mise .mise.toml mise.toml .tool-versions .asdfrc .ssh
  .gnupg microsoft.*profile.ps1 profile.ps1 crontab sudoers sudoers.d
`;

const packageManagers = `
  .npmrc .yarnrc .yarnrc.yml .yarn .pnpmfile.cjs .pnpmfile.mjs pnpmfile.js pnpm-workspace.yaml .pnp.* .pnprc bunfig.toml
  .bunfig.toml pip.conf pip.ini .pip .pypirc .pydistutils.cfg uv.toml .condarc .cargo .gemrc .bundle .mvn .m2 .gradle
  gradle.properties gradle-wrapper.properties init.gradle* nuget.config .nuget .composer auth.json .hex .netrc _netrc
  .curlrc _curlrc .wgetrc .terraformrc terraform.rc
`;

const protectedNames = toPatterns(
  [editorAndWorkspace, agentsAndMcp, gitHookManagers, containerAndShell, packageManagers].join(' '),
);

const secretFolders = toPatterns(`
  .ssh .gnupg .aws .azure .kube .oci .password-store keyrings private-keys-v1.d .config/gcloud .config/gh .config/hub
  .config/glab-cli .config/github-copilot .config/op .snowsql
`);

const secretFiles = toPatterns(`
  .env .env.* *.env .envrc .dev.vars .dev.vars.* .flaskenv
  id_rsa* id_dsa* id_ecdsa* id_ed25519* *_rsa *_ed25519 *.pem *.key *.p12 *.pfx *.p8 *.pk8 *.ppk *.jks *.keystore *.bcfks
  *.kdb *.kdbx *.agekey *.keychain *.keychain-db secring.* wallet.dat
  .netrc _netrc .npmrc .yarnrc.yml .pypirc .git-credentials .config/git/credentials .boto .s3cfg credentials.json
  application_default_credentials.json client_secret*.json service-account*.json service_account*.json
  serviceaccount*.json secrets.json secrets.y*ml secrets.toml .docker/config.json .dockercfg .dockerconfigjson
  kubeconfig *.kubeconfig .cargo/credentials .cargo/credentials.toml .gem/credentials .bundle/config auth.json
  .m2/settings*.xml .gradle/gradle.properties .terraform.d/credentials* .terraformrc *.tfstate *.tfstate.backup *.tfvars
  .vault-token .vault_pass* .pgpass pgpass.conf .my.cnf .mylogin.cnf .htpasswd .claude/.credentials.json .claude.json
  .gemini/oauth_creds.json .continue/config.* .netlify/config.json .databrickscfg rclone.conf .rclone.conf
  .bash_history .zsh_history .psql_history .mysql_history .node_repl_history .python_history
  proc/*/environ etc/shadow etc/gshadow cookies.sqlite
`);
