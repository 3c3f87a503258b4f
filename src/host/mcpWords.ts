import { makeVisibleName } from '../gate/visible';
import { describeSource } from '../tools/plugins/serverConfig';
import { waitingTools, type ServerState, type ServerView } from '../tools/plugins/serverView';

/** One server in the list: the words of a row. */
export function serverRow(view: ServerView): {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
} {
  const waiting = waitingTools(view).length;
  const offered = view.tools.filter(({ standing, isOn }) => isOn && standing.kind === 'accepted');
  const parts = [
    ...(view.state.kind === 'running'
      ? [
          `${count(offered.length, 'tool')} offered, about ${view.offeredTokens.toLocaleString('en')} tokens in every request`,
        ]
      : []),
    ...(waiting === 0 ? [] : [`${count(waiting, 'tool')} to review`]),
    ...(view.state.kind === 'failed'
      ? [view.state.message.replace(/\s+/g, ' ').slice(0, 200)]
      : []),
    ...(view.state.kind === 'needsValues' ? [view.state.missing.join(', ')] : []),
    ...view.notes,
  ];
  const icon = waiting > 0 && view.state.kind === 'running' ? 'warning' : icons[view.state.kind];
  return {
    label: `$(${icon}) ${makeVisibleName(view.server.name)}`,
    description: `${stateWords[view.state.kind]} · ${makeVisibleName(describeSource(view.server.source))}`,
    detail: parts.map(makeVisibleName).join(' · '),
  };
}

const stateWords: Readonly<Record<ServerState['kind'], string>> = {
  untrusted: 'waits for the folder to be trusted',
  disabled: 'disabled',
  needsApproval: 'needs your approval',
  needsValues: 'needs values',
  idle: 'not started',
  stopped: 'stopped by you',
  starting: 'starting',
  running: 'running',
  failed: 'failed',
};

const icons: Readonly<Record<ServerState['kind'], string>> = {
  untrusted: 'shield',
  disabled: 'circle-slash',
  needsApproval: 'shield',
  needsValues: 'key',
  idle: 'circle-outline',
  stopped: 'circle-outline',
  starting: 'sync',
  running: 'check',
  failed: 'error',
};

/** What can be done with a server as it stands. */
export type ServerAction =
  | 'approve'
  | 'values'
  | 'review'
  | 'start'
  | 'stop'
  | 'restart'
  | 'tools'
  | 'definition'
  | 'enable'
  | 'disable'
  | 'withdraw'
  | 'log';

export const actionWords: Readonly<Record<ServerAction, string>> = {
  approve: '$(shield) Approve and Start…',
  values: '$(key) Give Values…',
  review: '$(diff) Review New and Changed Tools…',
  start: '$(play) Start',
  stop: '$(debug-stop) Stop',
  restart: '$(debug-restart) Restart',
  tools: '$(checklist) Choose Tools…',
  definition: '$(file-code) Show Definition and Tools',
  enable: '$(circle-large-outline) Enable',
  disable: '$(circle-slash) Disable',
  withdraw: '$(discard) Withdraw Approval',
  log: '$(output) Show Log',
};

/** The most useful first; what approves is never alone at the top by itself: it asks again. */
export function actionsFor(view: ServerView, hasValues: boolean): readonly ServerAction[] {
  const { kind } = view.state;
  const isFromWorkspace = view.server.source.kind === 'workspace';
  const isApproved = kind !== 'needsApproval' && kind !== 'untrusted' && kind !== 'disabled';
  const actions: readonly (readonly [ServerAction, boolean])[] = [
    ['review', kind === 'running' && waitingTools(view).length > 0],
    ['approve', kind === 'needsApproval'],
    ['values', hasValues && kind !== 'untrusted' && kind !== 'disabled'],
    ['start', kind === 'idle' || kind === 'stopped' || kind === 'failed'],
    ['restart', kind === 'running' || kind === 'starting'],
    ['stop', kind === 'running' || kind === 'starting'],
    ['tools', view.tools.some(({ standing }) => standing.kind === 'accepted')],
    ['definition', true],
    ['enable', !view.isEnabled],
    ['disable', view.isEnabled],
    ['withdraw', isFromWorkspace && isApproved],
    ['log', kind === 'running' || kind === 'failed'],
  ];
  return actions.flatMap(([action, isOffered]) => (isOffered ? [action] : []));
}

export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
