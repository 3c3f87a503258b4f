import { recordField, stringField } from '../../base/guard';
import type { Observation, PlanItem } from '../../events/observation';
import { planStatus } from './claudeCliTools';

const mostTasks = 500;
const mostChars = 1_000;

/** The agent's task list, kept from its TaskCreate and TaskUpdate calls over the life of its child. Bounded. */
export class ClaudeTasks {
  private readonly tasks = new Map<string, PlanItem>();

  /** The plan after a task tool has answered, or undefined when nothing changed. */
  accept(report: unknown): Observation | undefined {
    const created = recordField(report, 'task');
    const createdId = stringField(created, 'id');
    const subject = stringField(created, 'subject');
    if (createdId !== undefined && subject !== undefined) {
      if (!this.tasks.has(createdId) && this.tasks.size >= mostTasks) {
        return undefined;
      }
      this.tasks.set(createdId, { text: subject.slice(0, mostChars), status: 'pending' });
      return this.plan();
    }
    const taskId = stringField(report, 'taskId');
    const change = recordField(report, 'statusChange');
    const known = taskId === undefined ? undefined : this.tasks.get(taskId);
    if (taskId === undefined || known === undefined || change === undefined) {
      return undefined;
    }
    const status = stringField(change, 'to');
    if (status === 'deleted') {
      this.tasks.delete(taskId);
    } else {
      this.tasks.set(taskId, { ...known, status: planStatus(status) });
    }
    return this.plan();
  }

  /** The conversation begins anew. */
  clear(): void {
    this.tasks.clear();
  }

  private plan(): Observation {
    return { kind: 'plan', items: [...this.tasks.values()] };
  }
}
