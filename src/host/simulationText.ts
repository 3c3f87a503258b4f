import type { Effect } from '../gate/contract';
import { describeMatch } from '../gate/rules';
import type { ChangedCall, Simulation } from '../gate/simulate';
import { makeVisible } from '../gate/visible';

const maxShown = 200;

/** What a rule would have done, as a document for people: numbers first, then the calls, the newest first. */
export function simulationText(simulation: Simulation): string {
  const { rule, considered, allowed, stopped, asked } = simulation;
  const changed = allowed.length + stopped.length + asked.length;
  const title = `${rule.verdict}: ${describeMatch(rule.match)}${rule.isReadOnly === true ? ' (read-only)' : ''}`;
  const lines = [
    'What this rule would have done',
    '',
    `  ${title}`,
    '',
    considered === 0
      ? 'The audit log holds no decision to judge again yet.'
      : `${considered} decisions of the audit log were judged again, with today's rules and with this one added:`,
    ...(considered === 0
      ? []
      : [
          `  ${count(allowed)} would have run without a question`,
          `  ${count(stopped)} would have been denied`,
          `  ${count(asked)} would have asked`,
          `  ${considered - changed} unchanged`,
        ]),
    ...section('Would have run without a question', allowed),
    ...section('Would have been denied', stopped),
    ...section('Would have asked', asked),
    '',
    'Secrets are taken out of the log before it is written: a call with one in it is judged as it stands there.',
    '',
  ];
  return lines.join('\n');
}

function section(title: string, calls: readonly ChangedCall[]): readonly string[] {
  if (calls.length === 0) {
    return [];
  }
  const newestFirst = [...calls].reverse();
  const hidden = calls.length - maxShown;
  return [
    '',
    title,
    ...newestFirst.slice(0, maxShown).map(callLine),
    ...(hidden > 0 ? [`  … and ${hidden} more`] : []),
  ];
}

function callLine({ past, without }: ChangedCall): string {
  const what = past.effects.map(effectText).join('; ');
  const then =
    past.decision === 'allow'
      ? past.by === 'user'
        ? 'you allowed it'
        : `allowed by ${past.by}`
      : past.by === 'user'
        ? 'you denied it'
        : `denied by ${past.by}`;
  const line = `  ${past.at}  ${past.tool}  ${what}  (then: ${then}; today: ${verdictWords[without.verdict]})`;
  return makeVisible(line.replace(/\r?\n/g, '⏎'));
}

const verdictWords = { allow: 'runs', ask: 'asks', deny: 'denied' } as const;

function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'read':
    case 'write':
      return `${effect.kind} ${effect.target}`;
    case 'command':
      return effect.command;
    case 'network':
      return effect.url;
    case 'mcp':
      return `${effect.server} ${effect.tool}`;
    case 'unknown':
      return effect.description;
    case 'question':
    case 'none':
    default:
      return effect.kind;
  }
}

function count(calls: readonly ChangedCall[]): string {
  return String(calls.length);
}
