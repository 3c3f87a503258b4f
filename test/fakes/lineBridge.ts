import { isRecord, stringField } from '../../src/base/guard';
import type { Bridge, ExchangeParserContext, ParseStep } from '../../src/runtime/contract';

/**
 * A bridge of the simplest dialect there is: the child sends our own events and observations as they are
 * (a message is a `ParseStep`), is opened with `{prompt, resume}` and interrupted with `{interrupt: true}`.
 */
export function createLineBridge(
  options: Partial<Bridge> & { readonly leaseKey?: string; readonly hasInterrupt?: boolean } = {},
): Bridge & { readonly contexts: ExchangeParserContext[] } {
  const contexts: ExchangeParserContext[] = [];
  return {
    contexts,
    adapter: 'line',
    displayName: 'Line Agent',
    coverage: 'asks',
    coverageNote: 'only what it asks',
    requiresCredential: () => false,
    launch: (spec) => ({
      defaultBinary: 'line',
      args: [...(spec.args ?? []), '--lines'],
      ...(options.leaseKey === undefined ? {} : { leaseKey: options.leaseKey }),
    }),
    createParser: (context) => {
      contexts.push(context);
      return {
        open: () => [{ prompt: lastUserText(context), resume: context.resume ?? null }],
        interrupt: () => (options.hasInterrupt === false ? [] : [{ interrupt: true }]),
        accept: (message): ParseStep => {
          if (stringField(message, 'throw') !== undefined) {
            throw new Error(stringField(message, 'throw'));
          }
          return isParseStep(message) ? message : { out: [] };
        },
      };
    },
    ...options,
  };
}

function lastUserText(context: ExchangeParserContext): string {
  const message = context.context.messages.findLast((item) => item.role === 'user');
  return message?.role === 'user' ? message.text : '';
}

function isParseStep(message: unknown): message is ParseStep {
  return isRecord(message) && Array.isArray(message.out);
}
