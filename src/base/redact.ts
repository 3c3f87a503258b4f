import { KnownSecretFinder } from './knownSecretFinder';
import { knownSecretForms } from './knownSecrets';
import { redactKeyBlocks } from './secretBlocks';
import { redactFields } from './secretFields';
import { redactFormats } from './secretFormats';
import { redactedMark } from './redactedMark';

/** Takes secrets out of a text before it leaves the call that made it. Redacting twice changes nothing more. */
export type Redactor = (text: string) => string;

export interface RedactorOptions {
  /** The user's home directory: its name becomes `~`. */
  readonly homeDirectory?: string;
}

/**
 * Makes a redactor. Order: the known secret values (exactly, and in every encoding of `knownSecretForms`), private keys,
 * then what looks like a key by its own form, then values that a name in front of them calls secret (headers, URLs, JSON
 * fields, assignments), last the home directory. Known values shorter than four characters are ignored: replacing them
 * would destroy ordinary words. Join buffers before redacting; a secret cut in two is not recognised (see
 * `RedactingStream`). The work is in proportion to the text.
 */
export function createRedactor(
  knownSecrets: Iterable<string> = [],
  options: RedactorOptions = {},
): Redactor {
  const known = knownSecretForms(knownSecrets);
  const finder = new KnownSecretFinder(known);
  const home = options.homeDirectory === undefined ? undefined : homePattern(options.homeDirectory);
  const pass = (text: string): string => {
    let result = text;
    // One walk tells that there is none; each has dozens of spellings to look for.
    if (finder.find(text, 0, 'any') < text.length) {
      for (const secret of known) {
        result = result.replaceAll(secret, redactedMark);
      }
    }
    result = redactFields(redactFormats(redactKeyBlocks(result)));
    return home === undefined ? result : result.replace(home, '~');
  };
  return (text) => {
    let result = text;
    // A mark can complete what another rule looks for; one more look finds it, so that the next redactor finds nothing.
    for (let round = 0; round < maxRounds; round++) {
      const next = pass(result);
      if (next === result) {
        return result;
      }
      result = next;
    }
    return result;
  };
}

const maxRounds = 6;

/** Undefined for a home that is no name of a folder (`/`), which would hit every path. */
function homePattern(homeDirectory: string): RegExp | undefined {
  const home = homeDirectory.replace(/[\\/]+$/, '');
  if (home.length < 3) {
    return undefined;
  }
  const escaped = home.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\\\\/g, '\\\\{1,2}');
  return new RegExp(`${escaped}(?=[\\\\/\\s"':;,)\\]}]|$)`, 'g');
}
