import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../src/gate/contract';
import { memoryRuleStore, RuleBook, type RuleBookOptions } from '../../../src/gate/ruleBook';
import { fromWorkspaceRules, toWorkspaceRules } from '../../../src/gate/storedRules';

const ofUser: Rule = {
  id: 'settings.0',
  verdict: 'deny',
  match: { kind: 'family', words: ['rm'] },
  scope: 'user',
};
const ofRepository: Rule = {
  id: 'repository.0',
  verdict: 'ask',
  match: { kind: 'writeGlob', glob: 'migrations/**' },
  scope: 'repository',
};
const npmTest = { kind: 'family', words: ['npm', 'test'] } as const;

function createBook(options: Partial<RuleBookOptions> = {}): RuleBook {
  return new RuleBook({
    userRules: () => [ofUser],
    repositoryRules: (folder) => (folder === '/w/app' ? [ofRepository] : []),
    store: memoryRuleStore(),
    nowMs: () => 7,
    ...options,
  });
}
const ids = (rules: readonly Rule[]): readonly string[] => rules.map(({ id }) => id);

describe('the book of rules', () => {
  it('[R140] keeps what was allowed for a session to that session, and forgets it with it', () => {
    const book = createBook();
    book.allowForSession('s1', [npmTest]);
    expect(ids(book.rulesFor({ sessionId: 's1', folder: '/w/app' }))).toEqual([
      'settings.0',
      'repository.0',
      'session-1',
    ]);
    expect(ids(book.rulesFor({ sessionId: 's2', folder: '/w/app' }))).not.toContain('session-1');
    book.clearSession('s1');
    expect(ids(book.rulesFor({ sessionId: 's1', folder: '/w/app' }))).not.toContain('session-1');
  });

  it('[R140] keeps what was allowed for a workspace to that folder, in every session', async () => {
    const book = createBook();
    await book.addForWorkspace('/w/app', 'allow', [npmTest]);
    await book.addForWorkspace('/w/app', 'allow', [npmTest]);
    expect(ids(book.rulesFor({ sessionId: 'any', folder: '/w/app' }))).toEqual([
      'settings.0',
      'repository.0',
      'workspace-1',
    ]);
    expect(ids(book.rulesFor({ sessionId: 'any', folder: '/w/other' }))).toEqual(['settings.0']);
    expect(ids(book.rulesFor({ sessionId: 'any', folder: undefined }))).toEqual(['settings.0']);
  });

  it('lists every rule with its place, and takes back what was made by a click', async () => {
    const book = createBook();
    let changes = 0;
    book.onDidChange(() => (changes += 1));
    book.allowForSession('s1', [npmTest]);
    await book.addForWorkspace('/w/app', 'allow', [npmTest]);
    expect(
      book.list(['/w/app']).map(({ rule, isRevocable }) => [rule.id, rule.scope, isRevocable]),
    ).toEqual([
      ['settings.0', 'user', false],
      ['repository.0', 'repository', false],
      ['workspace-1', 'workspace', true],
      ['session-1', 'session', true],
    ]);
    expect(await book.revoke('workspace-1')).toBe(true);
    expect(await book.revoke('session-1')).toBe(true);
    expect(await book.revoke('settings.0')).toBe(false);
    expect(ids(book.rulesFor({ sessionId: 's1', folder: '/w/app' }))).toEqual([
      'settings.0',
      'repository.0',
    ]);
    expect(changes).toBe(4);
  });

  it('does not hold a rule that could not be stored', async () => {
    const book = createBook({
      store: { load: () => [], save: () => Promise.reject(new Error('disk full')) },
    });
    await expect(book.addForWorkspace('/w/app', 'allow', [npmTest])).rejects.toThrow('disk full');
    expect(ids(book.rulesFor({ sessionId: 's', folder: '/w/app' }))).not.toContain('workspace-1');
  });
});

describe('rules in the user storage', () => {
  it('come back as they were stored', async () => {
    const store = memoryRuleStore();
    const book = createBook({ store });
    await book.addForWorkspace('/w/app', 'allow', [
      npmTest,
      { kind: 'command', command: 'make  all', cwd: '/w/app' },
      { kind: 'write', target: '/w/app/a.ts' },
      { kind: 'writeGlob', glob: 'src/**' },
      { kind: 'readGlob', glob: 'docs/**' },
      { kind: 'network', origin: 'https://a.example' },
      { kind: 'mcp', server: 's', tool: '*' },
      { kind: 'mcp', server: 's', tool: 't' },
      { kind: 'tool', name: 'WebSearch' },
    ]);
    const stored: unknown = JSON.parse(JSON.stringify(fromWorkspaceRules(store.load())));
    expect(toWorkspaceRules(stored)).toEqual(store.load());
  });

  it('that are damaged never allow, and one that may have denied asks about everything', () => {
    expect(toWorkspaceRules('nonsense')).toEqual([]);
    expect(
      toWorkspaceRules([
        null,
        { id: 'workspace-1', folder: '/w', rule: { verdict: 'allow', command: 5 } },
        { id: 'workspace-2', folder: '/w', rule: { verdict: 'deny', commands: 'rm' } },
      ]),
    ).toEqual([
      { id: 'workspace-2', folder: '/w', verdict: 'ask', match: { kind: 'any' }, createdAtMs: 0 },
    ]);
  });
});
