/** What OpenAI and Anthropic take as the name of a tool. */
const wireForm = /^[a-zA-Z0-9_-]+$/;
const hashedForm = /_[0-9a-f]{8}$/;
const maxWireChars = 64;

/** The names of one turn's tools on the wire and back: `plugin.git.log` is `plugin__git__log` there. */
export interface ToolNames {
  /** Of a name that was not announced: what it would be by itself. */
  toWire(name: string): string;
  /** A wire name that is nobody's comes back as it is; our own spelling is understood too. */
  fromWire(wireName: string): string;
}

/**
 * Gives every name a wire name of at most `maxChars` characters of `a-z A-Z 0-9 _ -`, no two the same. A name depends on
 * itself alone, so it stays from turn to turn; only where two would be equal (a made-up coincidence of hashes) the one
 * that sorts later gets a number.
 */
export function createToolNames(names: Iterable<string>, maxChars = maxWireChars): ToolNames {
  const wireByName = new Map<string, string>();
  const nameByWire = new Map<string, string>();
  for (const name of [...new Set(names)].sort()) {
    let wire = toWireName(name, maxChars);
    for (let number = 2; nameByWire.has(wire); number += 1) {
      const end = `_${number}`;
      wire = toWireName(name, maxChars).slice(0, maxChars - end.length) + end;
    }
    wireByName.set(name, wire);
    nameByWire.set(wire, name);
  }
  return {
    toWire: (name) => wireByName.get(name) ?? toWireName(name, maxChars),
    fromWire: (wire) => nameByWire.get(wire) ?? wire,
  };
}

/**
 * A plain name stays; dots become `__`; everything else (other characters, `__` of its own, too long, or looking like
 * one of these) is made readable, cut, and told apart by eight digits of a hash.
 */
function toWireName(name: string, maxChars: number): string {
  const isShort = name.length <= maxChars;
  if (isShort && wireForm.test(name) && !name.includes('__') && !hashedForm.test(name)) {
    return name;
  }
  const dotted = name.replaceAll('.', '__');
  const isReversible =
    wireForm.test(dotted) && dotted.replaceAll('__', '.') === name && !hashedForm.test(dotted);
  if (isReversible && dotted.length <= maxChars) {
    return dotted;
  }
  const readable = dotted.replace(/[^a-zA-Z0-9_-]/g, '_');
  const hash = hashOf(name);
  return `${readable.slice(0, maxChars - hash.length - 1)}_${hash}`;
}

/** FNV-1a over UTF-16 units, 32 bits: tells names apart, protects nothing. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}
