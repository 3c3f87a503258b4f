import type { ContextUse } from '../src/events/contextUse';
import type { SessionItem } from '../src/events/sessionItem';
import type { Tally, UsageTotal } from '../src/events/usageTotal';
import { counted, shortCount } from './words';

/** Context, usage and cost as people read them; what nobody told is said to be unknown. Pure. */

export type GaugeLevel = 'unknown' | 'low' | 'high' | 'full';

/** The used share of the window, above 1 when over it; undefined when one of the two is not known. */
export function usedShare(context: ContextUse | undefined): number | undefined {
  const { usedTokens, windowTokens } = context ?? {};
  return usedTokens === undefined || windowTokens === undefined || windowTokens <= 0
    ? undefined
    : usedTokens / windowTokens;
}

export function gaugeLevel(context: ContextUse | undefined): GaugeLevel {
  const share = usedShare(context);
  if (share === undefined) {
    return 'unknown';
  }
  return share > 0.9 ? 'full' : share > 0.7 ? 'high' : 'low';
}

/** `38 %` (its space does not break); `12.3k` where the window is not known; undefined when nothing is. */
export function gaugeText(context: ContextUse | undefined): string | undefined {
  const share = usedShare(context);
  if (share !== undefined) {
    return percent(share);
  }
  return context?.usedTokens === undefined ? undefined : shortCount(context.usedTokens);
}

export function gaugeTitle(context: ContextUse | undefined): string {
  const { usedTokens, windowTokens } = context ?? {};
  const used = usedTokens === undefined ? 'unknown' : `${grouped(usedTokens)} tokens`;
  const window = windowTokens === undefined ? 'unknown' : grouped(windowTokens);
  return `Context: ${used} of ${window}${context?.basis === 'estimated' && usedTokens !== undefined ? ', estimated' : ''}`;
}

const partWords = {
  system: 'System prompt',
  tools: 'Tools',
  mcp: 'MCP definitions',
  files: 'Files',
  conversation: 'Conversation',
} as const;

export interface PartLine {
  readonly name: string;
  readonly tokens: number;
  /** Of the window, or of all parts where that is not known; at most 1. */
  readonly share: number;
}

/** The parts in order, then what is kept for the answer and what is free. Empty for an agent, which does not tell. */
export function partLines(context: ContextUse): readonly PartLine[] {
  const { parts, windowTokens, usedTokens = 0, reserveTokens = 0 } = context;
  if (parts === undefined) {
    return [];
  }
  const whole = Math.max(1, windowTokens ?? usedTokens);
  const line = (name: string, tokens: number): PartLine => ({
    name,
    tokens,
    share: Math.min(1, tokens / whole),
  });
  const used = (['system', 'tools', 'mcp', 'files', 'conversation'] as const).map((name) =>
    line(partWords[name], parts[name]),
  );
  return windowTokens === undefined
    ? used
    : [
        ...used,
        line('Kept for the answer', reserveTokens),
        line('Free', Math.max(0, windowTokens - usedTokens - reserveTokens)),
      ];
}

/** `1.2k in · 42 out · 3k from cache · $0.0056 · 3 requests`. */
export function usageSentence(total: UsageTotal): string {
  const { exchanges } = total;
  return [
    told(total.inputTokens, exchanges, shortCount, 'in'),
    told(total.outputTokens, exchanges, shortCount, 'out'),
    toldAboveZero(total.cacheReadTokens, exchanges, 'from cache'),
    toldAboveZero(total.cacheWriteTokens, exchanges, 'to cache'),
    told(total.costNanoUsd, exchanges, dollars, ''),
    exchanges > 1 ? counted(exchanges, 'request') : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

export interface UsageLine {
  readonly name: string;
  readonly text: string;
}

/** Each number on its own line; none is left out. */
export function usageLines(total: UsageTotal): readonly UsageLine[] {
  const { exchanges } = total;
  return [
    { name: 'Tokens in', text: toldOrUnknown(total.inputTokens, exchanges, grouped) },
    { name: 'Tokens out', text: toldOrUnknown(total.outputTokens, exchanges, grouped) },
    { name: 'Read from cache', text: toldOrUnknown(total.cacheReadTokens, exchanges, grouped) },
    { name: 'Written to cache', text: toldOrUnknown(total.cacheWriteTokens, exchanges, grouped) },
    { name: 'Cost', text: toldOrUnknown(total.costNanoUsd, exchanges, dollars) },
  ];
}

export function compactionSentence({
  writtenBy,
  tokensBefore,
  tokensAfter,
}: Extract<SessionItem, { kind: 'compaction' }>): string {
  const by = writtenBy === 'digest' ? ' without the model' : '';
  return `Earlier messages summarised${by}: ${shortCount(tokensBefore)} → ${shortCount(tokensAfter)} tokens`;
}

export function percent(share: number): string {
  return share > 0 && share < 0.01 ? '<\u00a01\u00a0%' : `${Math.round(share * 100)}\u00a0%`;
}

/** `12,345`. */
export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function dollars(nanoUsd: number): string {
  const usd = nanoUsd / 1e9;
  return `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`;
}

function told(
  tally: Tally,
  exchanges: number,
  format: (known: number) => string,
  unit: string,
): string {
  if (tally.untold >= exchanges) {
    return '';
  }
  const number = `${tally.untold > 0 ? 'at least ' : ''}${format(tally.known)}`;
  return unit === '' ? number : `${number} ${unit}`;
}

function toldAboveZero(tally: Tally, exchanges: number, unit: string): string {
  return tally.known === 0 ? '' : told(tally, exchanges, shortCount, unit);
}

function toldOrUnknown(tally: Tally, exchanges: number, format: (known: number) => string): string {
  const text = told(tally, exchanges, format, '');
  return text === '' ? 'unknown' : text;
}
