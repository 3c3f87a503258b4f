/** Finds the spellings of known secrets in a text in one walk over it, however many there are. */
export class KnownSecretFinder {
  private readonly byBeginning = new Map<string, string[]>();
  /** One bit of knowledge for each beginning: nearly every place of a text is passed with one look. */
  private readonly isBeginning = new Uint8Array(tableSize);
  private readonly longest: number;

  /** Each of them has at least four letters. */
  constructor(forms: readonly string[]) {
    for (const form of forms) {
      const beginning = form.slice(0, beginningChars);
      const alike = this.byBeginning.get(beginning);
      if (alike === undefined) {
        this.byBeginning.set(beginning, [form]);
        this.isBeginning[placeOf(form, 0)] = 1;
      } else {
        alike.push(form);
      }
    }
    this.longest = forms.reduce((length, form) => Math.max(length, form.length), 0);
  }

  /**
   * The first place at or behind `from` where the rest of the text is the beginning of a known secret (`open`), or where
   * one stands or begins (`any`); the length of the text when there is none. Fewer than three letters are no beginning:
   * too many words end with them.
   */
  find(text: string, from: number, what: 'open' | 'any'): number {
    const end = text.length;
    // A secret that is still open begins at most its own length before the end.
    const first = Math.max(0, what === 'open' ? Math.max(from, end - this.longest) : from);
    for (let at = first; at <= end - beginningChars; at++) {
      if (this.isBeginning[placeOf(text, at)] === 1 && this.standsAt(text, at, what)) {
        return at;
      }
    }
    return end;
  }

  private standsAt(text: string, at: number, what: 'open' | 'any'): boolean {
    const left = text.length - at;
    return (
      this.byBeginning
        .get(text.slice(at, at + beginningChars))
        ?.some((form) =>
          form.length > left
            ? form.startsWith(text.slice(at))
            : what === 'any' && text.startsWith(form, at),
        ) ?? false
    );
  }
}

const beginningChars = 3;
const tableSize = 1 << 16;

function placeOf(text: string, at: number): number {
  return (
    (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) &
    (tableSize - 1)
  );
}
