import type { Disposable } from '../base/disposable';
import type { CostLedger } from '../session/costLedger';
import type { SessionSummary } from '../session/contract';
import { costText } from './costText';
import { ReadOnlyDocument } from './readOnlyDocument';

export interface CostViewDeps {
  readonly ledger: Pick<CostLedger, 'read'>;
  readonly sessions: () => Promise<readonly SessionSummary[]>;
  readonly runtimeName: (runtime: string) => string;
  readonly nowMs: () => number;
}

/** Shows the cost ledger as a read-only document, made anew each time. */
export class CostView implements Disposable {
  private readonly document = new ReadOnlyDocument('patchbay-cost', 'Patchbay cost');

  constructor(private readonly deps: CostViewDeps) {}

  async show(): Promise<void> {
    const { ledger, sessions, runtimeName, nowMs } = this.deps;
    const [reading, summaries] = await Promise.all([ledger.read(), sessions()]);
    const titles = new Map(summaries.map(({ id, title }) => [id, title]));
    await this.document.show(
      costText({
        reading,
        sessionTitle: (sessionId) => titles.get(sessionId),
        runtimeName,
        nowMs: nowMs(),
      }),
    );
  }

  dispose(): void {
    this.document.dispose();
  }
}
