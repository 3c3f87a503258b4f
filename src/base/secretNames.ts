/** What the name of a field says about its value. */
export type FieldKind = 'secret' | 'password' | 'authorization' | 'cookie' | 'auth';

/**
 * The kind of a field by its name, however it is spelled: `apiKey`, `X-Api-Key`, `spring.datasource.password`,
 * `AWS_SECRET_ACCESS_KEY`. Undefined for names that only speak of secrets: `maxTokens`, `token_type`, `passwordLength`.
 */
export function fieldKind(name: string): FieldKind | undefined {
  if (name.length > maxNameChars || !kindHint.test(name)) {
    return undefined; // nearly every word of a long output
  }
  if (/^(?:OLD)?PWD$/.test(name)) {
    return undefined; // a shell's folder
  }
  if (/^_?auth$/i.test(name)) {
    return 'auth';
  }
  const all = wordsOf(name);
  const words = withoutEndings(all);
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (last === 'authorization') {
    return 'authorization';
  }
  if (last === 'cookie' || last === 'cookies' || last === 'setcookie') {
    return before === 'accept' || before === 'no' ? undefined : 'cookie';
  }
  if (passwordWords.test(last) || (last === 'pass' && isWholeName(words)) || last === 'pw') {
    return 'password';
  }
  if (secretWords.test(last)) {
    return last.endsWith('token') && harmlessTokens.has(before) ? undefined : 'secret';
  }
  if (last === 'key' || last === 'keys') {
    return last === 'key' && secretKeys.has(before) ? 'secret' : undefined;
  }
  return last === 'id' && before === 'key' && words.at(-3) === 'access' ? 'secret' : undefined;
}

/** The same letters for all spellings of a name. */
export function sameLetters(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

const maxNameChars = 200;

/** A name without any of these is of no kind: each of the rules needs one of them. */
const kindHint = /auth|cookie|pass|pw|cred|secret|key|token|jwt|bearer/i;

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** `DB_PASSWORD_PROD`, `client-key-data`, `token2`: still the secret itself. */
function withoutEndings(words: readonly string[]): readonly string[] {
  const end = words.findLastIndex((word) => !endings.test(word));
  return words.slice(0, end + 1).map((word) => word.replace(/\d+$/, ''));
}

/** `pass` alone is also what a test does; `DB_PASS` and `smtp.pass` are passwords. */
function isWholeName(words: readonly string[]): boolean {
  return (
    words.length > 1 &&
    !['test', 'tests', 'did', 'can', 'by', 'first', 'second'].includes(words.at(-2) ?? '')
  );
}

const endings =
  /^(?:\d+|value|val|b64|base64|data|base|raw|plain|plaintext|text|prod|production|staging|dev|development|test|local|old|new|current|previous|env|main|backup|primary|secondary)$/;

const passwordWords = /(?:password|passwd|passphrase|passcode|passwort|pwd)$/;

const secretWords =
  /(?:^creds?$|credentials?$|secret$|apikey$|accesskey$|secretkey$|privatekey$|accountkey$|token$|^jwt$|^bearer$)/;

const secretKeys: ReadonlySet<string> = new Set(
  'api access secret private account shared encryption signing auth client master deploy ssh license storage service subscription consumer hmac webhook admin app application session jwt decryption cipher ocp functions host function'.split(
    ' ',
  ),
);

/** Places in a list, marks of a tokenizer, switches of a program. */
const harmlessTokens: ReadonlySet<string> = new Set(
  'page next continuation continue sync cancel cancellation pagination cursor start end eos bos eot pad unk unknown stop mask sep cls first last special per current previous syntax delta'.split(
    ' ',
  ),
);
