#!/usr/bin/env node
// Stands for Claude Code: answers a prompt with `rounds` rounds as fast as it is read.
import { createInterface } from 'node:readline';
import { init, result, round } from './agent-stream.mjs';

/** One round in so many ends with a big line. */
const bigEvery = 6;
const warmRounds = 6;
const [rounds, bigBytes] = process.argv
  .find((arg) => arg.startsWith('--bench='))
  .slice(8)
  .split(',')
  .map(Number);
const write = (data) => new Promise((resolve) => process.stdout.write(data, resolve));

async function answer(count) {
  await write(`${init}\n`);
  for (let n = 0; n < count; n++) {
    await write(round(n, n % bigEvery === bigEvery - 1 ? bigBytes : 0));
  }
  await write(`${result}\n`);
}

// The first prompt is for warming up.
let count = warmRounds;
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    if (!line.includes('"type":"user"')) return;
    const wanted = count;
    count = rounds;
    await answer(wanted);
  })
  .on('close', () => process.exit(0));
