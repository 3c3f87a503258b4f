/** Why a sed script is more than printing, deleting lines and substituting; undefined when it is not. */
export function sedScriptDanger(script: string): string | undefined {
  let rest = script.trim();
  const address =
    /^(?:\d+(?:~\d+)?|\$|\/(?:[^/\\]|\\.)*\/I?)(?:\s*,\s*(?:\+?\d+|~\d+|\$|\/(?:[^/\\]|\\.)*\/I?))?/;
  for (let count = 0; rest !== ''; count += 1) {
    rest = rest.replace(address, '').replace(/^\s*!?\s*/, '');
    const substitute =
      /^[sy]([^\s\w\\;])((?:[^\\]|\\.)*?)\1((?:[^\\]|\\.)*?)\1([gpiI0-9]*)\s*(?:;|$)/s.exec(rest);
    const simple = /^[pdqD=lnNGhHxgP](?:\s*\d*)\s*(?:;|$)/.exec(rest);
    const used = substitute ?? simple;
    if (used === null || count > 64) {
      return 'gives sed a script that could run programs or touch files';
    }
    rest = rest.slice(used[0].length).trim();
  }
  return undefined;
}

/** Why an awk program is more than selecting and printing. */
export function awkProgramDanger(program: string): string | undefined {
  return /system|getline|close|fflush|ARG[VC]|ENVIRON|PROCINFO|@|[|<>`]/.test(program)
    ? 'gives awk a program that could run programs or touch files'
    : undefined;
}

export function jqFilterDanger(filter: string): string | undefined {
  return /\b(?:import|include|input_filename|env|get_search_list)\b|\$ENV|\$__prog/.test(filter)
    ? 'gives jq a filter that reads the environment or other files'
    : undefined;
}
