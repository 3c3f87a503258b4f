import type { JSX } from 'preact';
import type { HunkMarksView, HunkView } from '../../src/protocol/viewTypes';
import { Visible } from '../controls';
import { hunkLines, linePieces, type HunkLine } from '../hunkLines';
import { counted } from '../words';

/** More lines than this are folded to head and tail. */
const shownLines = 16;

interface HunkTextProps {
  readonly hunk: HunkView;
  readonly marks: HunkMarksView | undefined;
  readonly isWhole: boolean;
  readonly onWhole: () => void;
}

/** Removed lines, then added ones; a long hunk is folded. */
export function HunkText({ hunk, marks, isWhole, onWhole }: HunkTextProps): JSX.Element {
  const lines = hunkLines(hunk, marks);
  const isFolded = !isWhole && lines.length > shownLines + 4;
  const head = isFolded ? lines.slice(0, shownLines / 2) : lines;
  const tail = isFolded ? lines.slice(-shownLines / 2) : [];
  return (
    <div class="hunk-text">
      <div class="hunk-lines">{head.map(Line)}</div>
      {isFolded && (
        <button type="button" class="text-button hunk-more" onClick={onWhole}>
          {counted(lines.length - head.length - tail.length, 'more line')}
        </button>
      )}
      {tail.length > 0 && <div class="hunk-lines">{tail.map(Line)}</div>}
    </div>
  );
}

function Line(line: HunkLine): JSX.Element {
  return (
    <div
      key={`${line.sign}${line.lineOneBased}`}
      class="hunk-line"
      data-sign={line.sign}
      data-marked={line.marks === undefined ? undefined : 'true'}
    >
      <span class="hunk-number" aria-hidden="true">
        {line.lineOneBased}
      </span>
      <span class="hunk-sign">{line.sign}</span>
      <span class="hunk-code">
        {linePieces(line).map(({ text, isChanged }, index) =>
          isChanged ? (
            <span key={index} class="hunk-changed">
              <Visible text={text} />
            </span>
          ) : (
            <Visible key={index} text={text} />
          ),
        )}
      </span>
    </div>
  );
}
