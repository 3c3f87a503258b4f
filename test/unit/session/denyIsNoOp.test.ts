import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takenBack } from '../../../src/tools/contract';
import { settle } from '../../fakes/fakeClock';
import { createPendingStage } from '../../fakes/pendingStage';

const file = '/w/app/a.ts';
const piece = fc.constantFrom(
  'line\n',
  'other\r\n',
  '\tx\n',
  'é😀\n',
  '\ufeff',
  'no end',
  '\n',
  '',
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
/** What may come over an edit while it waits, and what ends it without a yes to all of it. */
const step = fc.constantFrom('approveOne', 'denyOne', 'undo', 'type', 'flush', 'nextWindow');
const end = fc.constantFrom(
  'denyAll',
  'stop',
  'agentTakesBack',
  'sessionEnds',
  'windowEnds',
  'kill',
);
const tool = fc.constantFrom('write_file', 'delete_file', 'rename_file');

describe('an edit that is not approved', () => {
  it('[R224] leaves text, time of change, unsaved text and everything else as it was, whatever comes over it', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.option(text),
        tool,
        fc.array(step, { maxLength: 6 }),
        end,
        fc.boolean(),
        async (base, proposed, unsaved, name, steps, last, isNonBlocking) => {
          let stage = await createPendingStage({ files: { [file]: base }, isNonBlocking });
          if (unsaved !== null) {
            stage.files.type(file, unsaved);
          }
          const { files } = stage;
          const before = [files.snapshot(), await files.stat(file), await files.readText(file)];
          const turn = new AbortController();
          const args = {
            write_file: { path: 'a.ts', content: proposed },
            delete_file: { path: 'a.ts' },
            rename_file: { path: 'a.ts', newPath: 'b.ts' },
          }[name];
          const result = stage.run(name, args, { signal: turn.signal });
          await settle();
          for (const one of steps) {
            const edit = stage.edits.listOpen()[0];
            const open = edit?.hunks.filter(({ decision }) => decision.kind === 'pending') ?? [];
            const hunkId = open[0]?.hunk.id ?? '';
            if (edit === undefined) {
              break;
            }
            if (one === 'approveOne' && open.length > 1) {
              stage.edits.decide(edit.id, [hunkId], 'approve');
            } else if (one === 'denyOne' && open.length > 1) {
              stage.edits.decide(edit.id, [hunkId], 'deny');
            } else if (one === 'undo') {
              stage.edits.undoDecision(edit.id);
            } else if (one === 'type' && edit.kind !== 'delete' && open.length > 0) {
              stage.edits.updateProposal(edit.id, `${edit.proposedText}typed\n`);
            } else if (one === 'flush') {
              await stage.detached.flush();
            } else if (one === 'nextWindow') {
              await stage.detached.flush();
              stage = await createPendingStage({
                files: files.snapshot(),
                storage: stage.storage,
                isNonBlocking,
              });
            }
          }
          for (const edit of stage.edits.listOpen()) {
            if (last === 'denyAll') {
              for (const { hunk } of edit.hunks) {
                stage.edits.decide(edit.id, [hunk.id], 'deny', 'no');
              }
            }
          }
          if (last === 'stop' || last === 'agentTakesBack') {
            turn.abort(last === 'stop' ? undefined : takenBack);
          } else if (last === 'sessionEnds') {
            stage.detached.forgetSession('s1');
          } else if (last === 'windowEnds') {
            stage.edits.dispose();
          }
          await settle();
          await stage.detached.flush();
          turn.abort();
          await result;
          expect([files.snapshot(), await files.stat(file), await files.readText(file)]).toEqual(
            before,
          );
          expect(files.writes).toEqual([]);
          expect(stage.files.writes).toEqual([]);
        },
      ),
      { numRuns: 250, seed: 224 },
    );
  }, 60_000);
});
