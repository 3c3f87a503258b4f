import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PermissionRequest } from '../../../src/events/observation';
import type { AuditRecord } from '../../../src/gate/contract';
import { createHeadlessWorld } from '../../../src/headless/world';
import { removeFolder } from '../../fakes/removeFolder';

const cwd = mkdtempSync(join(tmpdir(), 'patchbay-world-'));
afterAll(() => {
  removeFolder(cwd);
});

async function decided(decide: 'allow' | 'deny', intents: PermissionRequest['intents']) {
  const audits: AuditRecord[] = [];
  const world = createHeadlessWorld({
    cwd,
    decide,
    bundleFolder: cwd,
    knownSecrets: [],
    onAudit: (record) => audits.push(record),
  });
  const answer = await world.orchestrator.authorize(
    {
      requestId: '0',
      callId: 'c',
      toolName: 'tool',
      input: {},
      intents,
      reply: () => undefined,
    },
    {
      sessionId: 's',
      turnId: 't',
      modelId: 'acp/default',
      asker: 'Agent',
      bridge: 'acp',
      mode: 'ask',
      cwd,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    },
  );
  await world.dispose();
  return { answer, audits };
}

const command = [{ kind: 'command', command: 'make' } as const];
const write = [
  {
    kind: 'write',
    path: join(cwd, 'made.txt'),
    change: { kind: 'content', content: 'made\n' },
  } as const,
];

describe('the user of a headless run', () => {
  it.each([
    ['a command', command],
    ['an edit', write],
  ])('says a plain no to %s: words would be told to the agent', async (_, intents) => {
    const { answer, audits } = await decided('deny', intents);
    expect(answer).toMatchObject({ kind: 'deny' });
    // An agent of a dialect that takes no words with a no would be prompted once more with them.
    expect(answer).not.toHaveProperty('saysMore');
    expect(audits).toMatchObject([{ kind: 'decision', decision: 'deny', by: 'user' }]);
  });

  it('says yes to a command where it was told to', async () => {
    const { answer, audits } = await decided('allow', command);
    expect(answer).toMatchObject({ kind: 'allow' });
    expect(audits).toMatchObject([{ kind: 'decision', decision: 'allow' }]);
  });
});
