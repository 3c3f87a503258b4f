import { redactedMark } from './redactedMark';
import { safeCut } from './redactingStream';
import type { SecretFilter } from './secretFilter';

/** What changes of what is shown: so many letters at its end go, and this comes. */
export interface ShownChange {
  readonly drop: number;
  readonly add: string;
}

/**
 * Takes secrets out of a text that people watch as it grows, cut anywhere. Ordinary words are shown at once. Held back is
 * only what may become a secret by what follows: the beginning of a known one, a last word that looks like a key, the
 * value behind a name that calls it secret, a private key without its end. When a text turns out to be a secret, or none,
 * only later, what was shown of it is taken back (`drop`). `end` gives what redacting the whole text gives.
 *
 * The work for a piece depends on the open line, not on the length of the text.
 */
export class ShownStream {
  private whole = '';
  /** The end of the text: what is decided anew with each piece. */
  private open = '';
  /** What is shown of it. */
  private shown = '';
  /** Nothing in it is redacted, and no word in it makes a secret of what stands beside it. */
  private isCalm = true;
  /** So long was the open text when it was last decided, and when it was last tried to be made shorter. */
  private decidedChars = 0;
  private triedChars = 0;

  constructor(private readonly filter: SecretFilter) {}

  push(piece: string): ShownChange {
    const before = this.open.length;
    this.whole += piece;
    this.open += piece;
    this.isCalm &&= !hints.test(this.open.slice(Math.max(0, before - hintChars)));
    return this.isCalm ? (this.pushCalm() ?? this.pushBusy(piece)) : this.pushBusy(piece);
  }

  /** The whole text without its secrets. */
  end(): string {
    return this.filter.redact(this.whole);
  }

  /** The end of it that is not shown yet. */
  rest(): string {
    const open = this.filter.redact(this.open);
    return open.slice(commonLength(this.shown, open));
  }

  /** Of a text without such words, only the last word and known secrets matter. Undefined when it must be gone over. */
  private pushCalm(): ShownChange | undefined {
    const { open, shown } = this;
    const held = this.heldAt(Math.max(0, shown.length - nearChars));
    const from = Math.min(shown.length, open.length);
    if (held <= from) {
      return nothing;
    }
    const word = from - lastWordLength(open, from);
    if (
      suspicious.test(open.slice(word, held)) ||
      this.filter.secretAt(open, Math.max(0, from - 2), 'any') < held
    ) {
      this.isCalm = false;
      return undefined;
    }
    const add = open.slice(from, held);
    this.shown = open.slice(0, held);
    if (open.length > maxCalmChars) {
      const blank = open.lastIndexOf(' ', Math.min(held, open.length - nearChars));
      const line = open.lastIndexOf('\n', held - 1);
      const cut = Math.min(Math.max(blank, line) + 1, held);
      this.open = open.slice(cut);
      this.shown = this.shown.slice(cut);
    }
    return { drop: 0, add };
  }

  private pushBusy(piece: string): ShownChange {
    const { length } = this.open;
    // In a long open text not every letter is worth going over all of it.
    if (length > maxBusyChars && length - this.decidedChars < busyStepChars) {
      return nothing;
    }
    this.decidedChars = length;
    const visible = this.visible();
    const same = commonLength(this.shown, visible);
    const change =
      same === visible.length
        ? nothing // less than what is shown already: it stays until it is known to be wrong
        : { drop: this.shown.length - same, add: visible.slice(same) };
    this.shown = change === nothing ? this.shown : visible;
    this.shorten(piece);
    return change;
  }

  /** From here on the text is held back, whatever stands before it. */
  private heldAt(from: number): number {
    return Math.min(
      this.filter.secretAt(this.open, from, 'open'),
      this.open.length - keyLikeLength(this.open),
    );
  }

  /** As much of the open text as will look the same whatever follows, as far as that can be said. */
  private visible(): string {
    const { redact } = this.filter;
    const now = redact(this.open);
    const later = redact(this.open.slice(0, this.heldAt(0)) + continuation);
    const visible = now.slice(0, commonLength(now, later));
    return visible.endsWith(redactedMark) ? visible.slice(0, -redactedMark.length) : visible;
  }

  /** Lets go of what nothing that follows can change. */
  private shorten(piece: string): void {
    const { open } = this;
    const isLong = open.length > maxLineChars && open.length - this.triedChars >= busyStepChars;
    if (!isLong && !/[\r\n]/.test(piece)) {
      return;
    }
    this.triedChars = open.length;
    const held = this.heldAt(0);
    const line = safeCut(open.slice(0, held));
    const blank = isLong ? open.lastIndexOf(' ', held - maxLineChars / 2) + 1 : 0;
    const isTooLong = open.length > maxOpenChars;
    const cut = line > 0 ? line : blank > 0 ? blank : isTooLong ? open.length - maxLineChars : 0;
    if (cut === 0) {
      return;
    }
    const { redact } = this.filter;
    const head = redact(open.slice(0, cut));
    const isDecided =
      this.shown.startsWith(head) && head + redact(open.slice(cut)) === redact(open);
    if (isDecided || isTooLong) {
      this.open = open.slice(cut);
      this.shown = this.shown.slice(head.length);
      this.isCalm = this.open.startsWith(this.shown) && !hints.test(this.open);
      this.decidedChars = this.open.length;
      this.triedChars = 0;
    }
  }
}

const nothing: ShownChange = { drop: 0, add: '' };

/** Part of every text that can make a secret of what stands beside it (see `secretFields`, `secretBlocks`). */
const hints =
  /pass|pw|secret|cred|key|token|jwt|bearer|basic|auth|cookie|:\/\/|thin:|curl|wget|mysql|redis|identified|sig|hmac|code=|machine|default|BEGIN|END|Private-|AKIA|ASIA|eyJ|["'](?:d|p|q|dp|dq|qi|k)["']|<\/|\*\*\*|@(?:tcp|unix)/i;
const hintChars = 12;
/** A word that may be a key, or a path. */
const suspicious = /[!-~]{12}|[\\/]\S\S/;

const nearChars = 64;
const maxCalmChars = 256;
/** Above this, a line is cut between words where that changes nothing. */
const maxLineChars = 256;
/** Above this, not every piece is a reason to decide. */
const maxBusyChars = 640;
const busyStepChars = 64;
/** Longer than any private key. */
const maxOpenChars = 16 * 1024;

/** What would make a secret of a value that has just begun. */
const continuation = 'Zq7Kx93VbT5mW2hJ8nL4pR6sD1fG0cYe';

/** 1 for the ASCII letters that keys are made of. */
const isKeyLetter = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9_.~+/=%$@:*-]/.test(String.fromCharCode(code)) ? 1 : 0,
);
/** Longer words are no keys but blobs. */
const maxWordChars = 4096;
/** A word as people write it, with the marks that may follow. */
const ordinary = /^(?:[A-Z]?[a-z]{0,19}|[A-Z]{1,12}|\d{1,7})[.:*/=]{0,3}$/;
/** Capitals that keys begin with. */
const keyCapitals = /^(?:A[KSBC][A-Z]|AT[ACB]|AIz|LTA|EAA|AGE|GR1|SG\.|[MNO][A-Z]{9})/;

/** The length of the last word when it could be a key; else 0. */
function keyLikeLength(text: string): number {
  const length = lastWordLength(text, text.length);
  const word = text.slice(text.length - length);
  return length >= maxWordChars || (ordinary.test(word) && !keyCapitals.test(word)) ? 0 : length;
}

function lastWordLength(text: string, end: number): number {
  let at = end;
  while (at > 0 && end - at < maxWordChars && isKeyLetter[text.charCodeAt(at - 1)] === 1) {
    at -= 1;
  }
  return end - at;
}

function commonLength(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let at = 0;
  while (at < length && one.charCodeAt(at) === other.charCodeAt(at)) {
    at += 1;
  }
  return at;
}
