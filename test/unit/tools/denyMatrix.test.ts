import { describe, expect, it } from 'vitest';
import { permissionModes, type Rule, type RuleMatch } from '../../../src/gate/contract';
import { dialects } from '../../dialects/all';
import { createTestAnalyzer } from '../../fakes/shellParsing';
import { createBench } from '../../fakes/orchestratorBench';
import { DialectStage, questions } from '../../fakes/dialectStage';

/** What every dialect's child asks to run. */
const command = 'rm -rf .';

/** Rules that deny it, each in its own way. `tool`: the name the call has in that runtime. */
function denials(tool: string): readonly RuleMatch[] {
  return [
    { kind: 'command', command },
    { kind: 'family', words: ['rm'] },
    { kind: 'family', words: ['rm', '-rf'] },
    { kind: 'tool', name: tool },
    { kind: 'any' },
  ];
}

/** Everything that could let it run stands beside the denial: rules of every scope, a user who says yes to all. */
const yes: readonly Rule[] = (['user', 'workspace', 'session'] as const).flatMap((scope) =>
  (
    [
      { kind: 'command', command },
      { kind: 'family', words: ['rm'] },
      { kind: 'any' },
    ] satisfies RuleMatch[]
  ).map((match, index) => ({
    id: `yes-${scope}-${index}`,
    verdict: 'allow' as const,
    match,
    scope,
    isReadOnly: true,
  })),
);

function benchDenying(match: RuleMatch, scope: Rule['scope']): ReturnType<typeof createBench> {
  return createBench({
    services: { analyze: createTestAnalyzer() },
    rules: [...yes, { id: 'no', verdict: 'deny', match, scope }],
    answer: ({ offers: [offer] = [] }) =>
      offer === undefined
        ? { kind: 'allowOnce' }
        : { kind: 'allowAlways', offerId: offer.id, scope: 'workspace' },
  });
}

const scopes = ['user', 'workspace', 'session', 'repository'] as const;

describe.each(permissionModes)('a denied command in the mode %s', (mode) => {
  it.each(
    dialects.filter(({ questionIds }) => questionIds.length > 0).map((d) => [d.name, d] as const),
  )(
    '[R141] never runs when %s asks, whatever rule denies it, and nobody is asked',
    async (_, dialect) => {
      const wrong: unknown[] = [];
      for (const match of denials('')) {
        for (const scope of scopes) {
          const stage = new DialectStage(dialect);
          const turn = await stage.begin();
          stage.say(stage.child.hello(), stage.child.question(dialect.questionIds[0] ?? ''));
          await stage.lab.pass();
          const [request] = questions(turn);
          expect(request).toBeDefined();
          if (request === undefined) {
            continue;
          }
          // A call that nobody can translate is no command: the rules about commands cannot know it.
          const isCommand = request.intents.some(({ kind }) => kind === 'command');
          if (!isCommand && (match.kind === 'command' || match.kind === 'family')) {
            continue;
          }
          const named = match.kind === 'tool' ? { ...match, name: request.toolName } : match;
          const bench = benchDenying(named, scope);
          const answer = await bench.orchestrator.authorize(
            request,
            bench.context({ mode, bridge: dialect.bridge.adapter }),
          );
          request.reply(answer);
          await stage.lab.pass();
          const isDenied =
            answer.kind === 'deny' &&
            bench.asked.length === 0 &&
            bench.sink.decisions.every(({ decision }) => decision === 'deny') &&
            stage.answers().every(({ allows }) => !allows) &&
            stage.answers().length === 1;
          if (!isDenied) {
            wrong.push({ match: named, scope, answer, asked: bench.asked.length });
          }
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  it.each([undefined, 'claude-cli', 'codex-cli', 'acp'])(
    '[R141] never runs when it is ours to run, for ourselves or for %s',
    async (bridge) => {
      const wrong: unknown[] = [];
      for (const match of denials('run_command')) {
        for (const scope of scopes) {
          const bench = benchDenying(match, scope);
          const context = bridge === undefined ? { mode } : { mode, bridge };
          const result = await bench.run('run_command', { command }, context);
          const many = await bench.orchestrator.executeAll(
            [bench.call('run_command', { command })],
            () => bench.context(context),
          );
          if (
            result.ok ||
            many[0]?.ok !== false ||
            bench.asked.length > 0 ||
            bench.runner.commands.length > 0
          ) {
            wrong.push({ match, scope, result });
          }
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});
