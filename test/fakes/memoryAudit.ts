import type { AuditRecord, AuditSink } from '../../src/gate/contract';

/** Keeps audit records in memory; fails or hangs on request. */
export class MemoryAudit implements AuditSink {
  readonly records: AuditRecord[] = [];
  behaviour: 'works' | 'fails' | 'hangs' = 'works';

  write(record: AuditRecord): Promise<void> {
    if (this.behaviour === 'hangs') {
      return new Promise(() => undefined);
    }
    if (this.behaviour === 'fails') {
      return Promise.reject(new Error('disk full'));
    }
    this.records.push(record);
    return Promise.resolve();
  }

  get decisions(): readonly (AuditRecord & { readonly kind: 'decision' })[] {
    return this.records.filter((record) => record.kind === 'decision');
  }

  get outcomes(): readonly (AuditRecord & { readonly kind: 'outcome' })[] {
    return this.records.filter((record) => record.kind === 'outcome');
  }
}
