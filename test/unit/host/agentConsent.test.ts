import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json';
import type { Guard } from '../../../src/base/guard';
import { createAgentConsent, type AgentConsentDeps } from '../../../src/host/agentConsent';
import type { GateCoverage, ModelRef } from '../../../src/runtime/contract';
import type { AgentFinding } from '../../../src/runtime/discovery';
import { createLineBridge } from '../../fakes/lineBridge';

const model: ModelRef = {
  id: 'line/default',
  api: 'external',
  provider: 'line',
  model: 'default',
  name: 'Line',
};

function place(more: {
  readonly coverage: GateCoverage;
  readonly minimum?: GateCoverage;
  readonly answers?: boolean;
  readonly finding?: Partial<AgentFinding>;
}) {
  const kept = new Map<string, JsonValue | undefined>();
  const asked: string[] = [];
  const told: string[] = [];
  const deps: AgentConsentDeps = {
    state: {
      get: <T>(key: string, guard: Guard<T>): T | undefined => {
        const value: unknown = kept.get(key);
        return guard(value) ? value : undefined;
      },
      set: (key, value) => {
        kept.set(key, value);
        return Promise.resolve();
      },
    },
    minimum: () => more.minimum ?? 'asks',
    bridgeOf: () => createLineBridge({ coverage: more.coverage, coverageNote: 'It just runs.' }),
    findingOf: () => ({
      adapter: 'line',
      displayName: 'Line',
      state: 'ready',
      detail: '1.0.0 is too old; 2.0.0 or newer is needed',
      installHint: 'Install it.',
      ...more.finding,
    }),
    ask: ({ message }) => {
      asked.push(message);
      return Promise.resolve(more.answers ?? true);
    },
    notify: (text) => told.push(text),
  };
  return { before: createAgentConsent(deps), asked, told };
}

describe('what stands before an agent’s turn', () => {
  it('is nothing where the agent puts enough before the gate', async () => {
    const { before, asked } = place({ coverage: 'asks' });
    expect(await before(model)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('is the user’s consent where it puts less, asked once per agent', async () => {
    const { before, asked } = place({ coverage: 'none' });
    expect(await before(model)).toBeUndefined();
    expect(await before(model)).toBeUndefined();
    expect(asked).toEqual(['Line: it cannot ask before it acts. Start it all the same?']);
    expect(await before({ ...model, toolSource: 'patchbay' })).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it('stops the turn when the user says no, and asks again the next time', async () => {
    const { before, asked } = place({ coverage: 'asks', minimum: 'all', answers: false });
    expect(await before(model)).toMatchObject({ code: 'consent_needed' });
    expect(await before(model)).toMatchObject({ code: 'consent_needed' });
    expect(asked).toHaveLength(2);
  });

  it('[R95] is a refusal of a version that the bridge cannot drive', async () => {
    const { before, asked } = place({ coverage: 'none', finding: { state: 'tooOld' } });
    expect(await before(model)).toEqual({
      code: 'agent_too_old',
      message: 'Line Agent 1.0.0 is too old; 2.0.0 or newer is needed. Install it.',
    });
    expect(asked).toEqual([]);
  });

  it('[R95] is one notice about a version that was never tried, once per version', async () => {
    const { before, told } = place({
      coverage: 'all',
      finding: { isUntried: true, version: '9.9.9' },
    });
    await before(model);
    await before(model);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('9.9.9');
  });
});
