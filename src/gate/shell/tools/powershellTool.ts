/**
 * What is known of PowerShell's own commands: those that run what they are given, and parameters that do. Parameters are
 * compared without letter case and by their beginnings, as PowerShell does.
 */
export function powershellDanger(words: readonly string[]): string | undefined {
  const name = (words[0] ?? '').toLowerCase();
  if (forbidden.has(name)) {
    return `uses ${name}, which can run what it is given`;
  }
  if (!/^[a-z]+-[a-z]+$/.test(name) && !aliases.has(name)) {
    return undefined;
  }
  const dangerous =
    /^(?:remove|clear|stop)-/.test(name) || deleting.has(name)
      ? [...parameters, 'recurse', 'force']
      : parameters;
  const odd = words.slice(1).find((word) => {
    const given = /^-([A-Za-z]+)/.exec(word)?.[1]?.toLowerCase();
    return given !== undefined && dangerous.some((parameter) => parameter.startsWith(given));
  });
  return odd === undefined
    ? undefined
    : `gives ${name} a parameter that runs, writes or deletes (${odd})`;
}

export function isPowershellReader(name: string): boolean {
  return /^(?:get|select|measure|test|compare|format|sort|group|resolve|split|join|convertto|convertfrom)-/.test(
    name,
  );
}

/** Every name under which PowerShell knows the same command, this one included. */
export function powershellNames(name: string): readonly string[] {
  return groups.find((group) => group.includes(name)) ?? [name];
}

const groups: readonly (readonly string[])[] = [
  'remove-item ri rm rmdir del erase rd',
  'invoke-expression iex',
  'invoke-command icm',
  'invoke-webrequest iwr curl wget',
  'invoke-restmethod irm',
  'start-process saps start',
  'get-content gc cat type',
  'set-content sc',
  'add-content ac',
  'clear-content clc',
  'copy-item cpi copy cp',
  'move-item mi move mv',
  'rename-item rni ren',
  'new-item ni',
  'get-childitem gci ls dir',
  'set-location sl cd chdir',
  'stop-process spps kill',
  'foreach-object foreach %',
  'where-object where ?',
  'invoke-item ii',
  'set-alias sal',
  'new-alias nal',
].map((group) => group.split(' '));

const aliases: ReadonlySet<string> = new Set(groups.flat());
const deleting: ReadonlySet<string> = new Set([
  'ri',
  'rm',
  'rmdir',
  'del',
  'erase',
  'rd',
  'kill',
  'spps',
]);

const parameters: readonly string[] = [
  'outfile',
  'filepath',
  'scriptblock',
  'command',
  'encodedcommand',
  'file',
  'executionpolicy',
  'argumentlist',
  'computername',
  'session',
  'credential',
  'initializationscript',
];

const forbidden: ReadonlySet<string> = new Set(
  (
    'invoke-item ii add-type import-module ipmo new-alias set-alias nal sal set-variable sv start-job sajb invoke-wmimethod ' +
    'invoke-cimmethod enter-pssession etsn new-pssession set-item si new-psdrive foreach-object foreach where-object where ' +
    'set-executionpolicy register-scheduledtask register-objectevent new-service set-service new-object invoke-history ihy ' +
    'set-location sl cd chdir push-location pushd pop-location popd set-psbreakpoint trace-command using install-module ' +
    'install-package install-script update-module save-module out-file tee-object start-transcript export-clixml export-csv'
  ).split(' '),
);
