/** Takes secrets out of a text before it leaves the call that made it. Redacting twice changes nothing more. */
export type Redactor = (text: string) => string;

export interface RedactorOptions {
  /** The user's home directory: its name becomes `~`. */
  readonly homeDirectory?: string;
}

const redactedMark = '[redacted]';

/**
 * Makes a redactor. Order: the known secret values (exactly, percent-encoded, and as they stand inside JSON), then what looks like a key by its
 * own form, then values that a name in front of them calls secret (headers, URLs, JSON fields, assignments), last the
 * home directory. Known values shorter than six characters are ignored: replacing them would destroy ordinary words.
 * Join buffers before redacting; a secret cut in two is not recognised.
 */
export function createRedactor(
  knownSecrets: Iterable<string> = [],
  options: RedactorOptions = {},
): Redactor {
  const known = knownForms(knownSecrets);
  const home = options.homeDirectory === undefined ? undefined : homePattern(options.homeDirectory);
  return (text) => {
    let result = text;
    for (const secret of known) {
      result = result.replaceAll(secret, redactedMark);
    }
    for (const format of formats) {
      result = result.replace(format, redactedMark);
    }
    for (const context of contexts) {
      result = result.replace(context, `$1${redactedMark}`);
    }
    return home === undefined ? result : result.replace(home, '~');
  };
}

/** Secrets that are recognised by their own form. */
const formats: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g, // OpenAI, Anthropic, OpenRouter
  /\bgh[opsur]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bhf_[A-Za-z0-9]{20,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, // JWT
];

const secretName =
  '(?:[A-Za-z0-9_.-]{0,60}[_.-])?(?:api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?|secret(?:[_-]?(?:access[_-]?)?key)?|client[_-]?secret|(?:access|refresh|auth|id|session|bearer|oauth)?[_-]?token|passwd|password|passphrase|pwd|credentials?|private[_-]?key)';

/** A secret by the name in front of it; the first group stays. */
const contexts: readonly RegExp[] = [
  // Bearer and Basic, wherever they stand
  /(\b(?:bearer|basic)\s+)(?!\[redacted\])[A-Za-z0-9._~+/=-]{8,}/gi,
  // Header lines, up to the end of the line or of the quoted string they stand in
  /(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?)(?!(?:bearer|basic|token)\s)(?!\[redacted\])[^\s"',;]+/gi,
  /(\b(?:set-)?cookie\s*:\s*)(?!\[redacted\])[^\r\n"']+/gi,
  // scheme://user:password@host
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>]{0,200}:)(?!\[redacted\])[^\s/@"'<>]{1,400}(?=@)/gi,
  // "api_key": "…", then the same inside a string that is itself JSON, then with single quotes
  new RegExp(`("${secretName}"\\s*:\\s*")(?!\\[redacted\\])(?:[^"\\\\]|\\\\[\\s\\S])+`, 'gi'),
  new RegExp(
    `(\\\\"${secretName}\\\\"\\s*:\\s*\\\\")(?!\\[redacted\\])(?:[^"\\\\]|\\\\(?!")[\\s\\S])+`,
    'gi',
  ),
  new RegExp(`(["']${secretName}["']\\s*:\\s*')(?!\\[redacted\\])[^'\\r\\n]+`, 'gi'),
  // TOKEN=…, --password=…, ?api_key=…&
  new RegExp(
    `((?<![A-Za-z0-9])${secretName}\\s?=\\s?["']?)(?!\\[redacted\\])[^\\s"'&;,]{4,}`,
    'gi',
  ),
  // password: …, x-api-key: … as a line of its own
  new RegExp(
    `((?:^|[\\r\\n])[ \\t>-]{0,20}${secretName}[ \\t]*:[ \\t]+["']?)(?!\\[redacted\\])(?!(?:string|number|boolean|unknown|undefined|null|true|false)\\b)[^\\s"']{4,}`,
    'gi',
  ),
];

const minKnownChars = 6;

/** Longest first, so that a value which contains another goes as a whole. */
function knownForms(secrets: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const value = secret.trim();
    if (value.length >= minKnownChars) {
      const inJson = JSON.stringify(value).slice(1, -1);
      forms.add(value);
      forms.add(percentEncoded(value));
      forms.add(inJson);
      forms.add(JSON.stringify(inJson).slice(1, -1));
    }
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

function percentEncoded(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret; // a lone surrogate has no percent-encoded form
  }
}

/** Undefined for a home that is no name of a folder (`/`), which would hit every path. */
function homePattern(homeDirectory: string): RegExp | undefined {
  const home = homeDirectory.replace(/[\\/]+$/, '');
  if (home.length < 3) {
    return undefined;
  }
  const escaped = home.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\\\\/g, '\\\\{1,2}');
  return new RegExp(`${escaped}(?=[\\\\/\\s"':;,)\\]}]|$)`, 'g');
}
