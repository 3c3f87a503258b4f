import type { AgentDirectory } from './agentDirectory';
import { coverageOf, type Bridge, type GateCoverage, type ModelRef } from './contract';
import type { AgentFinding } from './discovery';
import type { Failure } from '../events/failure';

/** What is known of one agent, as plain data: for a person who looks for what is wrong, and for a report. */
export interface DoctorReport {
  readonly adapter: string;
  readonly name: string;
  readonly state: AgentFinding['state'];
  /** What was found, in words. */
  readonly detail: string;
  readonly path?: string;
  readonly version?: string;
  readonly minVersion?: string;
  /** The newest version that was driven whole. */
  readonly newestSeen?: string;
  /** null: it does not tell. */
  readonly isSignedIn: boolean | null;
  /** null: there is no bridge for it here. */
  readonly coverage: GateCoverage | null;
  readonly coverageNote: string;
  /** Names, never values, of the agent's own variables that pass to it from the user's environment. */
  readonly passedVariables: readonly string[];
  /** Why its last turn failed, since the window was opened. */
  readonly lastError?: string;
  readonly nextStep: string;
}

export interface DoctorSources {
  readonly directory: AgentDirectory;
  readonly findings: readonly AgentFinding[];
  readonly bridges: readonly Bridge[];
  readonly passedVariables: (patterns: readonly string[]) => readonly string[];
  readonly lastFailure?: (adapter: string) => Failure | undefined;
}

/** One report per agent of the directory, in its order. Pure. */
export function doctorReports(sources: DoctorSources): readonly DoctorReport[] {
  return sources.directory.entries.flatMap((entry): readonly DoctorReport[] => {
    const finding = sources.findings.find(({ adapter }) => adapter === entry.adapter);
    if (finding === undefined) {
      return [];
    }
    const bridge = sources.bridges.find(({ adapter }) => adapter === entry.adapter);
    const model = sources.directory.models.find(({ provider }) => provider === entry.adapter);
    const { coverage, note } = coverageFor(bridge, model);
    const lastError = sources.lastFailure?.(entry.adapter)?.message;
    return [
      {
        adapter: entry.adapter,
        name: entry.displayName,
        state: finding.state,
        detail: finding.detail,
        ...(finding.path === undefined ? {} : { path: finding.path }),
        ...(finding.version === undefined ? {} : { version: finding.version }),
        ...(entry.minVersion === undefined ? {} : { minVersion: entry.minVersion }),
        ...(entry.newestSeen === undefined ? {} : { newestSeen: entry.newestSeen }),
        isSignedIn: finding.isSignedIn ?? null,
        coverage,
        coverageNote: note,
        passedVariables: sources.passedVariables(entry.passVariables),
        ...(lastError === undefined ? {} : { lastError }),
        nextStep: nextStep(finding),
      },
    ];
  });
}

/** The reports as text that can be pasted into a bug report. `facts` are lines of the place itself: versions, platform. */
export function doctorText(reports: readonly DoctorReport[], facts: readonly string[]): string {
  const parts = reports.map((report) => {
    const lines = [
      `state: ${report.state}: ${report.detail}`,
      report.path === undefined ? undefined : `program: ${report.path}`,
      report.version === undefined ? undefined : `version: ${report.version}${versionNote(report)}`,
      report.isSignedIn === null
        ? 'signed in: it does not tell'
        : `signed in: ${report.isSignedIn ? 'yes' : 'no'}`,
      report.coverage === null
        ? 'gate: there is no bridge for it here'
        : `gate: ${coverageWords[report.coverage]}${report.coverageNote === '' ? '' : `. ${report.coverageNote}`}`,
      report.passedVariables.length === 0
        ? undefined
        : `variables that pass to it: ${report.passedVariables.join(', ')}`,
      report.lastError === undefined ? undefined : `last error: ${report.lastError}`,
      `next step: ${report.nextStep}`,
    ];
    return [
      `${report.name} (${report.adapter})`,
      ...lines.filter((line) => line !== undefined).map((line) => `  ${line}`),
    ].join('\n');
  });
  return `${['Patchbay doctor', ...facts].join('\n')}\n\n${parts.join('\n\n')}\n`;
}

const coverageWords: Readonly<Record<GateCoverage, string>> = {
  all: 'every call is asked',
  asks: 'only what it asks by itself',
  none: 'nothing is asked',
};

function coverageFor(
  bridge: Bridge | undefined,
  model: ModelRef | undefined,
): { readonly coverage: GateCoverage | null; readonly note: string } {
  return bridge === undefined || model === undefined
    ? { coverage: null, note: '' }
    : coverageOf(bridge, model);
}

function versionNote({ version, minVersion, newestSeen }: DoctorReport): string {
  const known = [
    minVersion === undefined ? undefined : `at least ${minVersion}`,
    newestSeen === undefined || newestSeen === version ? undefined : `tried with ${newestSeen}`,
  ].filter((part) => part !== undefined);
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

function nextStep(finding: AgentFinding): string {
  switch (finding.state) {
    case 'ready':
      return 'none; it can be used';
    case 'signedOut':
      return finding.loginCommand === undefined
        ? 'sign in with the agent itself'
        : `sign in: ${finding.loginCommand}`;
    case 'missing':
    case 'broken':
      return finding.installHint;
    case 'tooOld':
      return `Update it. ${finding.installHint}`;
    case 'insideWorkspace':
      return 'Set its path in patchbay.agents if this is the program you want.';
    case 'needsTrust':
      return 'Trust this folder, then look again.';
    case 'unknown':
      return 'Try it; start it once in a terminal if it does not answer.';
  }
}
