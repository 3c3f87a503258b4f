import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect, PathClass, Rule } from '../../../src/gate/contract';
import { decide } from '../../../src/gate/decide';
import { offerSessionRule, SessionRules } from '../../../src/gate/sessionRules';

const command: Effect = {
  kind: 'command',
  command: 'npm test',
  cwd: '/w/app',
  cwdClass: 'inside',
  analysis: {
    shell: 'bash',
    plain: [['npm', 'test']],
    wordsToCover: [1],
    parts: [['npm', 'test']],
  },
};

describe('allow for this session', () => {
  it('offers exactly the command in its folder, and says so', () => {
    expect(offerSessionRule([command])).toEqual({
      matches: [{ kind: 'command', command: 'npm test', cwd: '/w/app' }],
      text: 'Allow exactly `npm test` in /w/app until this session ends',
    });
  });

  it('offers the origin of a request and one tool of an MCP server', () => {
    expect(
      offerSessionRule([{ kind: 'network', url: 'https://a.example/x?token=1' }])?.matches,
    ).toEqual([{ kind: 'network', origin: 'https://a.example' }]);
    expect(offerSessionRule([{ kind: 'mcp', server: 's', tool: 't' }])?.matches).toEqual([
      { kind: 'mcp', server: 's', tool: 't' },
    ]);
  });

  it.each<readonly [string, readonly Effect[]]>([
    ['a path outside', [{ kind: 'read', path: '/etc/x', target: '/etc/x', pathClass: 'outside' }]],
    [
      'a protected file',
      [
        {
          kind: 'write',
          path: '/w/app/.npmrc',
          target: '/w/app/.npmrc',
          pathClass: 'protected',
          change: 'content',
        },
      ],
    ],
    [
      'a secret file',
      [{ kind: 'read', path: '/w/app/.env', target: '/w/app/.env', pathClass: 'secret' }],
    ],
    ['something unknown', [{ kind: 'unknown', description: 'x' }]],
    ['hidden characters', [{ ...command, command: 'npm\u200b test' }]],
    ['a folder outside', [{ ...command, cwdClass: 'outside' }]],
    ['a command beside something unknown', [command, { kind: 'unknown', description: 'x' }]],
    ['an unreadable URL', [{ kind: 'network', url: 'nonsense' }]],
    ['nothing that asks', [{ kind: 'none' }]],
  ])('is not offered for %s', (_, effects) => {
    expect(offerSessionRule(effects)).toBeUndefined();
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
      fc.record({
        kind: fc.constant('command' as const),
        command: fc.constantFrom('ls', 'l\u200bs'),
        cwd: place,
        cwdClass: pathClass,
      }),
      fc.record({ kind: fc.constant('unknown' as const), description: fc.constant('x') }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(effect, { maxLength: 3 }), { maxLength: 5 }),
        effect,
        (allowed, next) => {
          const rules = new SessionRules();
          for (const effects of allowed) {
            const offer = offerSessionRule(effects);
            if (offer !== undefined) {
              rules.add('s', offer);
            }
          }
          const mustAsk =
            next.kind === 'unknown' ||
            (next.kind === 'command' && (next.cwdClass !== 'inside' || next.command !== 'ls')) ||
            ((next.kind === 'read' || next.kind === 'write') && next.pathClass !== 'inside');
          expect(mustAsk && decide([next], rules.list('s'), 'auto').verdict === 'allow').toBe(
            false,
          );
        },
      ),
    );
  });

  it('holds for one session only and can be taken back', () => {
    const rules = new SessionRules();
    const offer = offerSessionRule([command]);
    if (offer !== undefined) {
      rules.add('one', offer);
    }
    const verdict = (session: string) => decide([command], rules.list(session), 'ask').verdict;
    expect([verdict('one'), verdict('two')]).toEqual(['allow', 'ask']);
    const ids = rules.list('one').map((rule: Rule) => rule.id);
    rules.remove('one', ids[0] ?? '');
    expect(verdict('one')).toBe('ask');
    if (offer !== undefined) {
      rules.add('one', offer);
    }
    rules.clear('one');
    expect(rules.list('one')).toEqual([]);
  });
});
