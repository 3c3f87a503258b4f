// The file picker over 100,000 paths, beside fuzzysort with prepared targets, in a process of its own.
import { readFileSync } from 'node:fs';
import fuzzysort from 'fuzzysort';
import { createPathPicker } from '../../src/base/pathPicker';

const { pathsFile, queriesFile, filler, count } = JSON.parse(process.argv[2]);
const lines = (file) => readFileSync(file, 'utf8').trimEnd().split('\n');
const own = lines(pathsFile);
const more = lines(filler);
const paths = [...own];
for (let copy = 0; paths.length < count; copy += 1) {
  for (const path of more) {
    if (paths.length < count) paths.push(copy === 0 ? path : `packages/copy${copy}/${path}`);
  }
}
const labels = lines(queriesFile).map((line) => line.split('\t'));

/** Processor time, so that what else the machine does does not count. */
const cpuMs = (work) => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

/** Each query's best time of some passes, each of them with all queries in their order. */
const measure = (find, times) => {
  let took = labels.map(() => Infinity);
  const wrong = [];
  for (let time = 0; time < times; time += 1) {
    took = labels.map(([query, expected], index) => {
      let first;
      find(''); // what is known of the query before is of no use to this one
      const ms = cpuMs(() => (first = find(query)));
      if (time === 0 && first !== expected) wrong.push({ query, expected, first });
      return Math.min(took[index], ms);
    });
  }
  return { took, wrong };
};

let beganMs = performance.now();
const picker = createPathPicker(paths);
const buildMs = performance.now() - beganMs;
beganMs = performance.now();
const targets = paths.map((path) => fuzzysort.prepare(path));
const prepareMs = performance.now() - beganMs;
const ours = (query) => picker.find(query, 50)[0];
const theirs = (query) => fuzzysort.go(query, targets, { limit: 50 })[0]?.target;
labels.slice(0, 20).forEach(([query]) => ours(query)); // warm
labels.slice(0, 5).forEach(([query]) => theirs(query));
/**
 * The picker is asked with each key: every beginning of every twentieth query, one after another as they are typed, best of
 * some passes. The same query is never asked twice in a row: an answer that is only remembered does not count.
 */
const typed = labels
  .filter((_, index) => index % 20 === 0)
  .flatMap(([query]) => Array.from(query, (_, index) => query.slice(0, index + 1)));
const asTyped = (find, times) => {
  const passes = Array.from({ length: times }, () =>
    typed.map((query) => cpuMs(() => find(query))),
  );
  return typed.map((_, index) => Math.min(...passes.map((pass) => pass[index])));
};
process.send({
  count: paths.length,
  labels: labels.length,
  buildMs,
  prepareMs,
  ours: measure(ours, 3),
  theirs: measure(theirs, 3),
  typed: { ours: asTyped(ours, 3), theirs: asTyped(theirs, 3) },
});
process.disconnect();
