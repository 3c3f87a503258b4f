import { append } from './append';
import { fieldKind, type FieldKind } from './secretNames';
import { bareSecretLength, isPlaceholder, type Field, type FieldStyle } from './secretValues';
import { redactedMark } from './redactedMark';

/**
 * Takes out values that something in front of them calls secret: headers, URLs, JSON (also inside strings), YAML, TOML,
 * variables, options, connection strings, XML, netrc. What stands in front stays, so that people see what was there.
 */
export function redactFields(text: string): string {
  let result = redactNamed(text);
  for (const [hint, pattern] of contexts) {
    if (result.includes(hint)) {
      result = result.replace(pattern, (whole, before: string) =>
        isPlaceholder(whole.slice(before.length), '') ? whole : before + redactedMark,
      );
    }
  }
  return result.replace(scheme, (whole, before: string, token: string) =>
    isPlaceholder(token, '') || isOrdinaryWord(token) ? whole : before + redactedMark,
  );
}

/** Bearer and Basic, wherever they stand. */
const scheme = /(\b(?:bearer|basic)[ \t]+)([A-Za-z0-9._~+/-]{6,}={0,2})/gi;

/** `basic authentication`, `bearer of news`: words, no tokens. */
function isOrdinaryWord(word: string): boolean {
  return /^(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-/.][A-Za-z]*)*$/.test(word) && word.length < 24;
}

/** The first group stays. Each hit ends at its own end, so that the work stays in proportion to the text. */
const contexts: readonly (readonly [string, RegExp])[] = [
  // scheme://user:password@host, and a token in the place of the user
  ['://', /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'`<>\\]{0,200}:)[^\s/"'`<>\\]{1,400}(?=@)/gi],
  ['://', /(\bhttps?:\/\/)[A-Za-z0-9_-]{20,200}(?=@)/gi],
  ['@', /(\b[\w.-]{1,60}:)[^\s@:/"'`]{1,200}(?=@(?:tcp|unix)\()/g],
  ['thin:', /(\bthin:[\w$#]{1,60}\/)[^\s@"']{1,200}(?=@)/g],
  // Signed addresses
  [
    '=',
    /([?&;](?:amp;)?(?:sig|signature|x-amz-signature|x-goog-signature|x-oss-signature|hmac|code|x-amz-security-token|x-ms-signature|key)=)[A-Za-z0-9%+/=_.~-]{12,}/gi,
  ],
  // machine h login u password p
  [
    'machine',
    /(\bmachine\s{1,20}\S{1,200}(?:\s{1,20}(?:login|user|account|port)\s{1,20}\S{1,200}){0,3}\s{1,20}(?:password|passwd)\s{1,20})\S{1,400}/g,
  ],
  ['default', /(\bdefault\s{1,20}login\s{1,20}\S{1,200}\s{1,20}password\s{1,20})\S{1,400}/g],
  // Programs that take a password as a word
  [
    'curl',
    /(\bcurl\b[^\r\n]{0,400}?\s(?:-u|--user|--proxy-user)[ =]?["']?[^\s:"']{1,100}:)[^\s"']{1,200}/g,
  ],
  ['wget', /(\bwget\b[^\r\n]{0,400}?\s--(?:http-|ftp-|proxy-)?password[ =]["']?)[^\s"']{1,200}/g],
  ['sshpass', /(\bsshpass\s{1,10}-p\s{0,10}["']?)[^\s"']{1,200}/g],
  ['mysql', /(\bmysql(?:dump|admin)?\b[^\r\n]{0,200}?\s-p)[^\s"'-][^\s"']{0,200}/g],
  ['redis-cli', /(\bredis-cli\b[^\r\n]{0,200}?\s-a\s{1,4}["']?)[^\s"']{1,200}/g],
  ['dentified', /(\bidentified\s{1,4}by\s{1,4}(?:password\s{1,4})?')[^']{1,200}(?=')/g],
  ['DENTIFIED', /(\bIDENTIFIED\s{1,4}BY\s{1,4}(?:PASSWORD\s{1,4})?')[^']{1,200}(?=')/g],
  // A key as a JSON Web Key
  ['"', /("(?:d|p|q|dp|dq|qi|k)"\s{0,4}:\s{0,4}")[A-Za-z0-9_-]{20,}(?=")/g],
  // <password>…</password>
  [
    '</',
    /(<(?:[\w.-]{1,40}:)?[\w.-]{0,40}(?:password|passwd|passphrase|secret|token|api-?_?key|private-?_?key)(?:\s[^<>]{0,200})?>)[^<>]{1,2000}(?=<\/)/gi,
  ],
];

/**
 * A name with what may close it, and what parts it from its value. A name begins where no letter of a name stands in
 * front, so that each is looked at once.
 */
const fieldStart =
  /(?<![A-Za-z0-9_.$-])(-{0,2})([A-Za-z_$][A-Za-z0-9_.$-]*)(\\*["'`]?(?:\]|%5D)?)(\s{0,20}(?:=>|:=|={1,3}|[:,])\s{0,20}|[\s,;]{1,40}(?=\\*["']?value\\*["']?\s{0,4}[:=])|[ ])/g;

function redactNamed(text: string): string {
  const parts: string[] = [];
  let done = 0;
  fieldStart.lastIndex = 0;
  for (let found = fieldStart.exec(text); found !== null; found = fieldStart.exec(text)) {
    const [whole, dashes = '', name = '', closing = '', between = ''] = found;
    const at = found.index + whole.length;
    const opener = quoteAt(text, found.index - 1);
    // `"Password: "`: the quote behind it closes what the quote in front opened.
    const isText = opener !== undefined && closing === '' && text[at] === opener;
    const kind = isText ? undefined : (fieldKind(name) ?? spacedKind(text, found.index, name));
    const pair = kind === undefined ? undefined : namedValue(text, at, closing, between);
    if (kind !== undefined) {
      const style = isVariableCommand(text, found.index, between)
        ? 'joined'
        : styleOf(between, dashes, closing);
      const field = { name, kind, opener, ...surroundings(text, found.index) };
      const spans =
        pair !== undefined
          ? valueSpans(text, pair, { ...field, style: 'joined' })
          : style === undefined
            ? []
            : valueSpans(text, at, { ...field, style });
      for (const { start, end } of spans) {
        parts.push(text.slice(done, start), redactedMark);
        done = end;
      }
      const lastSpan = spans.at(-1);
      fieldStart.lastIndex =
        lastSpan === undefined ? found.index + whole.trimEnd().length : lastSpan.end;
    } else {
      // The separator may be the blank in front of the next name.
      fieldStart.lastIndex = found.index + whole.length - (between === ' ' ? 1 : 0);
    }
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}

/** `API key: …`, `secret key = …`: the word in front of `key` makes the name. */
function spacedKind(text: string, at: number, name: string): FieldKind | undefined {
  if (!/^key$/i.test(name)) {
    return undefined;
  }
  const before = /([A-Za-z]{3,10}) $/.exec(text.slice(Math.max(0, at - 12), at))?.[1];
  return before === undefined ? undefined : fieldKind(`${before}_key`);
}

function quoteAt(text: string, at: number): string | undefined {
  const letter = text[at];
  return letter === '"' || letter === "'" || letter === '`' ? letter : undefined;
}

/** `ENV NAME value`, `setx NAME value`, `set -gx NAME value`. */
function isVariableCommand(text: string, at: number, between: string): boolean {
  return (
    between === ' ' &&
    /(?:^|[\r\n])[ \t]*(?:ENV|setx|setenv|set -[A-Za-z]{1,4})[ \t]$/.test(
      text.slice(Math.max(0, at - 24), at),
    )
  );
}

function styleOf(between: string, dashes: string, closing: string): FieldStyle | undefined {
  const mark = between.trim();
  if (closing === '' && /[\r\n]/.test(between)) {
    return undefined; // the end of a sentence
  }
  switch (mark) {
    case '':
      return dashes !== '' && closing === '' ? 'flag' : undefined;
    case ',':
      return closing === '' ? undefined : 'flag';
    case ':':
      return between === ':' && closing === '' ? 'tight' : 'colon';
    default:
      return between === '=' ? 'joined' : 'assigned';
  }
}

/** Where the value of `"name": "TOKEN", "value": "…"` begins, `TOKEN` being the name that was found. */
function namedValue(
  text: string,
  at: number,
  closing: string,
  between: string,
): number | undefined {
  const start = at - between.length - closing.length;
  const match = /^\\*["']?[\s,;]{1,60}\\*["']?value\\*["']?\s{0,4}[:=]\s{0,4}/i.exec(
    text.slice(start, start + 120),
  );
  return match === null ? undefined : start + match[0].length;
}

function surroundings(
  text: string,
  at: number,
): { readonly startsLine: boolean; readonly isDeclared: boolean } {
  const before = text.slice(Math.max(0, at - 40), at);
  const line = before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1);
  return {
    startsLine:
      (line.length < 40 || before.length < 40) &&
      /^[ \t>+#-]*(?:(?:export|set|setx|ENV|ARG|\$env:|-e|env)[ \t]*)?["']?$/.test(line),
    isDeclared:
      /(?:\b(?:const|let|var|val|final|string|String|auto|public|private|readonly|static|type|def|fn|func|local)[ \t]+|[({,][ \t]*)$/.test(
        line,
      ),
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The secrets of a value that begins at `at`: one, none, or those of a list. */
function valueSpans(text: string, at: number, field: Field): readonly Span[] {
  const list = /^\[\s{0,20}/.exec(text.slice(at, at + 24));
  if (list !== null && field.kind !== 'auth') {
    return listSpans(text, at + list[0].length, field);
  }
  const quote = /^(?:[bBrRfFuUL@$]{0,2})(\\{0,15})(["'`])/.exec(text.slice(at, at + 20));
  if (quote !== null) {
    const start = at + quote[0].length;
    const end = endOfQuoted(text, start, quote[2] ?? '"', quote[1]?.length ?? 0);
    return secretInQuotes(text, start, end, field);
  }
  if (field.kind === 'authorization' || field.kind === 'cookie') {
    return headerSpans(text, at, () => endOfHeader(text, at, field.opener), field);
  }
  if (field.kind === 'auth') {
    return field.style === 'joined' ? base64Span(text, at) : [];
  }
  const block = /^[|>][+-]?\d?[ \t]*\r?\n/.exec(text.slice(at, at + 20));
  if (block !== null && field.style === 'colon') {
    return blockSpan(text, at, at + block[0].length);
  }
  const length = bareSecretLength(text, at, field);
  return length === 0 ? [] : [{ start: at, end: at + length }];
}

/** `["Bearer …", "…"]`, and `[Bearer …]` as Go prints it. */
function listSpans(text: string, from: number, field: Field): readonly Span[] {
  const spans: Span[] = [];
  let at = from;
  for (let count = 0; count < maxListItems; count++) {
    const quote = /^[\s,]{0,20}(\\{0,15})(["'])/.exec(text.slice(at, at + 40));
    if (quote === null) {
      break;
    }
    const start = at + quote[0].length;
    const end = endOfQuoted(text, start, quote[2] ?? '"', quote[1]?.length ?? 0);
    append(spans, secretInQuotes(text, start, end, field));
    at = end + (quote[1]?.length ?? 0) + 1;
  }
  if (at === from && (field.kind === 'authorization' || field.kind === 'cookie')) {
    const end = /^[^\]\r\n]{1,4000}/.exec(text.slice(from, from + 4000))?.[0].length ?? 0;
    return headerSpans(text, from, () => from + end, field);
  }
  return spans;
}

const maxListItems = 100;

function secretInQuotes(text: string, start: number, end: number, field: Field): readonly Span[] {
  const value = text.slice(start, end);
  if (isPlaceholder(value, field.name)) {
    return [];
  }
  switch (field.kind) {
    case 'authorization':
      return headerSpans(text, start, () => end, field);
    case 'cookie':
      return value.includes('=') ? [{ start, end }] : [];
    case 'auth':
      return /^[A-Za-z0-9+/_-]{8,}={0,2}$/.test(value) ? [{ start, end }] : [];
    case 'secret':
    case 'password':
      return field.style === 'flag' && /^[A-Za-z ]*$/.test(value) ? [] : [{ start, end }];
  }
}

/**
 * Where a quoted text ends. `depth` backslashes stand before its quotes, because it is inside another quoted text. A
 * missing end is the end of the line.
 */
function endOfQuoted(text: string, from: number, quote: string, depth: number): number {
  for (let at = from; at < text.length; at++) {
    const letter = text[at];
    if (letter === '\n' || letter === '\r') {
      return at;
    }
    if (letter === '\\') {
      let run = 1;
      while (text[at + run] === '\\') {
        run += 1;
      }
      const isQuote = text[at + run] === quote;
      if (
        isQuote &&
        (run < depth ||
          (Math.floor((run - depth) / (depth + 1)) % 2 === 0 &&
            run >= depth &&
            (run - depth) % (depth + 1) === 0))
      ) {
        return depth === 0 ? at + run : at + run - Math.min(run, depth);
      }
      at += isQuote ? run : run - 1;
      continue;
    }
    if (letter === quote) {
      return at;
    }
  }
  return text.length;
}

/** A header's value goes to the end of its line or of the quotes around it; quotes of its own, `a="b"`, do not end it. */
function endOfHeader(text: string, at: number, opener: string | undefined): number {
  const value = text.slice(at, at + maxHeaderChars);
  const lineEnd = value.search(/[\r\n]/);
  const line = lineEnd === -1 ? value : value.slice(0, lineEnd);
  const quote = opener === undefined ? line.search(/["'`]/) : line.indexOf(opener);
  const isOwn = opener === undefined && line[quote - 1] === '=';
  return at + (quote === -1 || isOwn ? line.length : quote);
}

/** Of a line without an end the rest stays. */
const maxHeaderChars = 16 * 1024;
/** As much of it as the decisions look at. */
const maxDecidingChars = 500;

/** What follows the scheme; for the usual schemes one word, for others all of it. */
function headerSpans(
  text: string,
  start: number,
  findEnd: () => number,
  field: Field,
): readonly Span[] {
  const head = text.slice(start, start + maxDecidingChars);
  const lineEnd = head.search(/[\r\n]/);
  const value = lineEnd === -1 ? head : head.slice(0, lineEnd);
  if (/^(?:[\w-]{1,30}[ \t]+)?\[redacted\]/.test(value)) {
    return [];
  }
  if (field.kind === 'cookie') {
    return /^[^\s=;(){}"'`]{1,200}=/.test(value) ? [{ start, end: findEnd() }] : [];
  }
  const parts = /^([A-Za-z][\w-]{1,30})[ \t]+([^\s"'`\\]+)/.exec(value);
  if (parts === null) {
    const word = /^[^\s"'`\\]+/.exec(value)?.[0] ?? '';
    const isPlain =
      /^[A-Za-z_$][A-Za-z_$.]*[;,)}\]]*$/.test(word) || /^[A-Za-z_$.]*[({<[=]/.test(word);
    return word === '' || isPlain || isPlaceholder(word, field.name)
      ? []
      : [{ start, end: start + wordLength(text, start) }];
  }
  const [before, name = '', token = ''] = parts;
  const tokenStart = start + before.length - token.length;
  if (/^(?:bearer|basic|token|apikey|api-key|bot|key|negotiate|ntlm|jwt|discogs)$/i.test(name)) {
    const bare = token.replace(/[,;)\]}]+$/, '');
    const isWord = isOrdinaryWord(bare) && bare.length < 6;
    const length = bare === token ? wordLength(text, tokenStart) : bare.length;
    return isPlaceholder(bare, '') || isWord
      ? []
      : [{ start: tokenStart, end: tokenStart + length }];
  }
  return /[=\d]/.test(value) ? [{ start: tokenStart, end: findEnd() }] : [];
}

/** To the next blank, quote or backslash. */
function wordLength(text: string, at: number): number {
  const word = /[^\s"'`\\]*/y;
  word.lastIndex = at;
  return word.exec(text)?.[0].length ?? 0;
}

function base64Span(text: string, at: number): readonly Span[] {
  const length = /^[A-Za-z0-9+/_-]{8,}={0,2}/.exec(text.slice(at, at + 4000))?.[0].length ?? 0;
  return length === 0 ? [] : [{ start: at, end: at + length }];
}

/** A YAML block: the lines below that are indented further than the name. */
function blockSpan(text: string, at: number, from: number): readonly Span[] {
  const lineStart = Math.max(text.lastIndexOf('\n', at), 0);
  const indent = /^\n?([ \t]*)/.exec(text.slice(lineStart, lineStart + 200))?.[1]?.length ?? 0;
  let end = from;
  while (end < text.length) {
    const lineEnd = text.indexOf('\n', end);
    const line = text.slice(end, lineEnd === -1 ? text.length : lineEnd);
    if (line.trim() !== '' && (/^[ \t]*/.exec(line)?.[0].length ?? 0) <= indent) {
      break;
    }
    end = lineEnd === -1 ? text.length : lineEnd + 1;
  }
  const body = text.slice(from, end);
  const first = from + (/^\s*/.exec(body)?.[0].length ?? 0);
  const last = from + body.trimEnd().length;
  return first >= last || text.slice(first, last) === redactedMark
    ? []
    : [{ start: first, end: last }];
}
