import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { claudeIntents, todoPlan } from '../../../src/runtime/bridges/claudeCliTools';

const kinds = (tool: string, input: JsonObject): readonly string[] =>
  claudeIntents(tool, input, '/w').map((intent) => intent.kind);

describe('what the tools of Claude Code would do', () => {
  it.each([
    ['Read', { file_path: '/w/a.ts' }, [{ kind: 'read', path: '/w/a.ts' }]],
    ['NotebookRead', { notebook_path: '/w/a.ipynb' }, [{ kind: 'read', path: '/w/a.ipynb' }]],
    [
      'NotebookEdit',
      { notebook_path: '/w/a.ipynb', cell_id: 'c1', new_source: 'x = 1' },
      [{ kind: 'write', path: '/w/a.ipynb', change: { kind: 'edits', edits: [] } }],
    ],
    ['LS', {}, [{ kind: 'read', path: '/w' }]],
    ['Grep', { pattern: 'x', path: 'src', glob: '*.ts' }, [{ kind: 'read', path: 'src' }]],
    ['Glob', { pattern: '**/*.ts' }, [{ kind: 'read', path: '/w' }]],
    [
      'Glob',
      { pattern: '/etc/ho*' },
      [
        { kind: 'read', path: '/w' },
        { kind: 'read', path: '/etc' },
      ],
    ],
    [
      'Bash',
      { command: 'npm test', description: 'run' },
      [{ kind: 'command', command: 'npm test', cwd: '/w' }],
    ],
    ['Monitor', { command: 'tail -f x' }, [{ kind: 'command', command: 'tail -f x', cwd: '/w' }]],
    [
      'WebFetch',
      { url: 'https://example.com/a', prompt: 'p' },
      [{ kind: 'network', url: 'https://example.com/a' }],
    ],
    [
      'mcp__git_hub__create_issue',
      { title: 't' },
      [{ kind: 'mcp', server: 'git_hub', tool: 'create_issue', input: { title: 't' } }],
    ],
    ['TodoWrite', { todos: [] }, [{ kind: 'none' }]],
    ['TaskUpdate', { taskId: '1' }, [{ kind: 'none' }]],
    ['Agent', { prompt: 'look' }, [{ kind: 'none' }]],
    [
      'Write',
      { file_path: '/w/n', content: 'c' },
      [{ kind: 'write', path: '/w/n', change: { kind: 'content', content: 'c' } }],
    ],
    [
      'Edit',
      { file_path: '/w/n', old_string: 'a', new_string: 'b', replace_all: true },
      [
        {
          kind: 'write',
          path: '/w/n',
          change: { kind: 'edits', edits: [{ search: 'a', replace: 'b', replaceAll: true }] },
        },
      ],
    ],
    [
      'Edit',
      { file_path: '/w/n', old_string: '', new_string: 'whole' },
      [{ kind: 'write', path: '/w/n', change: { kind: 'content', content: 'whole' } }],
    ],
    [
      'Edit',
      { file_path: '/w/n', old_string: 'line', new_string: '' },
      [
        {
          kind: 'write',
          path: '/w/n',
          change: { kind: 'edits', edits: [{ search: 'line', replace: '', dropsLineEnd: true }] },
        },
      ],
    ],
    [
      'MultiEdit',
      {
        file_path: '/w/n',
        edits: [
          { old_string: 'a', new_string: 'b' },
          { old_string: 'c', new_string: 'd' },
        ],
      },
      [
        {
          kind: 'write',
          path: '/w/n',
          change: {
            kind: 'edits',
            edits: [
              { search: 'a', replace: 'b' },
              { search: 'c', replace: 'd' },
            ],
          },
        },
      ],
    ],
    [
      'AskUserQuestion',
      {
        questions: [
          {
            question: 'Which?',
            header: 'H',
            multiSelect: true,
            options: [{ label: 'x', description: 'd' }, 'y'],
          },
        ],
      },
      [
        {
          kind: 'question',
          questions: [
            {
              question: 'Which?',
              header: 'H',
              allowsMany: true,
              options: [{ label: 'x', description: 'd' }, { label: 'y' }],
            },
          ],
        },
      ],
    ],
  ] as const)('reads %s %j', (tool, input, intents) => {
    expect(claudeIntents(tool, input, '/w')).toEqual(intents);
  });

  it('asks about everything it cannot read: unknown tools, wrong inputs, tools that act out of sight', () => {
    expect(kinds('Skill', { skill: 'deploy' })).toEqual(['unknown']);
    expect(kinds('CronCreate', {})).toEqual(['unknown']);
    expect(kinds('WebSearch', { query: 'q' })).toEqual(['unknown']);
    expect(kinds('NeverHeardOf', {})).toEqual(['unknown']);
    expect(kinds('constructor', {})).toEqual(['unknown']);
    expect(kinds('Agent', { prompt: 'p', isolation: 'remote' })).toEqual(['unknown']);
    expect(kinds('Read', {})).toEqual(['unknown']);
    expect(kinds('Bash', { command: 7 })).toEqual(['unknown']);
    expect(kinds('Edit', { file_path: 'a', old_string: 'x' })).toEqual(['unknown']);
    expect(
      kinds('MultiEdit', {
        file_path: 'a',
        edits: [
          { old_string: '', new_string: 'x' },
          { old_string: 'a', new_string: 'b' },
        ],
      }),
    ).toEqual(['unknown']);
    expect(kinds('Glob', { pattern: '../../*' })).toEqual(['unknown']);
    expect(kinds('Glob', { pattern: '{a,/etc}/*' })).toEqual(['unknown']);
    expect(kinds('Bash', { command: 'x', dangerouslyDisableSandbox: true })).toEqual([
      'command',
      'unknown',
    ]);
  });

  it('says in words what a call would do that no rule can read', () => {
    const words = (tool: string, input: JsonObject): unknown => {
      const [intent] = claudeIntents(tool, input, '/w');
      return intent?.kind === 'unknown' ? intent.description : undefined;
    };
    expect(words('WebSearch', { query: 'tabs or spaces' })).toBe(
      'Search the web for: tabs or spaces',
    );
    expect(words('Skill', { skill: 'deploy', args: 'now' })).toBe('Load the skill deploy now');
    expect(words('NotebookEdit', {})).toBe('NotebookEdit {}');
    expect(words('WebSearch', { query: 'x'.repeat(9_000) })).toHaveLength(2_000);
  });

  it('never takes a path for one inside the folder that Claude would expand or trim to another', () => {
    expect(kinds('Read', { file_path: '~/.ssh/id_rsa' })).toEqual(['unknown']);
    expect(kinds('Write', { file_path: ' ~/x', content: '' })).toEqual(['unknown']);
    expect(claudeIntents('Read', { file_path: ' /etc/passwd\n' }, '/w')).toEqual([
      { kind: 'read', path: '/etc/passwd' },
    ]);
    expect(claudeIntents('Read', { file_path: '/w/cafe\u0301' }, '/w')).toEqual([
      { kind: 'read', path: '/w/caf\u00e9' },
    ]);
  });

  it('shows a to-do list as a plan', () => {
    expect(
      todoPlan('TodoWrite', {
        todos: [
          { content: 'a', status: 'completed', activeForm: 'doing a' },
          { content: 'b', status: 'in_progress' },
          { content: 'c', status: 'pending' },
          { broken: true },
        ],
      }),
    ).toEqual([
      { text: 'a', status: 'done' },
      { text: 'b', status: 'active' },
      { text: 'c', status: 'pending' },
    ]);
    expect(todoPlan('Write', { todos: [] })).toBeUndefined();
  });
});
