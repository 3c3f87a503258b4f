import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect, PathClass, Rule } from '../../../src/gate/contract';
import { decide } from '../../../src/gate/decide';
import { familyOf, offerRules } from '../../../src/gate/ruleOffers';
import { plainCommand } from '../../fakes/plainCommand';

const command = plainCommand('npm test');
const texts = (effects: readonly Effect[]): readonly string[] =>
  offerRules(effects).map(({ text }) => text);

describe('what "always allow" offers', () => {
  it('[R140] is exactly the command in its folder, then the family it belongs to', () => {
    expect(texts([command])).toEqual([
      'exactly `npm test` in /w/app',
      'commands that begin with `npm test`',
    ]);
    expect(texts([plainCommand('git status --short', 'git log -3')])).toEqual([
      'exactly `git status --short && git log -3` in /w/app',
      'commands that begin with `git status`, commands that begin with `git log`',
    ]);
  });

  it.each([
    ['npm run build -- --watch', 'npm run build'],
    ['docker compose up -d', 'docker compose up'],
    ['ls -la src', 'ls'],
    ['cargo test --all', 'cargo test'],
  ])('names the family of %s by its program and subcommand', (line, family) => {
    expect(familyOf(line.split(' '))).toEqual(family.split(' '));
  });

  it.each([
    'rm -rf build',
    'bash x.sh',
    'sudo ls',
    'xargs ls',
    'curl x',
    'node a.js',
    'git -C x log',
    './a',
    'npm',
  ])('has no family for %s', (line) => {
    expect(familyOf(line.split(' '))).toBeUndefined();
    expect(texts([plainCommand(line)])).toEqual([`exactly \`${line}\` in /w/app`]);
  });

  it('is the file, then its folder, for a change of a file', () => {
    const effect: Effect = {
      kind: 'write',
      path: '/w/app/src/a.ts',
      target: '/w/app/src/a.ts',
      relative: 'src/a.ts',
      pathClass: 'inside',
      change: 'content',
    };
    expect(texts([effect])).toEqual([
      'changes of /w/app/src/a.ts',
      'changes of files that match src/**',
    ]);
  });

  it('is the origin of a request, and one tool or all tools of an MCP server', () => {
    expect(texts([{ kind: 'network', url: 'https://a.example/x?token=1' }])).toEqual([
      'requests to https://a.example',
    ]);
    expect(texts([{ kind: 'mcp', server: 's', tool: 't' }])).toEqual([
      'the tool t of the MCP server s',
      'every tool of the MCP server s',
    ]);
  });

  it.each<readonly [string, readonly Effect[]]>([
    ['a path outside', [{ kind: 'read', path: '/etc/x', target: '/etc/x', pathClass: 'outside' }]],
    ['something unknown', [{ kind: 'unknown', description: 'x' }]],
    ['hidden characters', [{ ...command, command: 'npm\u200b test' }]],
    [
      'a command that is not plain',
      [{ ...command, analysis: { shell: 'bash', danger: 'x', parts: [] } }],
    ],
    [
      'a command that was not taken apart',
      [{ kind: 'command', command: 'ls', cwd: '/w/app', cwdClass: 'inside' }],
    ],
    ['a folder outside', [{ ...command, cwdClass: 'outside' }]],
    ['a command beside something unknown', [command, { kind: 'unknown', description: 'x' }]],
    ['an unreadable URL', [{ kind: 'network', url: 'nonsense' }]],
    ['nothing that asks', [{ kind: 'none' }]],
  ])('is nothing for %s', (_, effects) => {
    expect(offerRules(effects)).toEqual([]);
  });

  it('never lets through what must ask every time, whatever was allowed before', () => {
    const pathClass = fc.constantFrom<PathClass>(
      'inside',
      'outside',
      'protected',
      'secret',
      'invalid',
    );
    const place = fc.constantFrom('/w/app/a', '/w/app/b', '/etc/x');
    const effect: fc.Arbitrary<Effect> = fc.oneof(
      fc.record({ kind: fc.constant('read' as const), path: place, target: place, pathClass }),
      fc.record({
        kind: fc.constant('write' as const),
        path: place,
        target: place,
        pathClass,
        change: fc.constant('content' as const),
      }),
      fc.constantFrom(plainCommand('ls'), plainCommand('ls', 'rm x'), {
        ...plainCommand('ls'),
        analysis: { shell: 'bash' as const, danger: 'is not plain', parts: [] },
      }),
      fc.constant({ kind: 'unknown' as const, description: 'x' }),
    );
    fc.assert(
      fc.property(fc.array(effect, { minLength: 1, maxLength: 3 }), effect, (before, next) => {
        const rules = offerRules(before).flatMap(({ matches }) =>
          matches.map((match, index): Rule => ({
            id: `${index}`,
            verdict: 'allow',
            match,
            scope: 'workspace',
          })),
        );
        const mustAsk =
          next.kind === 'unknown' ||
          (next.kind === 'command' && next.analysis?.plain === undefined) ||
          ('pathClass' in next && next.pathClass !== 'inside');
        expect(mustAsk && decide([next], rules, 'auto').verdict === 'allow').toBe(false);
      }),
    );
  });
});
