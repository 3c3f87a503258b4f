/** Why an awk program is more than selecting and printing. */
export function awkProgramDanger(program: string): string | undefined {
  return /system|getline|close|fflush|ARG[VC]|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|@|[|<>`]/.test(
    program,
  )
    ? 'gives awk a program that could run programs or touch files'
    : undefined;
}

export function jqFilterDanger(filter: string): string | undefined {
  return /\b(?:import|include|input_filename|modulemeta|env|get_search_list)\b|\$ENV|\$__prog/.test(
    filter,
  )
    ? 'gives jq a filter that reads the environment or other files'
    : undefined;
}
