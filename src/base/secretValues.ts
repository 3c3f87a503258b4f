import { fieldKind, sameLetters, type FieldKind } from './secretNames';
import { redactedMark } from './redactedMark';

/** How name and value stand together: `A=b`, `a = b`, `a: b`, `a:b`, `--a b`. */
export type FieldStyle = 'joined' | 'assigned' | 'colon' | 'tight' | 'flag';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly style: FieldStyle;
  /** The quote right in front of the name. */
  readonly opener: string | undefined;
  /** The name is the first word of its line. */
  readonly startsLine: boolean;
  /** `const`, `let`, `this.` … stand in front: code. */
  readonly isDeclared: boolean;
}

/** True for what stands where a secret could be and is none: nothing, a placeholder, a reference, the field's own name. */
export function isPlaceholder(value: string, name: string): boolean {
  const bare = value.trim();
  if (bare.startsWith(redactedMark)) {
    return true;
  }
  if (value.length > maxPlaceholderChars) {
    return false;
  }
  return (
    bare === '' ||
    /^(?:[*•·.…_-]+|x{3,}|<[^<>]*>|\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|\$\d|%[A-Za-z_]\w*%|%[sdvq]|\{\{?[^{}]*\}?\}|#\{[^}]*\}|\\\([^)]*\))$/i.test(
      bare,
    ) ||
    literals.has(bare.toLowerCase()) ||
    sameLetters(bare) === sameLetters(name) ||
    (/^[A-Za-z_.-]+$/.test(bare) &&
      sameLetters(name).endsWith(sameLetters(bare)) &&
      bare.length > 3) ||
    /^(?:\S+ )?\$\{[^}]*\}$/.test(bare)
  );
}

const maxPlaceholderChars = 200;

const literals: ReadonlySet<string> = new Set(
  'string number boolean bool unknown undefined null none nil true false any never void object bytes str int text required optional include omit same-origin yes no on off redacted hidden masked empty unset n/a'.split(
    ' ',
  ),
);

/** Length of the secret that begins at `at`, written without quotes; 0 when what stands there is none. */
export function bareSecretLength(text: string, at: number, field: Field): number {
  const line = lineFrom(text, at);
  const isVariable =
    field.style === 'joined' && field.startsLine && /^[A-Z][A-Z0-9_]*$/.test(field.name);
  const letters = isVariable
    ? /[^\s"'`]*/y
    : field.style === 'joined'
      ? /[^\s"'`,;&|<>()[\]{}\\]*/y
      : /[^\s"'`,;<>()[\]{}\\]*/y;
  letters.lastIndex = 0;
  const word = letters.exec(line)?.[0] ?? '';
  const rest = line.slice(word.length);
  if (!isSecretWord(word, rest, isVariable, field) || line.startsWith('$(')) {
    return 0;
  }
  const isWholeLine =
    field.startsLine &&
    field.kind === 'password' &&
    (field.style === 'assigned' || field.style === 'colon') &&
    /^(?: [^\s:=#;"'{}()]+){1,8}\s*$/.test(rest);
  if (isWholeLine) {
    return line.trimEnd().length;
  }
  letters.lastIndex = at; // a long one goes on behind what was looked at
  return letters.exec(text)?.[0].length ?? word.length;
}

function isSecretWord(word: string, rest: string, isVariable: boolean, field: Field): boolean {
  if (field.style === 'tight' && !/^(?=.*\d)[^:]{6,}$/.test(word)) {
    return false;
  }
  if (word.length < 3 || isPlaceholder(word, field.name) || isReference(word, field)) {
    return false;
  }
  if (!isVariable && isCode(word, rest, field)) {
    return false;
  }
  const isNumber = /^-?\d+(?:\.\d+)?[a-z]{0,2}$/.test(word);
  return !isNumber || (field.kind === 'password' && word.length >= 4);
}

/** As much of the line as the decisions look at. */
function lineFrom(text: string, at: number): string {
  const piece = text.slice(at, at + maxLineChars);
  const end = piece.search(/[\r\n]/);
  return end === -1 ? piece : piece.slice(0, end);
}

const maxLineChars = 500;

/** What names a place where the secret is kept. */
function isReference(word: string, { kind, style }: Field): boolean {
  return (
    /^(?:process\.env|os\.environ|import\.meta|env|secrets|vault|op|ssm|self|this|config|settings|req|request|args|options|opts|props|params|ctx|var|vars|local|module|data|user|body|event|input|form|state|response|res|result|session|credentials?|account)(?:\??\.|:\/\/|:)[A-Za-z_$#/.\w?-]+$/.test(
      word,
    ) ||
    word.startsWith('arn:aws:') ||
    (kind === 'secret' && /^(?:~|\.{1,2})\/[\w./@-]+$/.test(word)) ||
    (kind === 'secret' && /^\/(?:[a-z][\w.-]*\/)+[\w.-]+$/.test(word)) ||
    (style === 'colon' && word.startsWith('!'))
  );
}

/** Code, types and prose: where the value is an expression and no text. */
function isCode(word: string, rest: string, field: Field): boolean {
  const { style, kind } = field;
  const next = rest.charAt(0);
  if (/^[A-Za-z_$][\w$.?!]*$/.test(word) && (next === '(' || next === '[' || next === '<')) {
    return true;
  }
  if (/^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*[!?]?$/.test(word) && keywords.test(word)) {
    return true;
  }
  if (style === 'colon' && field.name.includes('-')) {
    return false; // a header
  }
  if (style === 'joined' || style === 'flag') {
    // A quote behind the value closes the text that all of this stands in: `"PASSWORD=hunter22"`.
    return false;
  }
  const isName = /^[A-Za-z_$]+(?:\??\.[A-Za-z_$]+)*[!?]?$/.test(word);
  if (!isName) {
    return /^[=>|&!?]+$/.test(word);
  }
  const isCamel = /[a-z][A-Z]/.test(word) || word.includes('.') || /^[A-Z][a-z]/.test(word);
  const namesSecret =
    fieldKind(word) !== undefined || /(?:pass|secret|token|key|pwd|value|input)/i.test(word);
  if (field.isDeclared || isCamel || namesSecret || /^[;,)\]}|&?]/.test(rest)) {
    return true;
  }
  if (style === 'assigned') {
    return !field.startsLine || /^\s*[+*/?.&|=<>-]/.test(rest);
  }
  if (field.startsLine && /^[A-Z][A-Z0-9_]*$/.test(field.name) && rest.trim() === '') {
    return false; // a variable in YAML
  }
  return !field.startsLine || kind !== 'password' || /\S/.test(rest.replace(/#.*$/, ''));
}

const keywords =
  /^(?:await|new|function|async|typeof|return|yield|self|this|super|lambda|if|else|not|and|or|import|require|class|def|const|let|var|type|interface|extends|readonly|public|private|throw|delete|in|of|is|as)$/;
