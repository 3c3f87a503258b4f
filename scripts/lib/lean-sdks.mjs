// Leaves the parts of the model SDKs (and of the MCP SDK) that Patchbay never calls out of its bundles: assistants,
// administration, files, their own reading of streams, telemetry, other ways to sign in. What is sent and how it is
// retried, refused and named stays. The SDKs build one object per part in their client's constructor, so nothing can be
// shaken off by itself. A part that is left out is still there, and says so when it is used.
import { build } from 'esbuild';

/** Parts that Patchbay does not call, by the file that has them, without `.mjs`. */
const anthropicFiles = [
  'resources/.+',
  'core/pagination',
  'core/streaming',
  'internal/utils/query',
  'lib/credentials/credential-chain',
  'lib/credentials/token-cache',
  'lib/internal/tracing',
];
const openaiFiles = [
  // All but `responses` and `chat`.
  'resources/(?!(?:index|shared|chat|responses)(?:\\.|/)).+',
  'resources/(?:chat/completions/messages|responses/input-(?:items|tokens))',
  'auth/workload-identity-auth',
  'core/pagination',
  'core/streaming',
  'internal/utils/query',
  'lib/ChatCompletionRunner',
  'lib/ChatCompletionStream',
  'lib/ChatCompletionStreamingRunner',
  'lib/ResponsesParser',
  'lib/parser',
  'lib/responses/ResponseStream',
];

/** Parts that every request asks whether they are wanted; they are not. */
const unwanted = [
  {
    file: filesOf('openai', ['internal/auth/x509-workload-identity-auth']),
    own: { isX509WorkloadIdentity: '() => false' },
  },
  {
    file: filesOf('openai', ['internal/uploads']),
    own: {
      hasUploadableValue: '() => false',
      finalizeStreamingFormRequestOptions: '() => undefined',
    },
  },
  {
    // A refusal keeps its status and its words; what it means is told from those (src/runtime/network/httpFailure.ts).
    file: filesOf('@anthropic-ai/sdk', ['core/error-classes']),
    own: { ERROR_CODE_CLASSES: 'new Map()' },
  },
  {
    file: filesOf('@anthropic-ai/sdk', ['internal/tracing']),
    own: {
      resolveOpenTelemetryOptions: '() => ({ propagation: false, traces: { enabled: false } })',
      getTracer: '() => undefined',
      guardTracing: '(_client, step) => step()',
    },
  },
];

const leftOut = [
  filesOf('@anthropic-ai/sdk', anthropicFiles),
  filesOf('openai', openaiFiles),
  /[\\/]@opentelemetry[\\/]api[\\/].+[\\/]index\.m?js$/,
  // The checker of results that the MCP SDK brings along; Patchbay gives it one of its own (src/node/mcpServerLink.ts).
  /[\\/]sdk[\\/]dist[\\/]esm[\\/]validation[\\/]ajv-provider\.js$/,
];

function filesOf(name, files) {
  const parts = [`node_modules/${name}`, `(?:${files.join('|')})\\.mjs$`].join('/');
  return new RegExp(`[\\\\/]${parts.replaceAll('/', '[\\\\/]')}`);
}

/** @returns {import('esbuild').Plugin} */
export const leanSdks = () => ({
  name: 'lean-sdks',
  setup(b) {
    b.onLoad({ filter: /node_modules.+\.m?js$/ }, async ({ path }) => {
      const own = unwanted.find(({ file }) => file.test(path))?.own;
      return own === undefined && !leftOut.some((file) => file.test(path))
        ? undefined
        : { loader: 'js', contents: standIn(await exportsOf(path), own ?? {}) };
    });
  },
});

async function exportsOf(file) {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: false,
    write: false,
    metafile: true,
    format: 'esm',
    outdir: 'nowhere',
    logLevel: 'silent',
  });
  return Object.values(metafile.outputs)[0].exports;
}

const standIn = (names, own) => `
  const leftOut = (name) => function () {
    const fail = (key) => {
      throw new Error(name + key + ' is left out of Patchbay (scripts/lib/lean-sdks.mjs)');
    };
    return new.target === undefined ? fail('') : new Proxy({}, {
      get: (_, key) => (typeof key === 'symbol' ? undefined : fail('.' + key)),
    });
  };
  ${names
    .map((name) =>
      name === 'default'
        ? `export default {};`
        : `export const ${name} = ${own[name] ?? `/* @__PURE__ */ leftOut('${name}')`};`,
    )
    .join('\n')}`;
