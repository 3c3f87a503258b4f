import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { ToolResult } from '../../../src/events/toolCall';
import { takenBack } from '../../../src/tools/contract';
import {
  closeEditors,
  createHostStage,
  openFile,
  setGlobal,
  stateOf,
  typeAt,
  undoOnce,
  until,
  workspaceFolder,
  type HostStage,
} from '../hostStage';

/** How the question about an edit ends without a word of yes for the whole of it. */
interface Ending {
  readonly name: string;
  /** Called with the id of the edit that waits. */
  readonly end: (stage: HostStage, editId: string, turn: AbortController) => Promise<void> | void;
}

const endings: readonly Ending[] = [
  { name: 'denied', end: ({ edits }, id) => void edits.decide(id, 'all', 'deny') },
  {
    name: 'denied with words',
    end: ({ edits }, id) => void edits.decide(id, 'all', 'deny', 'Not like this.'),
  },
  { name: 'stopped', end: (_stage, _id, turn) => turn.abort() },
  {
    name: 'timed out',
    end: (_stage, _id, turn) => turn.abort(new DOMException('too late', 'TimeoutError')),
  },
  { name: 'taken back by its agent', end: (_stage, _id, turn) => turn.abort(takenBack) },
  {
    name: 'stopped when half of it was approved',
    end: ({ edits }, id, turn) => {
      const [first] = edits.get(id)?.hunks ?? [];
      assert.ok(first);
      assert.equal(edits.decide(id, [first.hunk.id], 'approve'), true);
      turn.abort();
    },
  },
  {
    name: 'edited, approved in part, taken back and denied',
    end: ({ edits }, id) => {
      const edit = edits.get(id);
      edits.updateProposal(id, `${edit?.proposedText ?? ''}and a line of the user\n`);
      const [first] = edits.get(id)?.hunks ?? [];
      assert.ok(first);
      assert.equal(edits.decide(id, [first.hunk.id], 'approve'), true);
      assert.equal(edits.undoDecision(id), true);
      assert.equal(edits.decide(id, 'all', 'deny'), true);
    },
  },
  { name: 'closed with its session', end: ({ edits }) => edits.withdrawSession('s1') },
  {
    name: 'cut off by the end of the window',
    end: async ({ orchestrator }) => await orchestrator.shutdown(),
  },
];

const lines = ['one', 'two', 'three', 'four', 'five', 'six'];
const mark = Buffer.from([0xef, 0xbb, 0xbf]);

const contents: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['LF', Buffer.from(`${lines.join('\n')}\n`)],
  ['CRLF and a byte order mark', Buffer.concat([mark, Buffer.from(`${lines.join('\r\n')}\r\n`)])],
  ['mixed line endings, no final newline', Buffer.from('one\r\ntwo\nthree\r\nfour\nfive\nsix')],
  [
    'UTF-16',
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`${lines.join('\n')}\n`, 'utf16le')]),
  ],
];

describe('an edit that is not approved', () => {
  let folder: string;
  let stage: HostStage;

  beforeEach(async () => {
    await setGlobal('files.autoSave', 'off');
    folder = mkdtempSync(path.join(workspaceFolder(), 'denied-'));
    stage = createHostStage();
  });

  afterEach(async () => {
    stage.dispose();
    await closeEditors();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (name: string, bytes: Buffer): string => {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return file;
  };
  /** Two places of the file are to be changed; the call waits for the user. */
  const propose = async (
    file: string,
  ): Promise<{ id: string; turn: AbortController; result: Promise<ToolResult> }> => {
    const turn = new AbortController();
    const edits = [
      { search: 'one', replace: 'ONE' },
      { search: 'five', replace: 'FIVE' },
    ];
    const result = stage.run('edit_file', { path: file, edits }, { signal: turn.signal });
    const [edit] = await stage.waiting(1);
    assert.equal(edit?.hunks.length, 2);
    return { id: edit.id, turn, result };
  };
  const unchanged = async (work: () => Promise<void>, file: string): Promise<void> => {
    const before = stateOf(file);
    await work();
    assert.deepEqual(stateOf(file), before);
  };

  for (const { name, end } of endings) {
    for (const [what, bytes] of contents) {
      it(`[R224] changes nothing of a closed file, an open one and one with unsaved text when it is ${name}: ${what}`, async () => {
        const closed = put('closed.txt', bytes);
        await unchanged(async () => {
          const { id, turn, result } = await propose(closed);
          await end(stage, id, turn);
          assert.equal((await result).ok, false);
        }, closed);
        stage.dispose();

        stage = createHostStage();
        const open = put('open.txt', bytes);
        const editor = await openFile(open);
        const untouched = stateOf(open);
        await typeAt(editor, 1, '!');
        await typeAt(editor, 3, '?');
        await undoOnce(editor); // leaves something to redo
        const typed = stateOf(open);
        assert.equal(typed.buffer?.isDirty, true);
        const { id, turn, result } = await propose(open);
        assert.deepEqual(stateOf(open), typed, 'nothing while it waits');
        await end(stage, id, turn);
        assert.equal((await result).ok, false);
        assert.deepEqual(stateOf(open), typed);

        // The undo stack has the user's own steps and nothing else, in both directions.
        await vscode.commands.executeCommand('redo');
        await until(() => editor.document.lineAt(3).text.endsWith('?'), 'typed anew');
        await undoOnce(editor);
        await undoOnce(editor);
        assert.equal(editor.document.getText(), untouched.buffer?.text);
        assert.equal(editor.document.isDirty, false);
        const { version } = editor.document;
        await undoOnce(editor);
        assert.equal(editor.document.version, version, 'nothing of ours can be undone');
        const { buffer: _buffer, ...onDisk } = stateOf(open);
        const { buffer: _before, ...onDiskBefore } = untouched;
        assert.deepEqual(onDisk, onDiskBefore);
      });
    }
  }

  it('[R224] leaves the file when the tab of the file is closed and the question is answered after it', async () => {
    const file = put('tab.txt', Buffer.from('one\ntwo\nthree\nfour\nfive\n'));
    await openFile(file);
    const { buffer: _buffer, ...before } = stateOf(file);
    const { id, result } = await propose(file);
    await closeEditors();
    assert.equal(stage.edits.get(id)?.state, 'open', 'a closed tab is no answer');
    stage.edits.decide(id, 'all', 'deny');
    assert.equal((await result).ok, false);
    const { buffer: _after, ...after } = stateOf(file);
    assert.deepEqual(after, before);
  });

  it('[R224] does not make a file, remove one or move one', async () => {
    const file = put('stays.txt', Buffer.from('one\n'));
    const before = stateOf(file);
    const made = path.join(folder, 'new', 'made.txt');
    const calls = [
      stage.run('write_file', { path: made, content: 'x\n' }),
      stage.run('delete_file', { path: file }),
      stage.run('rename_file', { path: file, newPath: path.join(folder, 'moved.txt') }),
    ];
    for (const edit of await stage.waiting(3)) {
      assert.equal(stage.edits.decide(edit.id, 'all', 'deny'), true);
    }
    for (const result of await Promise.all(calls)) {
      assert.equal(result.ok, false);
    }
    assert.deepEqual(stateOf(file), before);
    assert.equal(await stage.files.stat(made), undefined);
    assert.equal(await stage.files.stat(path.dirname(made)), undefined);
    assert.equal(await stage.files.stat(path.join(folder, 'moved.txt')), undefined);
  });

  it('[R224] leaves a buffer that is typed in, saved and undone meanwhile to the user alone, whatever the order', async () => {
    const file = put('fuzz.txt', Buffer.from(`${lines.join('\n')}\n`));
    const editor = await openFile(file);
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('type' as const),
        line: fc.nat(5),
        text: fc.constantFrom('x', 'é', '👍'),
      }),
      fc.constant({ kind: 'undo' as const }),
      fc.constant({ kind: 'redo' as const }),
      fc.constant({ kind: 'save' as const }),
      fc.record({
        kind: fc.constant('propose' as const),
        ending: fc.constantFrom(...endings.slice(0, -1)),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
        for (const one of steps) {
          switch (one.kind) {
            case 'type':
              await typeAt(editor, one.line, one.text);
              break;
            case 'undo':
            case 'redo':
              await vscode.commands.executeCommand(one.kind);
              break;
            case 'save':
              await editor.document.save();
              break;
            case 'propose':
              await unchanged(async () => {
                const turn = new AbortController();
                const { signal } = turn;
                const content = `ONE\n${editor.document.getText().replace(/^.*five.*$/m, 'FIVE')}`;
                const result = stage.run('write_file', { path: file, content }, { signal });
                const [edit] = await stage.waiting(1);
                await one.ending.end(stage, edit?.id ?? '', turn);
                assert.equal((await result).ok, false);
                stage.edits.withdrawSession('s1'); // what was left behind
              }, file);
              break;
          }
        }
      }),
      { numRuns: 25, seed: 224, endOnFailure: true },
    );
  }).timeout(120_000);
});
