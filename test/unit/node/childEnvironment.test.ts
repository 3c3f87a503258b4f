import { describe, expect, it } from 'vitest';
import { childEnvironment } from '../../../src/node/childEnvironment';

describe('the environment of a child', () => {
  const inherited = {
    PATH: '/bin',
    HOME: '/home/ann',
    LC_TIME: 'C',
    HTTPS_PROXY: 'http://proxy',
    OPENAI_API_KEY: 'theirs',
    VSCODE_IPC_HOOK: 'x',
    ELECTRON_RUN_AS_NODE: '1',
    NODE_OPTIONS: '--require x',
    LD_PRELOAD: 'x',
    UNSET: undefined,
  };

  it('[R72] is an allow-list: what nobody named does not pass', () => {
    expect(childEnvironment({ inherited })).toEqual({
      PATH: '/bin',
      HOME: '/home/ann',
      LC_TIME: 'C',
      HTTPS_PROXY: 'http://proxy',
    });
  });

  it("[R20] takes the agent's own variables, then the layers in order; null removes, also what was inherited", () => {
    expect(
      childEnvironment({
        inherited,
        pass: ['OPENAI_*'],
        layers: [
          { A: '1', B: '1', HTTPS_PROXY: null },
          undefined,
          { B: '2', LC_TIME: null, PATH: undefined },
        ],
      }),
    ).toEqual({ HOME: '/home/ann', OPENAI_API_KEY: 'theirs', A: '1', B: '2' });
  });

  it("[R72] never holds the editor's own variables, whoever asks for them", () => {
    const own = {
      VSCODE_X: '1',
      ELECTRON_RUN_AS_NODE: '1',
      NODE_OPTIONS: 'x',
      NODE_CHANNEL_FD: '3',
    };
    expect(childEnvironment({ inherited: own, pass: ['*'], layers: [own] })).toEqual({});
  });

  it('does not tell letter case apart on Windows', () => {
    const env = childEnvironment({
      inherited: { Path: 'C:\\a', systemroot: 'C:\\Windows', vscode_pid: '1' },
      layers: [{ PATH: 'C:\\b', SYSTEMROOT: null, Vscode_Y: '1', node_options: 'x' }],
      isWindows: true,
    });
    expect(env).toEqual({ PATH: 'C:\\b' });
  });

  it('leaves out names and values that no system takes', () => {
    expect(
      childEnvironment({ inherited: {}, layers: [{ '': 'x', 'A=B': 'x', C: 'a\0b', D: 'fine' }] }),
    ).toEqual({ D: 'fine' });
  });
});
