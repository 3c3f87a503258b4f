// P10: the hunks of two texts by the product's own code, against the least that any line diff does: split into lines, trim
// equal ends, intern the lines. Processor time, because a busy machine preempts the longer of the two more often.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { cpuMs, remark, report } from './goals.mjs';

const folder = inRoot('out/bench-hunks');
const sizes = [10_000, 100_000];

function generator(start) {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

const words =
  'count index value total name list result options path stream event token buffer line offset state'.split(
    ' ',
  );

/** Lines like code: many single ones, some that occur everywhere. */
function program(random, size) {
  const word = () => words[Math.floor(random() * words.length)];
  const number = () => String(Math.floor(random() * 1000));
  const shapes = [
    () => '',
    () => '}',
    () => '  }',
    () => `  const ${word()}${number()} = ${word()}(${word()}, ${number()});`,
    () => `  if (${word()} > ${number()}) {`,
    () => `    return ${word()}.${word()}(${number()});`,
    () => `function ${word()}${number()}(${word()}, ${word()}) {`,
    () => `  // the ${word()} of ${word()} ${number()}`,
  ];
  return Array.from({ length: size }, () => shapes[Math.floor(random() * shapes.length)]());
}

function shuffled(random, lines) {
  const all = [...lines];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other], all[at]];
  }
  return all;
}

const cases = {
  'three places': {
    goal: 3,
    make: (_random, lines) => {
      const after = [...lines];
      for (const part of [0.2, 0.5, 0.8]) after[Math.floor(lines.length * part)] = '  changed();';
      return [lines, after];
    },
  },
  '5 % of the lines': {
    goal: 10,
    make: (random, lines) => [
      lines,
      lines.map((line) => (random() < 0.05 ? `${line} // ${Math.floor(random() * 1e6)}` : line)),
    ],
  },
  rewritten: {
    goal: 20,
    make: (_random, lines) => [lines, program(generator(999), lines.length)],
  },
  'rewritten, no line in common': {
    goal: 20,
    make: (_random, lines) => [lines, lines.map((_, at) => `new line ${at}`)],
  },
  'shuffled lines': { goal: 20, make: (random, lines) => [lines, shuffled(random, lines)] },
  'shuffled single lines': {
    goal: 20,
    make: (random, lines) => {
      const single = lines.map((line, at) => `${line} ${at}`);
      return [single, shuffled(random, single)];
    },
  },
  'one line repeated': {
    goal: 20,
    make: (random, lines) => [
      lines.map(() => 'same'),
      lines.map((line) => (random() < 0.5 ? 'same' : line)),
    ],
  },
  'two lines at random': {
    goal: 20,
    make: (random, lines) => [
      lines.map(() => (random() < 0.5 ? 'a' : 'b')),
      lines.map(() => (random() < 0.5 ? 'a' : 'b')),
    ],
  },
};

function ceiling(base, proposed) {
  const before = base.split('\n');
  const after = proposed.split('\n');
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < shorter - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  const ids = new Map();
  const intern = (lines) => {
    const numbers = new Int32Array(lines.length - head - tail);
    for (let at = head; at < lines.length - tail; at++) {
      let id = ids.get(lines[at]);
      if (id === undefined) {
        id = ids.size;
        ids.set(lines[at], id);
      }
      numbers[at - head] = id;
    }
    return numbers;
  };
  return [intern(before), intern(after)];
}

try {
  const entry = path.join(folder, 'hunks.mjs');
  await esbuild.build({
    entryPoints: [inRoot('src/edits/hunks.ts')],
    outfile: entry,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const { applyDecisions, computeHunks } = await import(pathToFileURL(entry).href);
  const goals = [];
  const remarks = [];
  for (const [what, { goal, make }] of Object.entries(cases)) {
    const times = [];
    for (const size of sizes) {
      const random = generator(7);
      const [base, proposed] = make(random, program(random, size)).map(
        (lines) => `${lines.join('\n')}\n`,
      );
      const least = [];
      const ours = [];
      let hunks = [];
      for (let run = 0; run < (size > 20_000 ? 9 : 25); run++) {
        least.push(cpuMs(() => ceiling(base, proposed)));
        ours.push(cpuMs(() => (hunks = computeHunks(base, proposed))));
      }
      const ids = hunks.map(({ id }) => id);
      if (
        applyDecisions(base, hunks, ids) !== proposed ||
        applyDecisions(base, hunks, []) !== base
      ) {
        throw new Error(`${what}, ${size} lines: the hunks do not apply back`);
      }
      times.push(Math.min(...ours));
      goals.push({
        what: `${what}, ${size} lines, time / ceiling`,
        value: Math.min(...ours) / Math.min(...least),
        goal,
      });
      remarks.push(
        `${what}, ${size} lines: ${Math.min(...ours).toFixed(1)} ms, ceiling ${Math.min(...least).toFixed(1)} ms, ${hunks.length} hunks`,
      );
    }
    goals.push({ what: `${what}, time(100k) / time(10k)`, value: times[1] / times[0], goal: 15 });
  }
  report('P10 hunks', goals);
  remarks.forEach(remark);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
