import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/events/message';
import { toolError, toolOk } from '../../../src/events/toolCall';
import { exportFormats, exportSession } from '../../../src/session/exportSession';
import { searchSessions } from '../../../src/session/searchSessions';
import { encodeLine } from '../../../src/session/sessionEntry';
import { readSession } from '../../../src/session/sessionRecord';
import { exportStored } from '../../../src/session/storedExport';
import { nothingHeavy, readStoredSession } from '../../../src/session/storedTexts';
import { verifySession } from '../../../src/session/verifySession';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';

const cleaning = {
  redact: (text: string) => text.replace(/sk-\w+/g, '[redacted]'),
  plain: (text: string) => text.replaceAll('\u0007', ''),
};

/** Two branches that use the ids of calls twice, with long inputs, outputs and diffs; about 3 MB. */
function longSession(): string {
  const lines = [
    encodeLine({ type: 'head', session: 's1', title: 'Long\u0007', createdAtMs: 1, modelId: 'm' }),
  ];
  let parent: string | null = null;
  let count = 0;
  const add = (message: Message): void => {
    const id = `e${String((count += 1))}`;
    lines.push(encodeLine({ type: 'entry', id, parent, atMs: count, kind: 'message', message }));
    parent = id;
  };
  for (const branch of ['left', 'shown']) {
    parent = null;
    for (let turn = 0; turn < 12; turn += 1) {
      const long = `${branch} ${String(turn)} sk-secret${String(turn)} ü\u0007\n`.repeat(1500);
      const callId = `call-${String(turn)}`;
      const at = { createdAtMs: turn } as const;
      add({ role: 'user', text: `Turn ${String(turn)}`, ...at });
      add({
        role: 'assistant',
        content: [
          { kind: 'text', text: 'On it.' },
          {
            kind: 'tool_call',
            call: { id: callId, name: 'write', arguments: { long }, executedBy: 'host' },
          },
        ],
        api: 'a',
        provider: 'p',
        model: 'm',
        stopReason: turn === 11 ? 'aborted' : 'toolUse',
        ...at,
      });
      const result = turn === 5 ? toolError(long) : toolOk(long, { diff: long });
      add({ role: 'tool', callId, toolName: 'write', result, ...at });
    }
  }
  return `${lines.join('')}{"schema":"patch`;
}

/** What is read at once is never more than a block, or the one line that is wanted. */
class BlockStorage extends MemorySessionStorage {
  constructor(text: string) {
    super({ nowMs: () => 0 });
    this.files.set('s1', { text, updatedAtMs: 0 });
  }

  override read(): Promise<Uint8Array | undefined> {
    return Promise.reject(new Error('the file was read whole'));
  }

  get largestRead(): number {
    return Math.max(...this.ranges.map(({ length }) => length));
  }
}

describe('a long session that is read in pieces', () => {
  const text = longSession();
  const record = readSession(text);

  it.each(exportFormats)('is exported as %s as if it had been read whole', async (format) => {
    const storage = new BlockStorage(text);
    const pieces: string[] = [];
    for await (const piece of (await exportStored(storage, 's1', format, cleaning)) ?? []) {
      pieces.push(piece);
    }
    const whole = { id: 's1', title: 'Long\u0007', modelId: 'm', messages: record?.messages ?? [] };
    expect(pieces.join('')).toBe(exportSession(whole, format, cleaning));
    expect(pieces.join('')).toContain('shown 3 [redacted]');
    expect(pieces.join('')).not.toMatch(/sk-secret|left 3/);
    expect(storage.largestRead).toBeLessThanOrEqual(1024 * 1024);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(text.length / 4);
  });

  it('as JSON is what JSON.stringify would write, also of a session without a message', async () => {
    const storage = new BlockStorage(text.slice(0, text.indexOf('\n') + 1));
    for (const one of [storage, new BlockStorage(text)]) {
      let json = '';
      for await (const piece of (await exportStored(one, 's1', 'json', cleaning)) ?? []) {
        json += piece;
      }
      expect(`${JSON.stringify(JSON.parse(json), undefined, 2)}\n`).toBe(json);
    }
    expect(await exportStored(storage, 'nobody', 'json', cleaning)).toBeUndefined();
  });

  it('keeps none of its long texts in memory, and finds each again', async () => {
    const stored = await readStoredSession(new BlockStorage(text), 's1', { limits: nothingHeavy });
    const kept = stored?.record.messages ?? [];
    expect(JSON.stringify(kept).length).toBeLessThan(text.length / 10);
    const whole: Message[] = [];
    for (const message of kept) {
      whole.push((await stored?.whole(message)) ?? message);
    }
    expect(whole).toEqual(record?.messages);
  });

  it('is verified and searched', async () => {
    const storage = new BlockStorage(text);
    expect(await verifySession(storage, 's1')).toEqual([
      { line: 74, why: 'the last line was cut off while it was written' },
    ]);
    expect(await verifySession(storage, 'nobody')).toBeUndefined();
    const found: string[] = [];
    for await (const match of searchSessions(storage, 'SHOWN 7', new AbortController().signal)) {
      found.push(match.entryId);
    }
    expect(found).toEqual(['e59', 'e60']);
    expect(storage.largestRead).toBeLessThanOrEqual(1024 * 1024);
  });
});
