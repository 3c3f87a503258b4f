// P12: the token estimate against a real tokenizer (o200k_base of gpt-tokenizer, a development dependency for this
// comparison alone): how far off before anything was reported and after the first report, how fast, and what of a
// vocabulary is shipped.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { kilobytes, median, remark, report } from './goals.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
const runs = 5;
const charsPerTurn = 6000;

/** What a working session is made of, from this repository: always the same kinds, cut into turns. */
const kinds = {
  'code in TypeScript': ['src/*.ts', 'src/**/*.ts'],
  tests: ['test/unit/*/*.ts'],
  'scripts in JavaScript': ['scripts/*.mjs', 'test/**/*.mjs'],
  'prose in Markdown': ['*.md', 'docs/*.md', 'docs/**/*.md'],
  'recorded wire lines': ['test/fixtures/**'],
  configuration: ['*.json', 'test/package-list.json'],
};

const tracked = (patterns) =>
  execFileSync('git', ['ls-files', '--', ...patterns], { cwd: inRoot('.'), encoding: 'utf8' })
    .split('\n')
    .filter((name) => /\.(?:ts|mjs|md|json|jsonl|ndjson|txt)$/.test(name));

function turnsOf(patterns) {
  const turns = [];
  for (const name of tracked(patterns)) {
    const text = readFileSync(inRoot(name), 'utf8');
    if (text.length > 400) turns.push(text.slice(0, charsPerTurn));
    if (turns.length === 60) break;
  }
  return turns;
}

try {
  const outfile = path.join(folder, 'estimate.mjs');
  const { metafile } = await esbuild.build({
    entryPoints: [inRoot('src/transcript/tokenEstimate.ts')],
    outfile,
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    logLevel: 'warning',
  });
  const { estimateTextTokens, TokenAnchor } = await import(pathToFileURL(outfile));
  const { encode } = await import('gpt-tokenizer/encoding/o200k_base');
  const corpus = Object.entries(kinds)
    .map(([kind, patterns]) => ({
      kind,
      turns: turnsOf(patterns).map((text) => ({ text, tokens: encode(text).length })),
    }))
    .filter(({ turns }) => turns.length > 3);

  const sum = (some, of) => some.reduce((total, one) => total + of(one), 0);
  const off = (said, real) => Math.abs(said / real - 1) * 100;
  const before = corpus.map(({ kind, turns }) => ({
    kind,
    percent: off(
      sum(turns, ({ text }) => estimateTextTokens(text)),
      sum(turns, ({ tokens }) => tokens),
    ),
  }));
  // A session reads files of all kinds; only its first turn is ever reported.
  const session = Array.from({ length: 200 }, (_, at) => {
    const { turns } = corpus[at % corpus.length];
    return turns[Math.floor(at / corpus.length) % turns.length];
  });
  const anchor = new TokenAnchor();
  let real = 0;
  let said = 0;
  const after = session.map(({ text, tokens }, at) => {
    real += tokens;
    said += estimateTextTokens(text);
    if (at === corpus.length - 1) anchor.noteUsage(real, said);
    return at < corpus.length ? 0 : off(anchor.correct(said), real);
  });

  const text = session.map((turn) => turn.text).join('\n');
  const megabytes = Buffer.byteLength(text) / 1e6;
  const speed = (count) =>
    median(
      Array.from({ length: runs }, () => {
        const startedMs = performance.now();
        for (const turn of session) count(turn.text);
        return performance.now() - startedMs;
      }),
    );
  const ours = speed(estimateTextTokens);
  const theirs = speed((turn) => encode(turn).length);

  const worst = before.reduce((a, b) => (a.percent > b.percent ? a : b));
  report('P12 token estimate', [
    {
      what: 'off before anything was reported, worst kind of text',
      value: worst.percent,
      goal: 10,
      unit: '%',
      note: worst.kind,
    },
    {
      what: 'off after the first report, worst moment of the session',
      value: Math.max(...after),
      goal: 5,
      unit: '%',
    },
    {
      what: 'time / that of gpt-tokenizer',
      value: ours / theirs,
      goal: 1 / 4,
      note: `${(theirs / ours).toFixed(1)} x its speed`,
    },
    {
      what: 'size of the estimate, all of it',
      value: kilobytes(Object.values(metafile.outputs)[0].bytes),
      goal: 4,
      unit: 'kB',
      note: 'no vocabulary',
    },
  ]);
  for (const { kind, percent } of before) remark(`${kind}: ${percent.toFixed(1)} % off`);
  const quarter = sum(session, ({ text: one }) => one.length / 4);
  remark(
    `a quarter of the characters: ${off(
      quarter,
      sum(session, ({ tokens }) => tokens),
    ).toFixed(1)} % off`,
  );
  remark(
    `${((megabytes / ours) * 1000).toFixed(1)} and ${((megabytes / theirs) * 1000).toFixed(1)} MB/s`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
