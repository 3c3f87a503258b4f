/**
 * Takes terminal escape sequences out of a text that arrives in pieces: colours, cursor movement, titles, hyperlinks,
 * and control characters other than tab and line ends. A carriage return within a line (a progress bar) becomes a line
 * end. A sequence that is cut between two pieces is held back until its rest comes.
 */
export class EscapeStripper {
  private held = '';
  private isReturnHeld = false;

  push(piece: string): string {
    const text = this.held + piece;
    const open = openSequence(text);
    // A "sequence" that never ends is no sequence: it is let through after a while, so that nothing is held for ever.
    const cut = text.length - open > maxHeldChars ? text.length : open;
    this.held = text.slice(cut);
    const visible = (this.isReturnHeld ? '\r' : '') + withoutSequences(text.slice(0, cut));
    const ready = visible.slice(0, endWithout(visible, '\r'));
    this.isReturnHeld = ready.length < visible.length;
    return withPlainLineEnds(ready);
  }

  /** The rest, when no more comes. */
  end(): string {
    const rest = (this.isReturnHeld ? '\r' : '') + withoutSequences(this.held);
    this.held = '';
    this.isReturnHeld = false;
    return withPlainLineEnds(rest);
  }
}

/** The same for a text that is whole. */
export function stripEscapes(text: string): string {
  return withPlainLineEnds(withoutSequences(text));
}

function withoutSequences(text: string): string {
  return text.replace(sequences, '').replace(controls, '');
}

function withPlainLineEnds(text: string): string {
  return text.replace(/\r+\n?/g, '\n');
}

/** Where the run of `sign` at the end of the text begins. */
function endWithout(text: string, sign: string): number {
  let end = text.length;
  while (end > 0 && text[end - 1] === sign) {
    end -= 1;
  }
  return end;
}

const maxHeldChars = 4096;

// The patterns are about control characters, so they name them.
/* eslint-disable no-control-regex */
/**
 * CSI, then OSC/DCS/PM/APC/SOS up to its terminator in the same line, then two-character and charset escapes. A body has
 * no sign in it that begins another one: else a row of those would be read to its end from each of them.
 */
const sequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g;
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;
const unfinished =
  /(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]*\x1b?|\x1b[ -/]*)$/;
/* eslint-enable no-control-regex */

/** Where an unfinished sequence at the end of the text begins; the text's length when there is none. */
function openSequence(text: string): number {
  const start = Math.max(0, text.length - maxHeldChars - 1);
  const match = unfinished.exec(text.slice(start));
  return match === null ? text.length : start + match.index;
}
