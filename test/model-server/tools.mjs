// Abstract tool calls ("shell", "read", "write", "edit", "patch") are turned into the
// tool that the calling client really offered in its request, so that one
// scenario works with every client.

const first = (...xs) => xs.find((x) => x !== undefined);

/** name -> (step) => input, in order of preference per abstract tool. */
const DIALECTS = {
  shell: [
    ['run_command', (s) => ({ command: s.command })],
    ['Bash', (s) => ({ command: s.command, description: first(s.description, 'run a command') })],
    ['bash', (s) => ({ command: s.command, description: first(s.description, 'run a command') })],
    [
      'exec_command',
      (s) => ({
        cmd: s.command,
        ...(s.escalate
          ? {
              sandbox_permissions: 'require_escalated',
              justification: s.description ?? 'needs to leave the sandbox',
            }
          : {}),
      }),
    ],
    ['shell_command', (s) => ({ command: s.command })],
    ['shell', (s) => ({ command: ['bash', '-lc', s.command] })],
    ['local_shell', (s) => ({ command: ['bash', '-lc', s.command] })],
    [
      'run_shell_command',
      (s) => ({ command: s.command, description: first(s.description, 'run a command') }),
    ],
  ],
  read: [
    ['Read', (s) => ({ file_path: s.path })],
    ['read', (s, t) => (hasProp(t, 'filePath') ? { filePath: s.path } : { path: s.path })],
    [
      'read_file',
      (s, t) =>
        hasProp(t, 'file_path')
          ? { file_path: s.path }
          : hasProp(t, 'absolute_path')
            ? { absolute_path: s.path }
            : { path: s.path },
    ],
    ['exec_command', (s) => ({ cmd: `cat ${s.path}` })],
    ['shell_command', (s) => ({ command: `cat ${s.path}` })],
    ['shell', (s) => ({ command: ['cat', s.path] })],
  ],
  write: [
    ['Write', (s) => ({ file_path: s.path, content: s.content })],
    [
      'write',
      (s, t) =>
        hasProp(t, 'filePath')
          ? { filePath: s.path, content: s.content }
          : { path: s.path, content: s.content },
    ],
    [
      'write_file',
      (s, t) =>
        hasProp(t, 'file_path')
          ? { file_path: s.path, content: s.content }
          : { path: s.path, content: s.content },
    ],
    ['apply_patch', (s) => ({ __freeform: addFilePatch(s), input: addFilePatch(s) })],
    ['exec_command', (s) => ({ cmd: `apply_patch <<'EOF'\n${addFilePatch(s)}\nEOF` })],
    ['shell_command', (s) => ({ command: `apply_patch <<'EOF'\n${addFilePatch(s)}\nEOF` })],
    ['shell', (s) => ({ command: ['apply_patch', addFilePatch(s)] })],
  ],
  edit: [
    ['edit_file', (s) => ({ path: s.path, edits: [{ search: s.old, replace: s.new }] })],
    ['Edit', (s) => ({ file_path: s.path, old_string: s.old, new_string: s.new })],
    [
      'edit',
      (s, t) =>
        hasProp(t, 'filePath')
          ? { filePath: s.path, oldString: s.old, newString: s.new }
          : hasProp(t, 'edits')
            ? { path: s.path, edits: [{ oldText: s.old, newText: s.new }] }
            : { path: s.path, oldText: s.old, newText: s.new },
    ],
    [
      'replace',
      (s) => ({
        file_path: s.path,
        old_string: s.old,
        new_string: s.new,
        instruction: 'edit the file',
      }),
    ],
    ['apply_patch', (s) => ({ __freeform: updatePatch(s), input: updatePatch(s) })],
    ['exec_command', (s) => ({ cmd: `apply_patch <<'EOF'\n${updatePatch(s)}\nEOF` })],
    ['shell_command', (s) => ({ command: `apply_patch <<'EOF'\n${updatePatch(s)}\nEOF` })],
    ['shell', (s) => ({ command: ['apply_patch', updatePatch(s)] })],
  ],
  // Several files at once; only where the client has it.
  patch: [
    ['apply_patch', (s) => ({ __freeform: s.patch, input: s.patch })],
    ['exec_command', (s) => ({ cmd: `apply_patch <<'EOF'\n${s.patch}\nEOF` })],
    ['shell_command', (s) => ({ command: `apply_patch <<'EOF'\n${s.patch}\nEOF` })],
  ],
};

const prefixed = (mark, text) =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((l) => mark + l)
    .join('\n');
const addFilePatch = (s) =>
  `*** Begin Patch\n*** Add File: ${s.path}\n${prefixed('+', s.content)}\n*** End Patch`;
const updatePatch = (s) =>
  `*** Begin Patch\n*** Update File: ${s.path}\n@@\n${prefixed('-', s.old)}\n${prefixed('+', s.new)}\n*** End Patch`;
const hasProp = (tool, name) => Boolean(tool?.schema?.properties && name in tool.schema.properties);

/** Agents put the name of its server in front of a tool of Patchbay's. */
const bareName = (name) => name.replace(/^(?:mcp__patchbay__|patchbay_)/, '');

/** The tools a request offers, whatever the dialect: [{name, kind, schema}] */
export function offeredTools(dialect, body) {
  const out = [];
  if (dialect === 'gemini') {
    for (const t of body.tools ?? [])
      for (const f of t.functionDeclarations ?? [])
        out.push({
          name: f.name,
          kind: 'function',
          schema: f.parametersJsonSchema ?? f.parameters,
        });
    return out;
  }
  const walk = (t, namespace) => {
    if (t.type === 'namespace') return (t.tools ?? []).forEach((x) => walk(x, t.name));
    if (t.function)
      return out.push({ name: t.function.name, kind: 'function', schema: t.function.parameters });
    if (t.type === 'custom') return out.push({ name: t.name, kind: 'custom', namespace });
    if (t.name)
      return out.push({
        name: t.name,
        kind: 'function',
        schema: t.input_schema ?? t.parameters,
        namespace,
      });
    if (t.type) out.push({ name: t.type, kind: t.type });
  };
  for (const t of body.tools ?? []) walk(t);
  return out;
}

/** Resolve one scenario tool step into {name, kind, input, freeform?, namespace?} */
export function resolveTool(step, offered) {
  if (step.name) {
    const t = offered.find((o) => o.name === step.name);
    return {
      name: step.name,
      kind: step.kind ?? t?.kind ?? 'function',
      input: step.input ?? {},
      freeform: step.freeform,
      namespace: step.namespace ?? t?.namespace,
    };
  }
  const table = DIALECTS[step.tool];
  if (!table) throw new Error(`unknown abstract tool "${step.tool}"`);
  for (const [name, make] of table) {
    const t = offered.find((o) => bareName(o.name) === name);
    if (!t) continue;
    const { __freeform, ...input } = make(step, t);
    return {
      name: t.name,
      kind: t.kind,
      input,
      freeform: t.kind === 'custom' ? __freeform : undefined,
      namespace: t.namespace,
    };
  }
  // The client offered nothing suitable: use the first spelling anyway, so the mistake is visible.
  const [name, make] = table[0];
  const { __freeform, ...input } = make(step);
  return { name, kind: 'function', input };
}
