import type { Failure } from '../../events/failure';
import { isAtLeast, parseVersion } from '../agentCatalog';

/**
 * The oldest version whose every call comes before our gate. The hook's "ask" puts a call to the user from here on: in
 * 1.0.128, 2.0.77 and 2.1.39 what Claude takes for harmless (`echo … && ls`, Read, a sub-agent) ran in spite of it
 * (seen). This one also takes the effort on a running child, and answers control requests that it does not know.
 */
export const claudeMinVersion = '2.1.112';

/** What a version that is too old, or whose number nobody can read, ends the exchange with; undefined when it will do. */
export function tooOld(version: string | undefined): Failure | undefined {
  const known = version === undefined ? undefined : parseVersion(version);
  return known !== undefined && isAtLeast(known, claudeMinVersion) ? undefined : refusal(known);
}

/** For an old version that gives itself away by what it does not know. */
export function refusal(version: string | undefined, detail?: string): Failure {
  const which = version === undefined ? 'This version of Claude Code' : `Claude Code ${version}`;
  return {
    code: 'agent_too_old',
    message: `${which} is too old: not every call of it would come before you. Update it to ${claudeMinVersion} or newer (claude update) and try again.`,
    ...(detail === undefined ? {} : { detail }),
  };
}
