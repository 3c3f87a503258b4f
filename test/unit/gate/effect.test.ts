import { describe, expect, it } from 'vitest';
import { areSameEffects, resolveEffects } from '../../../src/gate/effect';
import { MemoryFiles } from '../../fakes/memoryFiles';

describe('what a call would really do', () => {
  it('[R143] resolves each intent through links, in order', async () => {
    const files = new MemoryFiles({
      files: { '/w/app/a.ts': '', '/etc/hosts': '' },
      links: { '/w/app/hosts': '/etc/hosts' },
    });
    const effects = await resolveEffects(
      [
        { kind: 'read', path: 'a.ts' },
        { kind: 'write', path: 'hosts', change: { kind: 'content', content: 'x' } },
        { kind: 'command', command: 'ls', cwd: '..' },
        { kind: 'command', command: 'ls' },
        { kind: 'network', url: 'https://example.com' },
        { kind: 'mcp', server: 's', tool: 't', input: {} },
        { kind: 'question', questions: [] },
        { kind: 'none' },
        { kind: 'unknown', description: 'new' },
      ],
      { roots: files.roots(), probe: files },
    );
    expect(effects).toEqual([
      {
        kind: 'read',
        path: '/w/app/a.ts',
        target: '/w/app/a.ts',
        pathClass: 'inside',
        relative: 'a.ts',
      },
      {
        kind: 'write',
        path: '/w/app/hosts',
        target: '/etc/hosts',
        pathClass: 'outside',
        change: 'content',
      },
      { kind: 'command', command: 'ls', cwd: '/w', cwdClass: 'outside' },
      { kind: 'command', command: 'ls', cwd: '/w/app', cwdClass: 'inside' },
      { kind: 'network', url: 'https://example.com' },
      { kind: 'mcp', server: 's', tool: 't' },
      { kind: 'question' },
      { kind: 'none' },
      { kind: 'unknown', description: 'new' },
    ]);
  });

  it('does not take silence for harmlessness', async () => {
    const files = new MemoryFiles();
    expect(await resolveEffects([], { roots: files.roots(), probe: files })).toMatchObject([
      { kind: 'unknown' },
    ]);
  });

  it('notices when a link moves', async () => {
    const files = new MemoryFiles({
      files: { '/w/app/a': '', '/etc/b': '' },
      links: { '/w/app/l': 'a' },
    });
    const intents = [{ kind: 'write', path: 'l', change: { kind: 'delete' } }] as const;
    const before = await resolveEffects(intents, { roots: files.roots(), probe: files });
    expect(
      areSameEffects(before, await resolveEffects(intents, { roots: files.roots(), probe: files })),
    ).toBe(true);
    files.link('/w/app/l', '/etc/b');
    expect(
      areSameEffects(before, await resolveEffects(intents, { roots: files.roots(), probe: files })),
    ).toBe(false);
  });
});
