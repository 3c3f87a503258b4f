import { decodeLine, type SessionLine } from './sessionEntry';

/** The lines of a session's file as they are read one after the other, and what was wrong with some. */
export class DecodedLines {
  private readonly read: SessionLine[] = [];
  private malformed = 0;
  private other = 0;
  private newer = 0;
  private isLastTorn = false;
  private isLastCut = false;

  /** `isTorn`: the last line, and the file ends in the middle of it. Gives where it stands in `lines`. */
  take(text: string, isTorn: boolean): number | undefined {
    this.isLastTorn ||= isTorn;
    const decoded = decodeLine(text);
    if (decoded.kind === 'line') {
      this.read.push(decoded.line);
      return this.read.length - 1;
    }
    const isBlank = text.trim() === '';
    if (isTorn) {
      this.isLastCut = !isBlank && decoded.kind === 'malformed';
    } else if (decoded.kind === 'otherSchema') {
      this.other++;
      this.newer += decoded.isNewer ? 1 : 0;
    } else if (!isBlank) {
      this.malformed++;
    }
    return undefined;
  }

  get lines(): readonly SessionLine[] {
    return this.read;
  }

  /** The text does not end with a line break. */
  get isTorn(): boolean {
    return this.isLastTorn;
  }

  /** A later version wrote in it: to write in it here would part what belongs together there. */
  get isNewer(): boolean {
    return this.newer > 0;
  }

  /** Puts something shorter in the place of a line. */
  replace(at: number, change: (line: SessionLine) => SessionLine): void {
    const line = this.read[at];
    if (line !== undefined) {
      this.read[at] = change(line);
    }
  }

  /** For the user. */
  get notices(): readonly string[] {
    const { malformed, other } = this;
    return [
      ...(this.isLastCut
        ? [
            'The last entry of this session was cut off while it was written and was left out. The rest is complete.',
          ]
        : []),
      ...(malformed === 0
        ? []
        : [
            `${countOf(malformed, 'damaged entry', 'damaged entries')} of this session could not be read and ${malformed === 1 ? 'was' : 'were'} left out.`,
          ]),
      ...(other === 0
        ? []
        : [
            `${countOf(other, 'entry', 'entries')} of this session ${other === 1 ? 'was' : 'were'} written by another version of Patchbay and left out.`,
          ]),
    ];
  }
}

function countOf(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}
