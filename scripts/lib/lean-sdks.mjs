// Leaves the parts of the model SDKs (and of the MCP SDK) that Patchbay never calls out of its bundles (assistants, administration,
// fine-tuning, files and so on; the Messages, Responses and Chat Completions parts stay). The SDKs build one object per
// part in their client's constructor, so nothing can be shaken off by itself. A part that is left out is still there
// as an object, and says so when it is used.
import { build } from 'esbuild';

/** Folders below `resources/` that go; the file of the folder's own name stays (it also exports error classes). */
const leftOut = {
  '@anthropic-ai/sdk': ['beta', 'organization', 'skills', 'user-profiles'],
  openai: [
    'admin',
    'audio',
    'beta',
    'containers',
    'conversations',
    'evals',
    'fine-tuning',
    'graders',
    'live',
    'realtime',
    'safety',
    'skills',
    'uploads',
    'vector-stores',
    'videos',
    'webhooks',
  ],
};

/** Further files that go: helpers that accumulate a stream or run tools by themselves, and ways to sign in of other products. */
const leftOutFiles = [
  'lib/ChatCompletionStream',
  'lib/ChatCompletionRunner',
  'lib/ChatCompletionStreamingRunner',
  'lib/responses/ResponseStream',
  'auth/workload-identity-auth',
];

/** The checker of results that the MCP SDK brings along; Patchbay gives it one of its own (src/node/mcpServerLink.ts). */
const mcpChecker = /[\\/]sdk[\\/]dist[\\/]esm[\\/]validation[\\/]ajv-provider\.js$/;

const inLeftOut = new RegExp(
  [
    ...Object.entries(leftOut).map(
      ([name, folders]) =>
        `[\\\\/]${name}[\\\\/]resources[\\\\/](?:${folders.join('|')})[\\\\/].+\\.mjs$`,
    ),
    ...leftOutFiles.map((file) => `[\\\\/]openai[\\\\/]${file.replaceAll('/', '[\\\\/]')}\\.mjs$`),
  ]
    .join('|')
    .replace('@anthropic-ai/sdk', '@anthropic-ai[\\\\/]sdk'),
);
const ownFile = /[\\/]resources[\\/]([^\\/]+)[\\/]\1\.mjs$/;

/** @returns {import('esbuild').Plugin} */
export const leanSdks = () => ({
  name: 'lean-sdks',
  setup(b) {
    b.onLoad({ filter: mcpChecker }, () => ({
      contents: standIn(['AjvJsonSchemaValidator']),
      loader: 'js',
    }));
    b.onLoad({ filter: inLeftOut }, async ({ path }) => {
      if (ownFile.test(path)) return undefined;
      return { contents: standIn(await exportsOf(path)), loader: 'js' };
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

const standIn = (names) => `
  const leftOut = (name) => class {
    constructor() {
      return new Proxy({}, {
        get(_, key) {
          if (typeof key === 'symbol') return undefined;
          throw new Error(name + '.' + key + ' is left out of Patchbay (scripts/lib/lean-sdks.mjs)');
        },
      });
    }
  };
  ${names.map((name) => `export const ${name} = /* @__PURE__ */ leftOut('${name}');`).join('\n')}`;
