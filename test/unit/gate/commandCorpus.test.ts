import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isArrayOf, isRecord, isString } from '../../../src/base/guard';
import { createPolicy, type PolicyQuestion } from '../../../src/headless/policy';
import { FakeClock } from '../../fakes/fakeClock';
import { MemoryFiles } from '../../fakes/memoryFiles';
import { createTestParser } from '../../fakes/shellParsing';

interface Case extends PolicyQuestion {
  readonly verdict: string;
  readonly kind: string;
  readonly source: string;
}

const cases = readFileSync(join(__dirname, '../../fixtures/gate/commands.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line): Case => {
    const row: unknown = JSON.parse(line);
    const text = (value: unknown): string => {
      if (!isString(value) || value === '') {
        throw new Error(`not a case: ${line}`);
      }
      return value;
    };
    if (!isRecord(row) || !isArrayOf(isString)(row.allow) || !isArrayOf(isString)(row.deny)) {
      throw new Error(`not a case: ${line}`);
    }
    const shell = row.shell;
    if (shell !== 'bash' && shell !== 'powershell' && shell !== 'cmd') {
      throw new Error(`not a case: ${line}`);
    }
    const [verdict, kind, source, cmd] = [row.verdict, row.kind, row.source, row.cmd].map(text);
    return {
      shell,
      allow: row.allow,
      deny: row.deny,
      verdict: verdict ?? '',
      kind: kind ?? '',
      source: source ?? '',
      cmd: cmd ?? '',
    };
  });

const files = new MemoryFiles({
  files: {
    '/w/app/README.md': 'hi',
    '/w/app/src/a.ts': 'x',
    '/w/app/.env': 'S=1',
    '/etc/passwd': 'root',
  },
  links: { '/w/app/etc-link': '/etc' },
});

const judge = createPolicy({
  roots: files.roots(),
  probe: files,
  clock: new FakeClock(),
  parse: createTestParser(),
});

describe('the corpus of commands', () => {
  it('has at least 400 cases, of each verdict and for each shell, each with its source', () => {
    expect(cases.length).toBeGreaterThanOrEqual(400);
    const kinds = new Set(cases.map(({ shell, verdict }) => `${shell} ${verdict}`));
    expect([...kinds].sort()).toEqual(
      ['bash', 'cmd', 'powershell'].flatMap((shell) =>
        ['ask', 'auto', 'deny'].map((verdict) => `${shell} ${verdict}`),
      ),
    );
  });

  it('runs no command by itself that must ask, and stops every denied one [R140]', async () => {
    const wrong: string[] = [];
    for (const { verdict, kind, ...question } of cases) {
      const answer = await judge(question);
      if (answer.verdict !== verdict) {
        wrong.push(
          `${question.shell}: ${question.cmd} (${kind}) is ${answer.verdict}: ${answer.reason}`,
        );
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('asks for every command where nothing is allowed', async () => {
    const verdicts = new Set<string>();
    for (const { verdict, ...question } of cases) {
      if (verdict !== 'deny') {
        verdicts.add((await judge({ ...question, allow: [], deny: [] })).verdict);
      }
    }
    expect([...verdicts]).toEqual(['ask']);
  }, 60_000);
});
