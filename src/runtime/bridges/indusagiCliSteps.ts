import type { Failure } from '../../events/failure';
import type { Observation } from '../../events/observation';
import type { ParseStep } from '../contract';

export type Item = ParseStep['out'][number];

export function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}

export function notice(level: 'info' | 'warning', code: string, text: string): Item {
  return observation({ kind: 'notice', level, code, text });
}

export function failed(failure: Failure): Item {
  return { kind: 'failed', failure };
}
