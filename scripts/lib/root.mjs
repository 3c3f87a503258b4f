// Where the project is. Imports nothing but Node, so that it works before `npm ci`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** @param {...string} parts a path below the project's folder */
export const inRoot = (...parts) => path.join(root, ...parts);

/** The project's package.json as it is now. */
export const manifest = () => JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));

/** True in the file that was given to `node`, false in one that is only imported. */
export const isMain = (url) =>
  process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href;
