import { redactedMark } from './redactedMark';

/**
 * Every spelling in which a known secret may stand in a text, longest first, so that a value which contains another goes
 * as a whole: as it is; inside JSON (twice, too), HTML and shell words; percent-encoded in the usual ways; as Base64
 * wherever it begins in what was encoded (`user:secret`), as hexadecimal; and the long lines of a value of several lines.
 */
export function knownSecretForms(secrets: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    for (const value of new Set([secret.trim(), ...longLines(secret)])) {
      if (value.length >= minChars) {
        formsOf(value).forEach((form) => forms.add(form));
      }
    }
  }
  return [...forms]
    .filter((form) => form.length >= minChars && !redactedMark.includes(form))
    .sort((a, b) => b.length - a.length);
}

const minChars = 4;

function formsOf(value: string): readonly string[] {
  const inJson = jsonInner(value);
  const bytes = new TextEncoder().encode(value);
  return [
    value,
    ...[inJson, inJson.replaceAll('/', '\\/'), asciiOnly(inJson)].flatMap((text) => [
      text,
      jsonInner(text),
    ]),
    ...percentForms(value),
    ...htmlForms(value),
    value.replaceAll("'", `'\\''`),
    value.replaceAll("'", `'"'"'`),
    value.replace(/[^\w.,:+@%/=-]/g, '\\$&'),
    ...encodedForms(bytes),
  ];
}

/** Lines that say enough by themselves: a diff or a log may show them apart. */
function longLines(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines.length === 1
    ? []
    : lines.filter((line) => line.length >= minLineChars && !line.startsWith('-----'));
}

const minLineChars = 12;

function jsonInner(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function asciiOnly(text: string): string {
  return text.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function percentForms(value: string): readonly string[] {
  let encoded: string;
  try {
    encoded = encodeURIComponent(value);
  } catch {
    return []; // a lone surrogate has no percent-encoded form
  }
  const strict = encoded.replace(
    /[!'()*~]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const loose = encoded.replace(/%(?:2F|3A|40|2C|3B|24|26|3D|2B|3F|23)/g, decodeURIComponent);
  return [encoded, strict, strict.replaceAll('%7E', '~'), strict.replaceAll('%2A', '*'), loose]
    .flatMap((form) => [form, form.replaceAll('%2F', '/'), form.replaceAll('%20', '+')])
    .flatMap((form) => [
      form,
      form.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
      encodeURIComponent(form),
    ]);
}

function htmlForms(value: string): readonly string[] {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    escaped,
    ...['&#39;', '&#x27;', '&apos;'].map((quote) =>
      escaped.replaceAll('"', '&quot;').replaceAll("'", quote),
    ),
    escaped.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
  ];
}

/** Base64 of the bytes at each of the three places in a group of three, without the letters that others share; and hex. */
function encodedForms(bytes: Uint8Array): readonly string[] {
  const whole = toBase64(bytes);
  const shifted = [0, 1, 2].map((offset) => {
    const padded = new Uint8Array(offset + bytes.length);
    padded.set(bytes, offset);
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    return toBase64(padded).slice(start, end);
  });
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const percent = hex.replace(/../g, '%$&');
  return [
    ...[whole, whole.replace(/=+$/, ''), ...shifted].flatMap((text) => [
      text,
      text.replaceAll('+', '-').replaceAll('/', '_'),
      text.replaceAll('/', '\\/'),
      encodeURIComponent(text),
    ]),
    hex,
    hex.toUpperCase(),
    percent,
    percent.toUpperCase(),
  ].filter((form) => form.length >= minEncodedChars);
}

/** Shorter ones stand in other texts by chance. */
const minEncodedChars = 6;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.subarray(index, index + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const letters = [bits >> 18, (bits >> 12) & 63, (bits >> 6) & 63, bits & 63].map(
      (value) => alphabet[value] ?? '',
    );
    text += letters.slice(0, b === undefined ? 2 : c === undefined ? 3 : 4).join('');
  }
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
