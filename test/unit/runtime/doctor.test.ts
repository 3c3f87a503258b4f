import { describe, expect, it } from 'vitest';
import { buildAgentDirectory } from '../../../src/runtime/agentDirectory';
import type { AgentFinding } from '../../../src/runtime/discovery';
import { doctorReports, doctorText, type DoctorReport } from '../../../src/runtime/doctor';
import { createLineBridge } from '../../fakes/lineBridge';

const directory = buildAgentDirectory({
  custom: [],
  bridges: [],
  specs: { byModelId: {}, byAdapter: {} },
  learned: new Map(),
});

const finding = (more: Partial<AgentFinding>): AgentFinding => ({
  adapter: 'claude-cli',
  displayName: 'Claude Code',
  state: 'ready',
  detail: '2.1.329 · signed in',
  installHint: 'Install it.',
  ...more,
});

const report = (more: Partial<AgentFinding> = {}): DoctorReport | undefined =>
  doctorReports({
    directory,
    findings: [finding({ path: '/bin/claude', version: '2.1.330', isSignedIn: true, ...more })],
    bridges: [createLineBridge({ adapter: 'claude-cli' })],
    passedVariables: (patterns) => (patterns.includes('ANTHROPIC_*') ? ['ANTHROPIC_API_KEY'] : []),
    lastFailure: () => ({ code: 'timeout', message: 'It was silent.' }),
  })[0];

describe('the doctor', () => {
  it('says of each agent what is installed, where, whether it is signed in, and what its gate covers', () => {
    expect(report()).toEqual({
      adapter: 'claude-cli',
      name: 'Claude Code',
      state: 'ready',
      detail: '2.1.329 · signed in',
      path: '/bin/claude',
      version: '2.1.330',
      minVersion: '2.1.112',
      newestSeen: '2.1.329',
      isSignedIn: true,
      coverage: 'asks',
      coverageNote: 'only what it asks',
      passedVariables: ['ANTHROPIC_API_KEY'],
      lastError: 'It was silent.',
      nextStep: 'none; it can be used',
    });
  });

  it.each([
    [{ state: 'missing' }, 'Install it.'],
    [{ state: 'broken' }, 'Install it.'],
    [{ state: 'tooOld' }, 'Update it. Install it.'],
    [{ state: 'signedOut', loginCommand: 'claude auth login' }, 'sign in: claude auth login'],
    [{ state: 'signedOut' }, 'sign in with the agent itself'],
    [{ state: 'needsTrust' }, 'Trust this folder, then look again.'],
  ] as const)('names the next step of %j', (more, step) => {
    expect(report(more)?.nextStep).toBe(step);
  });

  it('is one text that can be pasted, with names of variables and no values', () => {
    const text = doctorText(
      [report()].filter((one) => one !== undefined),
      ['Patchbay 1.0.0'],
    );
    expect(text).toBe(`Patchbay doctor
Patchbay 1.0.0

Claude Code (claude-cli)
  state: ready: 2.1.329 · signed in
  program: /bin/claude
  version: 2.1.330 (at least 2.1.112, tried with 2.1.329)
  signed in: yes
  gate: only what it asks by itself. only what it asks
  variables that pass to it: ANTHROPIC_API_KEY
  last error: It was silent.
  next step: none; it can be used
`);
  });

  it('says when there is no bridge for an agent, and leaves out what nobody looked for', () => {
    const reports = doctorReports({
      directory,
      findings: [finding({})],
      bridges: [],
      passedVariables: () => [],
    });
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ coverage: null, isSignedIn: null, passedVariables: [] });
  });
});
