import { numberField, recordField, stringField } from '../../base/guard';
import type { Observation } from '../../events/observation';

/** `system/api_retry`: the CLI asks its service again after a while. */
export function retryNotice(message: unknown): Observation {
  const attempt = numberField(message, 'attempt');
  const most = numberField(message, 'max_retries');
  const seconds = Math.ceil((numberField(message, 'retry_delay_ms') ?? 0) / 1000);
  const status = numberField(message, 'error_status');
  const error = stringField(message, 'error');
  const reason =
    error === undefined || error === 'unknown' ? 'the answer was cut' : error.replaceAll('_', ' ');
  const count =
    attempt === undefined ? '' : ` (attempt ${attempt}${most === undefined ? '' : ` of ${most}`})`;
  const text = `Claude Code tries again in ${seconds} s${count}: ${reason}${status === undefined ? '' : ` ${status}`}.`;
  return {
    kind: 'notice',
    level: 'info',
    code: 'api_retry',
    text,
    retry: {
      attempt: attempt ?? 1,
      ...(most === undefined ? {} : { of: most }),
      delayMs: numberField(message, 'retry_delay_ms') ?? 0,
      reason: `${reason}${status === undefined ? '' : ` ${status}`}`,
    },
  };
}

/** `system/status` and `system/compact_boundary`, as far as the conversation is being summarised. */
export function compactionNotice(message: unknown): readonly Observation[] {
  if (stringField(message, 'subtype') === 'compact_boundary') {
    return [info('compacted', 'Claude Code has summarised the conversation to make room.')];
  }
  return stringField(message, 'status') === 'compacting'
    ? [info('compacting', 'Claude Code is summarising the conversation to make room.')]
    : [];
}

/** `conversation_reset`: the session goes on under a new id and remembers nothing. */
export function resetNotice(): Observation {
  return info(
    'conversation_reset',
    'Claude Code has begun a new conversation: it no longer remembers this one.',
  );
}

/** `rate_limit_event` of subscriptions; an allowed request is no news. */
export function rateLimitNotice(message: unknown): readonly Observation[] {
  switch (stringField(recordField(message, 'rate_limit_info'), 'status')) {
    case 'allowed_warning':
      return [warning('Claude Code is close to its usage limit.')];
    case 'rejected':
      return [warning('Claude Code has reached its usage limit.')];
    default:
      return [];
  }
}

function info(code: string, text: string): Observation {
  return { kind: 'notice', level: 'info', code, text };
}

function warning(text: string): Observation {
  return { kind: 'notice', level: 'warning', code: 'rate_limit', text };
}
