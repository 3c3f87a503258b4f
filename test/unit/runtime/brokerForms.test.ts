import { describe, expect, it } from 'vitest';
import type { Bridge } from '../../../src/runtime/contract';
import { ExchangeLab, textOf } from '../../fakes/exchangeLab';
import type { FakeTransport } from '../../fakes/fakeTransport';
import { createLineBridge } from '../../fakes/lineBridge';

const finish = { out: [{ kind: 'finish', reason: 'stop' }], isOver: true };
const words = (delta: string): unknown => ({ out: [{ kind: 'text', delta }] });
const wrong = {
  out: [{ kind: 'failed', failure: { code: 'wrong_dialect', message: 'another form' } }],
  isOver: true,
};

/** A bridge of two forms; its launch says which one it is. */
function twoForms(): Bridge {
  return {
    ...createLineBridge(),
    forms: () => ['new', 'old'],
    launch: (_spec, { form }) => ({ defaultBinary: 'x', args: [`--${form ?? 'none'}`] }),
  };
}

function forms(lab: ExchangeLab): readonly string[] {
  return lab.starts.map(({ launch }) => launch.args.join(' '));
}

/** A child that only understands one form. */
async function speak(lab: ExchangeLab, form: string): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await lab.pass();
    const transport = lab.transports.at(-1);
    if (transport === undefined || lab.starts.at(-1)?.launch.args[0] === `--${form}`) {
      transport?.emit(words('hi'), finish);
      return;
    }
    transport.emit(wrong);
  }
}

describe('a dialect of several forms', () => {
  it('is tried form by form, one fresh child each, and the first that works answers', async () => {
    const lab = new ExchangeLab(twoForms());
    const turn = lab.run('hello');
    await speak(lab, 'old');
    expect(textOf(await turn.message)).toBe('hi');
    expect(forms(lab)).toEqual(['--new', '--old']);
    expect(lab.transports.map(({ closeCount }) => closeCount)).toEqual([1, 1]);
  });

  it('is remembered for the version of the program', async () => {
    let version = '1.0';
    const lab = new ExchangeLab(twoForms(), undefined, { agentVersion: () => version });
    for (const [nextVersion, expected] of [
      ['1.0', ['--new', '--old']],
      ['1.0', ['--old']],
      ['2.0', ['--new', '--old']],
    ] as const) {
      version = nextVersion;
      const before = lab.starts.length;
      const turn = lab.run('hello');
      await speak(lab, 'old');
      await turn.message;
      expect(forms(lab).slice(before)).toEqual(expected);
    }
  });

  it('goes on to the next form when the child stays silent', async () => {
    const lab = new ExchangeLab(twoForms());
    const turn = lab.run('hello', { startTimeoutMs: 1000 });
    await lab.pass();
    await lab.pass(1000);
    await speak(lab, 'old');
    expect(textOf(await turn.message)).toBe('hi');
  });

  it('fails with the last reason when no form is understood', async () => {
    const lab = new ExchangeLab(twoForms());
    const turn = lab.run('hello');
    await speak(lab, 'neither');
    expect((await turn.message).failure?.code).toBe('wrong_dialect');
    expect(lab.starts).toHaveLength(2);
  });

  it('is not tried again after text, a stop or any other failure', async () => {
    const failures: readonly ((transport: FakeTransport, abort: () => void) => void)[] = [
      (transport) => transport.emit(words('half'), wrong),
      (transport) => transport.exit({ code: 1, signal: null, stderrTail: '' }),
      (_transport, abort) => abort(),
    ];
    for (const fail of failures) {
      const lab = new ExchangeLab(twoForms());
      const turn = lab.run('hello');
      await lab.pass();
      fail(lab.transport, turn.abort);
      await lab.pass(2000);
      await turn.message;
      expect(lab.starts).toHaveLength(1);
    }
  });
});

describe('more words for a running turn', () => {
  const steerable: Bridge = {
    ...createLineBridge(),
    createParser: (context) => ({
      ...createLineBridge().createParser(context),
      open: () => ['open'],
      accept: (message) => createLineBridge().createParser(context).accept(message),
      interrupt: () => [],
      steer: (text) => (text === 'no' ? undefined : [{ steer: text }]),
    }),
  };

  it('reach the agent of that session, while its turn runs', async () => {
    const lab = new ExchangeLab(steerable);
    expect(lab.broker.steer('session', 'early')).toBe(false);
    const turn = lab.run('hello');
    await lab.pass();
    expect(lab.broker.steer('session', 'to the left')).toBe(true);
    expect(lab.broker.steer('session', 'no')).toBe(false);
    expect(lab.broker.steer('other', 'hm')).toBe(false);
    expect(lab.transport.sent).toContainEqual({ steer: 'to the left' });
    lab.transport.emit(finish);
    await turn.message;
    await lab.pass();
    expect(lab.broker.steer('session', 'late')).toBe(false);
  });

  it('are not taken by a dialect that has no way for them', async () => {
    const lab = new ExchangeLab(createLineBridge());
    lab.run('hello');
    await lab.pass();
    expect(lab.broker.steer('session', 'x')).toBe(false);
  });
});
