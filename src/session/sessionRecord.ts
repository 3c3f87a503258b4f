import type { Message } from '../events/message';
import { noUsage, plusUsage, totalOfOne, type UsageTotal } from '../events/usageTotal';
import type { PermissionMode } from '../gate/contract';
import { repairPairs } from '../transcript/pairs';
import { isUsage } from './costLedger';
import { arrivedPart, arrivedTag, cutAnswer, type ArrivedPart, type CutAnswer } from './cutAnswer';
import { DecodedLines } from './decodedLines';
import { indexLines } from './lineIndex';
import type { QueuedPrompt } from './promptQueue';
import { queuedOf } from './queueEntries';
import { usageOf } from './sessionContext';
import {
  isOwnCommand,
  type EntryLine,
  type HeadLine,
  type PartialLine,
  type SessionLine,
} from './sessionEntry';
import { privateCommandTag, type RanCommand } from './userCommand';

/** The tag of what was paid for something that is no message: a summary that was not used. */
export const spentTag = 'spent';

/** A command that no model sees, and how many messages stand before it. */
export interface PrivateCommand {
  readonly atMessage: number;
  readonly command: RanCommand;
}

/** A session file, read. `notices` are for the user, `repairs` for the log. */
export interface SessionRecord {
  readonly head: HeadLine | undefined;
  readonly title: string;
  readonly modelId: string | undefined;
  readonly mode: PermissionMode | undefined;
  /** The active branch, oldest first. */
  readonly branch: readonly EntryLine[];
  /** Every entry by its id, other branches too. */
  readonly entries: ReadonlyMap<string, EntryLine>;
  readonly leaf: string | null;
  /** The conversation of the active branch, call/result pairs whole. */
  readonly messages: readonly Message[];
  readonly privateCommands: readonly PrivateCommand[];
  /** What had arrived of answers that were cut off; they are in `messages` and are no entries. */
  readonly cutAnswers: readonly CutAnswer[];
  /** What waited behind a turn when the session was last written. */
  readonly queued: readonly QueuedPrompt[];
  /** What was paid for what is not in `messages`: on other branches, and for what became no message. */
  readonly spentElsewhere: UsageTotal;
  /** The last turn of the branch has no end: the host died in it. */
  readonly interruptedTurn: string | undefined;
  readonly notices: readonly string[];
  readonly repairs: readonly string[];
  /** The text does not end with a line break: the next write must begin with one. */
  readonly isTorn: boolean;
}

/** The branch that ends at this entry (null: before the first). */
export interface WantedBranch {
  readonly leaf: string | null;
}

/**
 * Undefined when no line of it can be read, or the wanted `leaf` is not in it (null: before the first entry). Without
 * one the branch is the one that was written last. Never throws.
 */
export function readSession(
  file: Uint8Array | string,
  wanted?: WantedBranch,
): SessionRecord | undefined {
  const index = indexLines(typeof file === 'string' ? new TextEncoder().encode(file) : file);
  const lines = new DecodedLines();
  for (let at = 0; at < index.count; at++) {
    lines.take(index.textAt(at), index.isTorn && at === index.count - 1);
  }
  return recordOf(lines, wanted);
}

/** What the lines of a file say together; undefined when none of them could be read. */
export function recordOf(
  { lines, notices, isTorn }: Pick<DecodedLines, 'lines' | 'notices' | 'isTorn'>,
  wanted?: WantedBranch,
): SessionRecord | undefined {
  if (lines.length === 0) {
    return undefined;
  }
  const grown = growTree(lines);
  const tree = wanted === undefined ? grown : { ...grown, leaf: wanted.leaf };
  if (tree.leaf !== null && !tree.entries.has(tree.leaf)) {
    return undefined;
  }
  const branch = branchTo(tree.leaf, tree);
  const conversation = toConversation(
    branch,
    partialsByTurn(lines),
    endedTurns(tree.entries),
    tree.head?.modelId,
  );
  const repaired = repairPairs(conversation.messages);
  return {
    head: tree.head,
    title: tree.title,
    modelId: lastOf(branch, 'model') ?? tree.head?.modelId,
    mode: lastOf(branch, 'mode') ?? tree.head?.mode,
    branch,
    entries: tree.entries,
    leaf: tree.leaf,
    messages: repaired.messages,
    privateCommands: conversation.privateCommands,
    cutAnswers: conversation.cutAnswers,
    queued: queuedOf(branch, tree.entries),
    spentElsewhere: spentElsewhere(tree.entries, branch),
    interruptedTurn: conversation.openTurn,
    notices,
    repairs: repaired.repairs,
    isTorn,
  };
}

interface Tree {
  readonly head: HeadLine | undefined;
  readonly title: string;
  readonly leaf: string | null;
  readonly entries: ReadonlyMap<string, EntryLine>;
}

function growTree(lines: readonly SessionLine[]): Tree {
  const entries = new Map<string, EntryLine>();
  let head: HeadLine | undefined;
  let title = '';
  let leaf: string | null = null;
  let previous: string | null = null;
  for (const line of lines) {
    if (line.type === 'head') {
      head ??= line;
      title = line.title;
      leaf = line.leaf === undefined ? leaf : line.leaf;
    } else if (line.type === 'entry' && !entries.has(line.id)) {
      // The parent's own line may be the damaged one: the entry before it is the best there is.
      const parent: string | null =
        line.parent === null || entries.has(line.parent) ? line.parent : previous;
      entries.set(line.id, { ...line, parent });
      title = line.kind === 'title' ? line.title : title;
      leaf = line.id;
      previous = line.id;
    }
  }
  const isLeafKnown = leaf === null || entries.has(leaf);
  return {
    head,
    title,
    entries,
    leaf: head === undefined || !isLeafKnown ? deepestLeaf(entries) : leaf,
  };
}

function deepestLeaf(entries: ReadonlyMap<string, EntryLine>): string | null {
  const depths = new Map<string, number>();
  let deepest: string | null = null;
  let depth = 0;
  // Parents come before their children, so one pass is enough.
  for (const entry of entries.values()) {
    const own = (entry.parent === null ? 0 : (depths.get(entry.parent) ?? 0)) + 1;
    depths.set(entry.id, own);
    if (own >= depth) {
      depth = own;
      deepest = entry.id;
    }
  }
  return deepest;
}

function branchTo(leaf: string | null, tree: Tree): readonly EntryLine[] {
  const branch: EntryLine[] = [];
  let id = leaf;
  while (id !== null) {
    const entry = tree.entries.get(id);
    if (entry === undefined) {
      break;
    }
    branch.push(entry);
    id = entry.parent;
  }
  return branch.reverse();
}

type Partials = ReadonlyMap<string, ReadonlyMap<number, PartialLine>>;

/** Streamed text that no later answer of its turn replaced. */
function partialsByTurn(lines: readonly SessionLine[]): Partials {
  const partials = new Map<string, Map<number, PartialLine>>();
  for (const line of lines) {
    if (line.type === 'partial') {
      const parts = partials.get(line.turn) ?? new Map<number, PartialLine>();
      // By number: a write that failed half-way is repeated whole.
      partials.set(line.turn, parts.set(line.part, line));
    } else if (line.type === 'entry' && line.kind === 'message' && line.turn !== undefined) {
      if (line.message.role === 'assistant') {
        partials.delete(line.turn);
      }
    }
  }
  return partials;
}

/** Also of other branches: one that begins inside a turn does not interrupt it. */
function endedTurns(entries: ReadonlyMap<string, EntryLine>): ReadonlySet<string> {
  return new Set(
    [...entries.values()].flatMap((entry) => (entry.kind === 'turnEnd' ? [entry.turn] : [])),
  );
}

function toConversation(
  branch: readonly EntryLine[],
  partials: Partials,
  ended: ReadonlySet<string>,
  firstModelId: string | undefined,
): Pick<SessionRecord, 'messages' | 'privateCommands' | 'cutAnswers'> & {
  readonly openTurn: string | undefined;
} {
  const messages: Message[] = [];
  const privateCommands: PrivateCommand[] = [];
  let openTurn: string | undefined;
  let modelId = firstModelId ?? '';
  /** The model of the open turn: another may have been chosen while it ran. */
  let asked = modelId;
  let arrived: ArrivedPart[] = [];
  let lastAtMs = 0;
  const cutAnswers: CutAnswer[] = [];
  const breakOff = (before: number): void => {
    const cut = cutAnswer(
      [...(partials.get(openTurn ?? '')?.values() ?? [])],
      arrived.filter(({ turn }) => turn === openTurn),
      asked,
      lastAtMs,
    );
    if (openTurn !== undefined && cut.length > 0) {
      cutAnswers.push({ before, turn: openTurn, messages: cut });
      messages.push(...cut);
    }
    arrived = [];
  };
  for (const [index, entry] of branch.entries()) {
    switch (entry.kind) {
      case 'turnStart':
        breakOff(index);
        openTurn = ended.has(entry.turn) ? undefined : entry.turn;
        asked = modelId;
        break;
      case 'turnEnd':
        openTurn = openTurn === entry.turn ? undefined : openTurn;
        break;
      case 'message':
        messages.push(entry.message);
        arrived = entry.message.role === 'assistant' ? [] : arrived;
        break;
      case 'custom':
        if (entry.tag === privateCommandTag && isOwnCommand(entry.data)) {
          privateCommands.push({
            atMessage: messages.length,
            command: { ...entry.data, isShared: false },
          });
        } else if (entry.tag === arrivedTag) {
          arrived.push(...[arrivedPart(entry.data) ?? []].flat());
        }
        break;
      case 'model':
        ({ modelId } = entry);
        break;
      case 'title':
      case 'mode':
        break;
    }
    lastAtMs = entry.atMs;
  }
  breakOff(branch.length);
  return { messages, privateCommands, cutAnswers, openTurn };
}

/** What was paid stays paid, wherever the conversation went on. */
function spentElsewhere(
  entries: ReadonlyMap<string, EntryLine>,
  branch: readonly EntryLine[],
): UsageTotal {
  const shown = new Set(branch.map(({ id }) => id));
  let sum = noUsage;
  for (const entry of entries.values()) {
    if (entry.kind === 'message' && !shown.has(entry.id)) {
      sum = plusUsage(sum, usageOf(entry.message));
    } else if (entry.kind === 'custom' && entry.tag === spentTag) {
      const { usage } = entry.data;
      sum = plusUsage(sum, totalOfOne(isUsage(usage) ? usage : undefined));
    }
  }
  return sum;
}

function lastOf(branch: readonly EntryLine[], kind: 'model'): string | undefined;
function lastOf(branch: readonly EntryLine[], kind: 'mode'): PermissionMode | undefined;
function lastOf(branch: readonly EntryLine[], kind: 'model' | 'mode'): string | undefined {
  for (let at = branch.length - 1; at >= 0; at--) {
    const entry = branch[at];
    if (entry?.kind === 'model' && kind === 'model') {
      return entry.modelId;
    }
    if (entry?.kind === 'mode' && kind === 'mode') {
      return entry.mode;
    }
  }
  return undefined;
}
