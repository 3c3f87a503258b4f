// Our text search and the bare program over the same folder, in a process of its own.
import { spawn } from 'node:child_process';
import { Ripgrep } from '../../src/node/ripgrep';
import { findRipgrep } from '../fakes/ripgrepBinary';

const { folder, pattern, runs } = JSON.parse(process.argv[2]);
const rg = findRipgrep();
if (rg === undefined) {
  process.send({ problem: 'there is no ripgrep on this machine' });
  process.disconnect();
} else {
  const env = { PATH: process.env.PATH ?? '' };
  /** The program as a person would ask it for the same lines: it counts bytes and reads nothing. */
  const startBare = () => {
    const args = ['--no-config', '--hidden', '--no-require-git', '--glob=!**/.git', '-n', '-H'];
    return spawn(rg, [...args, '--no-heading', '--ignore-case', '-F', '-e', pattern, '--', '.'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  };
  const bare = () =>
    new Promise((resolve) => {
      const beganMs = performance.now();
      let bytes = 0;
      const child = startBare();
      child.stdout.on('data', (chunk) => {
        bytes += chunk.length;
      });
      child.once('close', () => resolve({ wholeMs: performance.now() - beganMs, bytes }));
    });
  const search = new Ripgrep(rg, env);
  const options = {
    folder,
    pattern,
    isRegex: false,
    isCaseSensitive: false,
    signal: new AbortController().signal,
  };
  const ours = async () => {
    const beganMs = performance.now();
    const { matches } = await search.searchText({ ...options, maxResults: 1_000_000 });
    const wholeMs = performance.now() - beganMs;
    const againMs = performance.now();
    await search.searchText({ ...options, maxResults: 0 }); // ends with the first
    return { wholeMs, firstMs: performance.now() - againMs, count: matches.length };
  };
  const first = async () => {
    // What a first result costs the bare program: started, read once, ended.
    const beganMs = performance.now();
    await new Promise((resolve) => {
      const child = startBare();
      child.stdout.once('data', () => child.kill('SIGKILL'));
      child.once('close', resolve);
    });
    return performance.now() - beganMs;
  };
  /** How long the program lives on after an abort. */
  const cancel = async () => {
    const controller = new AbortController();
    const done = search.searchText({
      ...options,
      maxResults: 1_000_000,
      signal: controller.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 15));
    const beganMs = performance.now();
    controller.abort();
    await done;
    const tookMs = performance.now() - beganMs;
    // Its handle goes in the loop's last phase, which comes after the first of these.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const left = process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;
    return { tookMs, left };
  };
  const said = { bare: [], ours: [], first: [], cancel: [] };
  await bare(); // the files are in memory from here on
  await ours();
  for (let run = 0; run < runs; run += 1) {
    // In turns, so that neither always runs after the other.
    if (run % 2 === 0) said.bare.push(await bare());
    said.ours.push(await ours());
    if (run % 2 === 1) said.bare.push(await bare());
    said.first.push(await first());
    said.cancel.push(await cancel());
  }
  process.send(said);
  process.disconnect();
}
