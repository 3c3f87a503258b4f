import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger';
import { agentCatalog } from '../../../src/runtime/agentCatalog';
import { RuntimeBroker } from '../../../src/runtime/broker';
import { coverageOf, runtimeEndpoint } from '../../../src/runtime/contract';
import { createShippedBridges } from '../../../src/runtime/shippedBridges';
import { FakeClock } from '../../fakes/fakeClock';

const bridges = createShippedBridges({ piGatePath: '/ext/media/pi-gate.mjs' });

describe('the shipped bridges', () => {
  it('[R93] hold ACP agents as further adapters of the same open registry', () => {
    const adapters = bridges.map(({ adapter }) => adapter);
    expect(new Set(adapters).size).toBe(adapters.length);
    expect(adapters).toEqual(
      expect.arrayContaining(['acp', 'acp:opencode', 'acp:gemini', 'acp:claude-agent-acp']),
    );
    const broker = new RuntimeBroker({
      framework: () => {
        throw new Error('the network was asked');
      },
      clock: new FakeClock(),
      logger: silentLogger,
    });
    bridges.forEach((bridge) => broker.register(bridge));
    const route = broker.route({
      id: 'x',
      api: 'external',
      provider: 'acp:gemini',
      model: 'default',
      name: 'x',
      address: runtimeEndpoint('acp:gemini'),
    });
    expect(route).toMatchObject({ kind: 'external', bridge: { adapter: 'acp:gemini' } });
  });

  it('have one for every agent of the catalog, with an honest word about its gate', () => {
    for (const { adapter } of agentCatalog) {
      const bridge = bridges.find((one) => one.adapter === adapter);
      expect(bridge, adapter).toBeDefined();
      const model = {
        id: adapter,
        api: 'external',
        provider: adapter,
        model: 'default',
        name: adapter,
      } as const;
      const { coverage, note } = coverageOf(bridge!, model);
      expect(note === '').toBe(coverage === 'all');
    }
  });

  it('[R42] do not touch the event stream: none imports its class or the sink', () => {
    const room = join(import.meta.dirname, '../../../src/runtime/bridges');
    const files = readdirSync(room).filter((name) => name.endsWith('.ts'));
    expect(files).toContain('claudeCli.ts');
    expect(
      files.filter((name) =>
        /from '[^']*\/(eventStream|messageSink|assistantMessageEvent)'/.test(
          readFileSync(join(room, name), 'utf8'),
        ),
      ),
    ).toEqual([]);
  });
});
