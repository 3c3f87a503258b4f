import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHeadlessArgs } from '../../../src/headless/args';

const parse = (...argv: string[]) => parseHeadlessArgs(argv, ['claude-cli', 'pi']);

describe('headless arguments', () => {
  it('reads a turn, denying when nothing else is said', () => {
    expect(
      parse(
        'turn',
        '--provider',
        'anthropic',
        '--base-url',
        'http://127.0.0.1:1',
        '--model',
        'm',
        '--prompt',
        'hi',
      ),
    ).toEqual({
      kind: 'turn',
      provider: 'anthropic',
      baseUrl: 'http://127.0.0.1:1',
      model: 'm',
      prompt: 'hi',
      decide: 'deny',
    });
  });

  it('reads an exchange with repeated arguments and variables, also values that begin with a dash', () => {
    expect(
      parse(
        ...[
          'exchange',
          '--adapter',
          'claude-cli',
          '--binary',
          '/bin/x',
          '--arg',
          '-v',
          '--arg',
          '--model=y',
        ],
        ...[
          '--env',
          'A=1=2',
          '--cwd',
          '/ws',
          '--prompt',
          '--help',
          '--resume',
          'tok',
          '--decide',
          'allow',
        ],
        ...['--cancel-after-ms', '50', '--close-timeout-ms', '10'],
      ),
    ).toEqual({
      kind: 'exchange',
      adapter: 'claude-cli',
      binary: '/bin/x',
      args: ['-v', '--model=y'],
      env: { A: '1=2' },
      cwd: '/ws',
      prompt: '--help',
      resume: 'tok',
      decide: 'allow',
      cancelAfterMs: 50,
      closeTimeoutMs: 10,
    });
  });

  it.each([
    ['claude', 'claude'],
    ['/bin/x', '/bin/x'],
    ['~/bin/x', '~/bin/x'],
    ['./fakes/x', join(process.cwd(), 'fakes/x')],
    ['fakes/../x', join(process.cwd(), 'x')],
  ])('takes --binary %j as a shell would', (given, binary) => {
    expect(
      parse('exchange', '--adapter=claude-cli', '--binary', given, '--cwd=/', '--prompt=x'),
    ).toMatchObject({ binary });
  });

  it('takes `paths` and `redact` without options: the work comes on standard input', () => {
    expect([parse('paths'), parse('redact')]).toEqual([{ kind: 'paths' }, { kind: 'redact' }]);
  });

  const exchange = ['exchange', '--adapter=claude-cli', '--cwd=/', '--prompt=x'];
  it('takes --tools patchbay for an agent that can be given our tools', () => {
    expect(parse(...exchange, '--tools', 'patchbay')).toMatchObject({ toolSource: 'patchbay' });
    expect(parse(...exchange, '--tools', 'own')).not.toHaveProperty('toolSource');
  });

  const network = ['turn', '--provider', 'anthropic', '--base-url', 'http://h', '--model', 'm'];
  it.each<[readonly string[], RegExp]>([
    [[], /a command is needed/],
    [['dance'], /unknown command "dance"/],
    [['paths', '--root', '/'], /root/],
    [['redact', 'x'], /x/],
    [
      ['turn', '--provider', 'nope', '--base-url', 'http://h', '--model', 'm', '--prompt', 'x'],
      /--provider must be one of/,
    ],
    [[...network], /--prompt is needed/],
    [[...network, '--prompt', '  '], /--prompt is empty/],
    [[...network, '--prompt', 'x', '--decide', 'maybe'], /--decide must be/],
    [[...network, '--prompt', 'x', '--cancel-after-ms', '-4'], /whole number of milliseconds/],
    [[...network, '--prompt', 'x', '--frobnicate', '1'], /frobnicate/],
    [[...exchange, '--tools', 'theirs'], /--tools must be own or patchbay/],
    [[...exchange, '--adapter=pi', '--tools', 'patchbay'], /pi cannot be given other tools/],
    [
      [
        'turn',
        '--provider',
        'anthropic',
        '--base-url',
        'file:///x',
        '--model',
        'm',
        '--prompt',
        'x',
      ],
      /http or https/,
    ],
    [
      ['exchange', '--adapter', 'nope', '--cwd', '/', '--prompt', 'x'],
      /--adapter must be one of claude-cli/,
    ],
    [['exchange', '--adapter', 'claude-cli', '--prompt', 'x'], /--cwd is needed/],
    [
      ['exchange', '--adapter', 'claude-cli', '--cwd', '/', '--prompt', 'x', '--env', 'novalue'],
      /NAME=VALUE/,
    ],
  ])('refuses %j with one line', (argv, message) => {
    const command = parse(...argv);
    expect(command).toMatchObject({ kind: 'usage' });
    expect(command.kind === 'usage' && command.message).toMatch(message);
    expect(command.kind === 'usage' && command.message).not.toContain('\n');
  });
});

describe('the arguments of policy', () => {
  it('need the folder', () => {
    expect(parse('policy', '--root', '/ws')).toEqual({ kind: 'policy', root: '/ws' });
    expect(parse('policy')).toEqual({ kind: 'usage', message: '--root is needed' });
    expect(parse('policy', '--root', '/ws', 'x').kind).toBe('usage');
  });
});
