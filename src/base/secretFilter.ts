import { KnownSecretFinder } from './knownSecretFinder';
import { knownSecretForms } from './knownSecrets';
import { createRedactor, type Redactor, type RedactorOptions } from './redact';

/** Takes secrets out of whole texts, and knows where in a text that still grows a known one may have begun. */
export interface SecretFilter {
  readonly redact: Redactor;
  readonly secretAt: KnownSecretFinder['find'];
}

export function createSecretFilter(
  knownSecrets: Iterable<string> = [],
  options: RedactorOptions = {},
): SecretFilter {
  const known = [...knownSecrets];
  const finder = new KnownSecretFinder(knownSecretForms(known));
  return {
    redact: createRedactor(known, options),
    secretAt: (text, from, what) => finder.find(text, from, what),
  };
}
