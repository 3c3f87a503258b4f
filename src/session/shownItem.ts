import { assertNever } from '../base/assertNever';
import type { SessionItem } from '../events/sessionItem';

/**
 * The item as the panel may have it. Cards of calls and streamed texts are cleaned where they are made: they are long, and
 * a secret may be cut in two there.
 */
export function withoutSecrets(item: SessionItem, redact: (text: string) => string): SessionItem {
  switch (item.kind) {
    case 'user':
    case 'notice':
    case 'compaction':
      return { ...item, text: redact(item.text) };
    case 'plan':
      return { ...item, items: item.items.map((one) => ({ ...one, text: redact(one.text) })) };
    case 'error':
      return {
        ...item,
        message: redact(item.message),
        ...(item.detail === undefined ? {} : { detail: redact(item.detail) }),
      };
    case 'text':
    case 'thinking':
    case 'tool':
    case 'usage':
      return item;
    default:
      return assertNever(item);
  }
}
