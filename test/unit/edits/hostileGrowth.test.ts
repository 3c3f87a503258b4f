import { describe, expect, it } from 'vitest';
import { applyAnchoredHunks } from '../../../src/edits/anchoredPatch';
import { applyUnifiedHunks } from '../../../src/edits/unifiedPatch';
import { parsePatch } from '../../../src/edits/patchFiles';
import { bashWords } from '../../../src/gate/shell/bashWords';
import { toReply } from '../../../src/node/mcpContent';
import { contentText } from '../../../src/runtime/bridges/acpContent';
import { claudeIntents } from '../../../src/runtime/bridges/claudeCliTools';
import { fileChanges } from '../../../src/runtime/bridges/codexAppServerItems';
import { codexFailure } from '../../../src/runtime/codexItems';
import { normalizeEndpointUrl } from '../../../src/runtime/network/endpointModels';
import { parseSummary } from '../../../src/transcript/summary';

const parsers: readonly (readonly [string, (count: number) => unknown])[] = [
  ['a heading of a summary', (n) => parseSummary(`# a${' '.repeat(n)}!`)],
  [
    'the anchors of a patch',
    (n) => applyAnchoredHunks('x\n'.repeat(n), `${'@@ none\n'.repeat(n / 4)}-x\n+y\n`),
  ],
  [
    'the place of a hunk among equal lines',
    (n) => applyUnifiedHunks('x\n'.repeat(n), `@@ -${n} +${n} @@\n${' x\n'.repeat(n / 2)}-y\n+z\n`),
  ],
  [
    'the names of a diff',
    (n) => parsePatch(`diff --git ${'a '.repeat(n / 2)}\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n`),
  ],
  [
    'the new name behind a diff',
    (n) =>
      fileChanges({
        changes: [{ path: 'a', kind: { move_path: 'b' }, diff: `${'\n'.repeat(n)}x` }],
      }),
  ],
  [
    'text in a fence',
    (n) => contentText([{ type: 'content', content: { type: 'text', text: '```\n'.repeat(n) } }]),
  ],
  [
    'the size of a resource',
    (n) =>
      toReply({
        content: [{ type: 'resource', resource: { uri: 'x:y', blob: `${'='.repeat(n)}x` } }],
      }),
  ],
  ['the name of a server’s tool', (n) => claudeIntents(`mcp__${'a__'.repeat(n)}\n`, {}, '/w')],
  ['the address behind a failure', (n) => codexFailure(`${', url: a'.repeat(n)} !`)],
  ['the words of a failure', (n) => codexFailure(`${'model '.repeat(n)}!`)],
  ['braces of a command', (n) => bashWords(`{${','.repeat(n)}`)],
  ['the address of a server', (n) => normalizeEndpointUrl(`http://a${'/'.repeat(n)}x`)],
];

describe('what a model, a child or a server sends', () => {
  // Where the work grew with the square, this many took from seconds to minutes.
  it.each(parsers)('is read in a time that grows with it: %s', (_name, parse) => {
    const start = performance.now();
    parse(80_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
