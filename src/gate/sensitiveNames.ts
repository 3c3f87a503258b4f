import { beginsInTable, fitsTable, nameTable } from './namePatterns';
import type { Platform } from './pathSyntax';
import { foldName } from './visible';

/**
 * The names that decide whether a path is protected (a change always asks) or secret (a read always asks), whether or not
 * the file exists. Protected names count on every segment. In the tables `*` stands for any run of characters in one
 * name, `a/b` for names one after the other, `+` for a blank.
 */
export function isProtectedName(segments: readonly string[], platform: Platform): boolean {
  return fitsTable(segments, protectedNames, 'any', platform);
}

/** A folder whose files can be protected by where they lie: `.github`, of which `.github/prompts` is. */
export function mayHoldProtectedName(segments: readonly string[]): boolean {
  return beginsInTable(segments, protectedNames);
}

export function isSecretName(segments: readonly string[], platform: Platform): boolean {
  return (
    !isMadeToBeRead(foldName(segments.at(-1) ?? '')) &&
    (fitsTable(segments, secretFolders, 'any', platform) ||
      fitsTable(segments, secretFiles, 'end', platform))
  );
}

/** `.env.example` and its like are made to be read; a public key is no secret. */
function isMadeToBeRead(name: string): boolean {
  // No other name is ever so long. Each star ends at a sign that the one before it cannot take: a name from anywhere must
  // not make the pattern try all the ways to cut it.
  return (
    (name.length <= 255 &&
      /^(?:[\w-]+\.)*\.?env(?:[.\-_][\w.-]*)?[.\-_](?:example|examples|sample|samples|template|tmpl|tpl|dist|defaults?|schema)$/.test(
        name,
      )) ||
    /^\.?(example|sample|template|dist|defaults?)[.\-_]?\.?env$/.test(name) ||
    name.endsWith('.pub')
  );
}

const repositoryMetadata = `
  .git git~* .gitmodules gitmod~* gi7eba~* .gitattributes gitatt~* gi7d29~* .gitconfig* .lfsconfig .config/git etc/gitconfig
  .hg .hgrc .hgsub .svn .jj .bzr
`;

const editorAndWorkspace = `
  .vscode .vscode-server .vscode-insiders .vscode-oss .vscode-test.* *.code-workspace .idea .vs .fleet .zed .vim .nvim .vimrc
  .nvimrc .gvimrc .exrc .lvimrc .vimspector.json .config/nvim .config/helix .config/zed .helix .emacs .emacs.d .spacemacs
  .doom.d .dir-locals.el .dir-locals-2.el .kakrc .nanorc *.sublime-project *.sublime-workspace .theia .gitpod.yml .replit
  .idx .netbeans nbproject .classpath .settings .config/code .config/vscodium .config/cursor
  .config/windsurf roaming/code roaming/cursor application+support/code application+support/cursor
`;

// Ours and our peers'. Instruction files count: they steer every later turn.
const agentsAndMcp = `
  .patchbay .mcp.json mcp.json *.mcp.json mcp_config.json claude_desktop_config.json .mcp .claude .claude.json .claude-plugin
  claude.md claude.local.md agents.md agents.override.md .agents .codex .gemini gemini.md .cursor .cursorrules .cursorignore
  .windsurf .windsurfrules .codeium .continue .continuerc.json .cline .clinerules .clineignore .roo .roomodes .roorules*
  .rooignore .kilocode .kilocodemodes .aider* .opencode opencode.json opencode.jsonc .config/opencode .pi .indusagi .goose
  .goosehints .config/goose .crush.json crush.json crush.md .qwen qwen.md .kiro .amazonq .augment .augment-guidelines .junie
  .trae .factory .copilot .openhands .tabnine .warp warp.md .rules .ruler .zencoder .void .firebender .jules
  .github/copilot-instructions.md .github/instructions .github/prompts .github/chatmodes .github/agents .github/hooks
  .github/mcp.json .github/skills
`;

const gitHookManagers = `
  .husky .huskyrc* .githooks .git-hooks .lefthook .lefthook-local .lefthook.* .lefthook-local.* lefthook.y*ml lefthook.toml
  lefthook.json lefthook-local.* .pre-commit-config.y*ml .pre-commit-hooks.y*ml .overcommit.yml .simple-git-hooks*
  simple-git-hooks.* .lintstagedrc* lint-staged.config.* .nano-staged* captainhook.json grumphp.y*ml prek.toml
`;

const containers = `
  .devcontainer .devcontainer.json devcontainer.json dockerfile dockerfile.* *.dockerfile containerfile containerfile.*
  .docker .dockercfg .config/containers docker-compose*.y*ml compose*.y*ml docker-bake.* docker-entrypoint* vagrantfile
`;

// What runs by itself when a shell, a session or an interpreter starts.
const startUp = `
  .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile .zlogin .zlogout .oh-my-zsh
  .kshrc .mkshrc .cshrc .tcshrc .login .logout .inputrc .editrc .xinitrc .xprofile .xsession .xsessionrc .xserverrc
  .pam_environment .tmux.conf .screenrc .envrc .direnv .direnvrc .config/direnv .config/fish .config/zsh .config/bash
  .config/nushell .config/powershell .config/elvish .xonshrc .config/autostart .config/systemd .config/environment.d
  .config/tmux .config/mise .mise .mise.toml .mise.*.toml mise.toml mise.*.toml .rtx.toml .tool-versions .asdfrc .ssh .gnupg
  microsoft.*profile.ps1 profile.ps1 crontab .crontab cron.d cron.daily cron.hourly cron.weekly cron.monthly spool/cron sudoers
  sudoers.d etc/profile etc/profile.d etc/environment etc/bash.bashrc etc/bashrc etc/zsh etc/zshrc etc/zshenv etc/zprofile
  etc/ld.so.preload etc/ld.so.conf etc/systemd etc/init.d launchagents launchdaemons start+menu/programs/startup
  .pythonrc .pythonrc.py .pythonstartup sitecustomize.py usercustomize.py .irbrc .pryrc .rprofile .renviron .gdbinit .lldbinit
  .psqlrc .sqliterc .ghci .iex.exs
`;

const packageManagers = `
  .npmrc npmrc .yarnrc .yarnrc.yml .yarn .pnpmfile.* pnpmfile.js pnpm-workspace.yaml .pnp.* .pnprc bunfig.toml .bunfig.toml
  pip.conf pip.ini .pip .pypirc .pydistutils.cfg uv.toml poetry.toml pdm.toml .pdm.toml .pdm-python .condarc .cargo
  rust-toolchain rust-toolchain.toml .gemrc .bundle .mvn .m2 .gradle gradle.properties gradle-wrapper.properties
  init.gradle* nuget.config .nuget .composer auth.json .hex .netrc _netrc .curlrc _curlrc .wgetrc .terraformrc terraform.rc
  .bazelrc .buckconfig .config/pip .config/uv .config/npm .config/pnpm .config/yarn .homebrew .config/homebrew
`;

const protectedNames = nameTable(
  [
    repositoryMetadata,
    editorAndWorkspace,
    agentsAndMcp,
    gitHookManagers,
    containers,
    startUp,
    packageManagers,
  ].join(' '),
);

const secretFolders = nameTable(`
  .ssh .gnupg .aws .azure .kube .oci .password-store keyrings keychains private-keys-v1.d .config/gcloud .config/gh .config/hub
  .config/glab-cli .config/github-copilot .config/op .config/doctl .config/hcloud .config/stripe .config/configstore
  .config/netlify .config/flyctl .config/anthropic .config/openai .snowsql .op .subversion/auth .sops etc/ssl/private
  run/secrets secrets/kubernetes.io networkmanager/system-connections microsoft/credentials microsoft/protect
`);

const secretFiles = nameTable(`
  .env .env.* .env~ .env-* .env_* *.env *.env.local *.env.prod *.env.production *.env.staging *.env.development *.env.dev .envrc
  .dev.vars .dev.vars.* .flaskenv .secrets .secrets.* .secret
  id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss* *_rsa *_dsa *_ecdsa *_ed25519 ssh_host_*_key deploy_key deploy-key
  private_key private-key privatekey private_key.txt *.privkey *.pem *.key *.p12 *.pfx *.p8 *.pk8 *.ppk *.jks *.jceks *.keystore
  *.bks *.bcfks *.kdb *.kdbx *.agekey *.keychain *.keychain-db *.ovpn secring.* pubring.kbx wallet.dat age/keys.txt
  .netrc _netrc .npmrc .yarnrc.yml .pypirc .git-credentials .git/credentials .config/git/credentials .boto .s3cfg .passwd-s3fs
  .credentials credentials.json credentials.y*ml credentials.toml credentials.ini credentials.csv credentials.xml
  credentials.properties .credentials.json *accesskeys.csv application_default_credentials.json client_secret*.json
  service-account*.json service_account*.json serviceaccount*.json *firebase-adminsdk*.json gha-creds-*.json token.json
  .token secret.json secret.y*ml secrets.json secrets.y*ml secrets.toml secrets.ini secrets.xml secrets.properties
  password.txt passwords.txt passwords.csv local.settings.json
  .docker/config.json .dockercfg .dockerconfigjson kubeconfig *.kubeconfig .cargo/credentials .cargo/credentials.toml
  .gem/credentials .bundle/config auth.json .m2/settings*.xml .gradle/gradle.properties .terraform.d/credentials* .terraformrc
  terraform.rc *.tfstate *.tfstate.backup *.tfvars *.tfvars.json .vault-token .vault_pass* .vault-pass* .pgpass pgpass.conf
  .my.cnf .mylogin.cnf .htpasswd .claude/.credentials.json .claude.json .gemini/oauth_creds.json .continue/config.*
  .netlify/config.json .databrickscfg rclone.conf .rclone.conf .sentryclirc .kaggle/kaggle.json huggingface/token
  .huggingface/token .wrangler/config/default.toml .ngrok2/ngrok.yml ngrok/ngrok.yml .fly/config.yml .msmtprc .fetchmailrc
  .smbcredentials .erlang.cookie .xauthority wpa_supplicant.conf
  .bash_history .zsh_history .sh_history .psql_history .mysql_history .sqlite_history .rediscli_history .node_repl_history
  .python_history .irb_history fish_history consolehost_history.txt
  proc/*/environ etc/shadow etc/shadow- etc/gshadow etc/gshadow- etc/master.passwd cookies.sqlite logins.json key4.db login+data
`);
