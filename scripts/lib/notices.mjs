// The licences of what is bundled, for the package: most of them ask for their text to come along.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { inRoot } from './root.mjs';

/**
 * @param {readonly string[]} inputs the files that went into the bundles
 * @returns {string} the text of dist/THIRD-PARTY-NOTICES.txt
 */
export function notices(inputs) {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(inRoot(folder, 'package.json'), 'utf8'),
    );
    const file = readdirSync(inRoot(folder)).find((f) => /^(licen[cs]e|copying)/i.test(f));
    const text =
      file && existsSync(inRoot(folder, file))
        ? readFileSync(inRoot(folder, file), 'utf8').trim()
        : `Licence: ${license ?? 'see its package'}`;
    return `${name} ${version} (${license ?? 'see below'})\n\n${text}\n`;
  });
  const line = `\n${'-'.repeat(80)}\n\n`;
  return `Patchbay contains these packages:\n${line}${parts.join(line)}`;
}
