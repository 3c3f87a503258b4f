import { arrayField, isOneOf, isShape, isString } from '../../base/guard';
import type { PlanItem } from '../../events/observation';
import { toolOk } from '../../events/toolCall';
import type { Tool } from '../contract';
import { countOf, nonEmptyText, objectSchema } from './toolParts';

export function createUpdatePlan(): Tool {
  return {
    name: 'update_plan',
    description:
      'Shows the user the plan of a task with several steps, whole each time: what is done, what is active, what is to come. Leave it out for small tasks.',
    inputSchema: objectSchema(
      {
        items: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          description: 'All steps, in order; at most one is active.',
          items: objectSchema(
            {
              text: nonEmptyText('The step in a few words.'),
              status: {
                type: 'string',
                enum: ['pending', 'active', 'done'],
                description: 'Where it stands.',
              },
            },
            ['text', 'status'],
          ),
        },
      },
      ['items'],
    ),
    kind: 'session',
    intents: () => [{ kind: 'none' }],
    run: async (args, context) => {
      await Promise.resolve();
      const items = (arrayField(args, 'items') ?? []).filter(isPlanItem);
      context.onProgress({ kind: 'plan', items });
      const doneCount = items.filter((item) => item.status === 'done').length;
      return toolOk(`The plan is shown: ${doneCount} of ${countOf(items.length, 'step')} done.`, {
        summary: `${doneCount} of ${items.length} done`,
      });
    },
  };
}

const isPlanItem = isShape<PlanItem & Record<string, unknown>>({
  text: isString,
  status: isOneOf('pending', 'active', 'done'),
});
