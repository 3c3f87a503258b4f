/**
 * The part of bash that may run without a question, read by hand: literal words and literal quoted strings, joined by
 * `&&`, `||`, `;`, `|` or newline, with redirects to the null device and between descriptors. Whatever is not surely of
 * this part is an obstacle. The tree of a full grammar must agree with what is read here before anything is plain.
 */
export type LiteralReading =
  | { readonly kind: 'plain'; readonly commands: readonly (readonly string[])[] }
  | { readonly kind: 'obstacle'; readonly obstacle: string };

export function readLiteralBash(text: string): LiteralReading {
  try {
    return { kind: 'plain', commands: new LiteralReader(text).read() };
  } catch (error) {
    if (error instanceof Obstacle) {
      return { kind: 'obstacle', obstacle: error.message };
    }
    throw error;
  }
}

class Obstacle extends Error {}

class LiteralReader {
  private at = 0;
  private readonly commands: (readonly string[])[] = [];
  private words: string[] = [];
  /** A redirect without a command is no plain command. */
  private hasRedirect = false;

  constructor(private readonly text: string) {}

  read(): readonly (readonly string[])[] {
    // True where the grammar wants one more command before the text may end.
    let isOpen = false;
    for (;;) {
      this.skipBlanks();
      const next = this.text[this.at];
      if (next === undefined) {
        break;
      }
      const joiner = this.joiner();
      if (joiner === undefined) {
        this.wordOrRedirect();
        continue;
      }
      const wasEmpty = !this.endCommand();
      if (joiner === '\n') {
        isOpen &&= wasEmpty;
      } else if (wasEmpty) {
        throw new Obstacle('does not parse');
      } else {
        isOpen = joiner !== ';';
      }
    }
    const wasEmpty = !this.endCommand();
    if ((isOpen && wasEmpty) || this.commands.length === 0) {
      throw new Obstacle('does not parse');
    }
    return this.commands;
  }

  private skipBlanks(): void {
    while (this.text[this.at] === ' ') {
      this.at += 1;
    }
  }

  private joiner(): string | undefined {
    const two = this.text.slice(this.at, this.at + 2);
    if (two === '&&' || two === '||') {
      this.at += 2;
      return two;
    }
    if (two === '|&') {
      throw new Obstacle('contains a redirect');
    }
    if (two === ';;' || two === ';&') {
      throw new Obstacle('contains a control structure');
    }
    const one = two[0] ?? '';
    if (one === '|' || one === ';' || one === '\n') {
      this.at += 1;
      return one;
    }
    if (one === '&' && two !== '&>') {
      throw new Obstacle('starts a background job');
    }
    return undefined;
  }

  /** False when there was nothing to end. */
  private endCommand(): boolean {
    if (this.words.length === 0) {
      if (this.hasRedirect) {
        throw new Obstacle('contains a redirect without a command');
      }
      return false;
    }
    this.commands.push(this.words);
    this.words = [];
    this.hasRedirect = false;
    return true;
  }

  private wordOrRedirect(): void {
    const rest = this.text.slice(this.at, this.at + 64);
    const descriptors = /^[0-9]?[<>]&[0-9](?=[ \n;|&]|$)/.exec(rest)?.[0];
    // With a `>`, a word behind must not go on: `>/dev/nullx`.
    const toNull = /^(?:[0-9]?(?:>>|>|<)|&>>|&>) *\/dev\/null(?=[ \n;|&]|$)/.exec(rest)?.[0];
    const redirect = descriptors ?? toNull;
    if (redirect !== undefined) {
      this.at += redirect.length;
      this.hasRedirect = true;
      return;
    }
    if (/^[0-9]*[<>]|^&>/.test(rest)) {
      throw new Obstacle(obstacleOfRedirect(rest));
    }
    this.word();
  }

  private word(): void {
    const start = this.at;
    let value = '';
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined || ' \n;|&<>'.includes(character)) {
        break;
      }
      if (character === "'") {
        value += this.quoted("'");
      } else if (character === '"') {
        value += this.quoted('"');
      } else {
        this.checkUnquoted(character, start);
        value += character;
        this.at += 1;
      }
    }
    const raw = this.text.slice(start, this.at);
    if (this.words.length === 0) {
      checkFirstWord(raw);
    }
    this.words.push(value);
  }

  private quoted(quote: string): string {
    const end = this.text.indexOf(quote, this.at + 1);
    if (end === -1) {
      throw new Obstacle('does not parse');
    }
    const content = this.text.slice(this.at + 1, end);
    if (content.includes('\n')) {
      throw new Obstacle('contains a line break inside a quoted string');
    }
    if (quote === '"') {
      if (/[$`]/.test(content)) {
        throw new Obstacle('contains a substitution or an expansion');
      }
      // Elsewhere in double quotes a backslash is a plain character.
      if (/\\(?:[\\"$`\n]|$)/.test(content)) {
        throw new Obstacle('contains an escape');
      }
    }
    this.at = end + 1;
    return content;
  }

  private checkUnquoted(character: string, wordStart: number): void {
    const before = this.text[this.at - 1] ?? '';
    const isFirst = this.at === wordStart;
    if (character === '$' || character === '`') {
      throw new Obstacle('contains a substitution or an expansion');
    }
    if (character === '\\') {
      throw new Obstacle('contains an escape');
    }
    if ('*?['.includes(character) || character === ']') {
      throw new Obstacle('contains a pattern for file names');
    }
    if (character === '{' || character === '}') {
      throw new Obstacle('contains a group or a brace expansion');
    }
    if (character === '(' || character === ')') {
      throw new Obstacle('contains a subshell, a group or a function');
    }
    if (character === '!') {
      throw new Obstacle('contains a negation or a history expansion');
    }
    if (character === '#' && isFirst) {
      throw new Obstacle('contains a comment');
    }
    if (character === '~' && (isFirst || !/[\w./^@-]/.test(before))) {
      throw new Obstacle('contains a home folder expansion');
    }
    // zsh takes a word that begins with `=` for the path of a program.
    if (character === '=' && isFirst) {
      throw new Obstacle('contains an expansion');
    }
    if (!/[A-Za-z0-9_./:,@%+=^#~-]/.test(character) && character.charCodeAt(0) < 0x80) {
      throw new Obstacle('contains a control character');
    }
  }
}

/** `raw` as it is written: quoted, a reserved word is a name like any other. */
function checkFirstWord(raw: string): void {
  if (reservedWords.has(raw)) {
    throw new Obstacle('contains a control structure');
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(raw)) {
    throw new Obstacle('contains an assignment');
  }
}

function obstacleOfRedirect(text: string): string {
  if (/^[0-9]*<</.test(text)) {
    return 'contains a here-document';
  }
  return /^[<>]\(/.test(text) ? 'contains a substitution' : 'contains a redirect';
}

const reservedWords: ReadonlySet<string> = new Set(
  'if then elif else fi for while until do done case esac select function in coproc time'.split(
    ' ',
  ),
);
