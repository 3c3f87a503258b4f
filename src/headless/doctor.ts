import { createAgentProbe } from '../node/agentProbe';
import { passedVariables } from '../node/childEnvironment';
import { buildAgentDirectory } from '../runtime/agentDirectory';
import type { Bridge } from '../runtime/contract';
import { discoverAgents } from '../runtime/discovery';
import { doctorReports, type DoctorReport } from '../runtime/doctor';
import { emptySpecTable } from '../runtime/specs';
import type { HeadlessWorld } from './world';

/** What is installed here of the shipped agents. Runs each one's own version and status commands; never rejects. */
export async function examineAgents(
  world: Pick<HeadlessWorld, 'lookup' | 'supervisorPath'>,
  bridges: readonly Bridge[],
): Promise<readonly DoctorReport[]> {
  const directory = buildAgentDirectory({
    custom: [],
    bridges: [],
    specs: emptySpecTable,
    learned: new Map(),
  });
  const inherited = process.env;
  const isWindows = process.platform === 'win32';
  const findings = await discoverAgents(
    {
      lookup: world.lookup,
      isTrusted: () => true,
      runProbe: createAgentProbe({
        supervisorPath: world.supervisorPath,
        lookup: world.lookup,
        inheritedEnv: inherited,
        passVariables: (adapter) => directory.find(adapter)?.passVariables ?? [],
      }),
    },
    directory.entries,
  );
  return doctorReports({
    directory,
    findings,
    bridges,
    passedVariables: (patterns) => passedVariables(inherited, patterns, isWindows),
  });
}
