// Who may import whom: the matrix of the architecture, checked by dependency-cruiser. `edits` and `gate` may be
// imported by `protocol` as types only; TypeScript erases those, so the rule looks at pre-compilation dependencies.
const rooms = {
  base: [],
  events: ['base'],
  protocol: ['base', 'events', 'edits', 'gate'],
  transcript: ['base', 'events'],
  edits: ['base', 'events'],
  gate: ['base', 'events', 'edits'],
  runtime: ['base', 'events'],
  tools: ['base', 'events', 'edits', 'gate'],
  session: ['base', 'events', 'runtime', 'gate', 'tools', 'edits', 'transcript'],
  node: ['base', 'events', 'runtime', 'gate', 'tools', 'session'],
  host: [
    'base',
    'events',
    'protocol',
    'transcript',
    'edits',
    'gate',
    'runtime',
    'tools',
    'session',
  ],
};

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${allowed.length === 0 ? 'no other room' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^(src|webview|test)/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const only = (name, packages, allowed) => ({
  name,
  severity: 'error',
  from: { path: '^(src|webview)/', pathNot: allowed },
  to: { path: packages },
});

module.exports = {
  forbidden: [
    ...roomRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'webview',
      severity: 'error',
      from: { path: '^webview/' },
      to: { path: '^src/', pathNot: '^src/(base|events|protocol)/' },
    },
    {
      name: 'headless-knows-no-editor',
      severity: 'error',
      from: { path: '^src/headless' },
      to: { path: '^(src/host/|webview/)' },
    },
    {
      name: 'node-uses-ports-only',
      comment: 'of the core rooms, node knows the port types, never the code',
      severity: 'error',
      from: { path: '^src/node/' },
      to: { path: '^src/(runtime|gate|tools|session)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'protocol-knows-types-only',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { path: '^src/(edits|gate)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'bridges-do-not-touch-the-stream',
      severity: 'error',
      from: { path: '^src/runtime/bridges/' },
      to: { path: '^src/events/(eventStream|messageSink)' },
    },
    {
      name: 'no-bridge-imports-another',
      severity: 'error',
      from: { path: '^src/runtime/bridges/([a-z]+)[^/]*$' },
      to: { path: '^src/runtime/bridges/', pathNot: '^src/runtime/bridges/$1' },
    },
    only(
      'anthropic-sdk-in-one-file',
      'node_modules/@anthropic-ai/sdk',
      '^src/runtime/network/anthropic\\.ts$',
    ),
    only('openai-sdk-in-one-file', 'node_modules/openai', '^src/runtime/network/openai\\.ts$'),
    only(
      'toolkit-in-one-file',
      'node_modules/@vscode/webview-ui-toolkit',
      '^webview/toolkit\\.ts$',
    ),
    only('diff-library-in-edits', 'node_modules/vscode-diff', '^src/edits/'),
    {
      name: 'node-built-ins-in-node',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(node/|headless|composition|extension)' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-dev-dependency-is-shipped',
      severity: 'error',
      from: { path: '^(src|webview)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown'],
        pathNot: '^(node_modules/@types/|vscode$)|node_modules/@types/vscode',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
