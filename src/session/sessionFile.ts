import type { Clock } from '../base/clock';
import { createId } from '../base/ids';
import { isJsonObject } from '../base/guard';
import type { JsonObject } from '../base/json';
import { silentLogger, type Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { SecretFilter } from '../base/secretFilter';
import { ShownStream } from '../base/shownStream';
import { oneLine } from '../events/failure';
import type { Message } from '../events/message';
import type { Usage } from '../events/usage';
import type { PermissionMode } from '../gate/contract';
import {
  resumeLinkTag,
  type ResumeLink,
  type ResumeQuery,
  type ResumeStore,
} from '../runtime/resumeLink';
import { BranchTree, type PromptPlace } from './branchTree';
import type { SessionBranches, SessionLog } from './chatSession';
import type { AppendedLines, SessionStorage } from './contract';
import { copyEntries, type CopiedLines } from './copyEntries';
import { arrivedData, arrivedTag, type Arrived, type CopiedBranch } from './cutAnswer';
import { redactData, redactMessage, type Redact } from './entryRedaction';
import { LineWriter } from './lineWriter';
import { ResumeLinks } from './resumeLinks';
import type { QueuedPrompt } from './promptQueue';
import { encodeLine, type EntryBody, type EntryLine, type HeadLine } from './sessionEntry';
import { isOfQueue, QueueWriter } from './queueEntries';
import { spentTag, type SessionRecord } from './sessionRecord';
import { TextPlaces, type CallTexts } from './storedTexts';
import { privateCommandTag, type RanCommand } from './userCommand';

export interface SessionFileDependencies {
  readonly storage: Pick<SessionStorage, 'append' | 'readRange'>;
  readonly clock: Clock;
  /** Takes secrets out of every text before it is written. */
  readonly redact: Redact;
  /** Where a known secret may begin in a text that still grows. */
  readonly secretAt?: SecretFilter['secretAt'];
  readonly createEntryId?: () => string;
  readonly logger?: Logger;
  /** The file could not be written: shown once; the lines are kept and tried again. */
  readonly onDidFail?: (message: string) => void;
}

/**
 * One session's file: append-only lines (see sessionEntry), written in groups of 20 ms. A new session writes nothing
 * before its first message. Holds no messages, only what later lines need: the leaf, the title, the resume links.
 */
export class SessionFile implements SessionLog, SessionBranches, ResumeStore {
  private readonly writer: LineWriter;
  private readonly links: ResumeLinks;
  private readonly queue: QueueWriter;
  private readonly tree = new BranchTree();
  private leaf: string | null;
  private head: HeadLine;
  /** Entries of a session without a message; undefined once the head is written. */
  private held: (() => void)[] | undefined;
  /** The head line was lost; it is written again before the next entry. */
  private isHeadMissing: boolean;
  /** Entries of another session that are not in this file yet; they go there as they are in its file. */
  private copying: CopiedLines | undefined;
  /** The first head of the file says something else: it stands again behind every turn, where the list looks. */
  private isHeadChanged = false;
  private partCount = 0;
  private failure: string | undefined;
  private partialText:
    | {
        readonly turn: string;
        readonly block: 'text' | 'thinking';
        readonly stream: ShownStream;
        /** Without secrets, and not written yet. */
        text: string;
      }
    | undefined;

  constructor(
    readonly sessionId: string,
    private readonly dependencies: SessionFileDependencies,
    record: SessionRecord | undefined,
    /** What a new session begins with: the branch of another one, written with its first message. */
    copied?: Pick<SessionRecord, 'head' | 'title' | 'modelId' | 'mode'> &
      CopiedBranch & { readonly from: string },
    /** Where the long texts of the conversation stand; of a copy, in the file that it is made from. */
    private readonly places = new TextPlaces(dependencies.storage),
  ) {
    this.writer = new LineWriter(
      (lines) => this.append(lines),
      dependencies.clock,
      record?.isTorn,
      () => this.writePartial('safe'),
    );
    this.writer.onDidFail((error) => {
      const message = `This session could not be saved (${errorMessage(error)}). It is kept in memory and tried again; free some disk space or check the folder's permissions.`;
      (dependencies.logger ?? silentLogger).warn(message);
      this.failure = message;
      dependencies.onDidFail?.(message);
    });
    this.held = record === undefined ? [] : undefined;
    this.head = record?.head ?? {
      type: 'head',
      session: sessionId,
      title: record?.title ?? '',
      createdAtMs: dependencies.clock.nowMs(),
    };
    if (record !== undefined) {
      this.changeHead({
        title: record.title,
        ...(record.modelId === undefined ? {} : { modelId: record.modelId }),
        ...(record.mode === undefined ? {} : { mode: record.mode }),
      });
    }
    this.leaf = record?.leaf ?? null;
    this.isHeadMissing = record !== undefined && record.head === undefined;
    for (const entry of record?.entries.values() ?? []) {
      this.tree.add(entry);
    }
    this.queue = new QueueWriter(record?.entries.values() ?? [], record?.queued ?? []);
    this.links = new ResumeLinks(record?.entries.values() ?? []);
    this.links.branchTo(this.leaf, this.tree.parents);
    if (copied !== undefined) {
      this.holdCopy(copied);
    }
  }

  /**
   * Agents' own sessions belong to the original: a copy that resumed them would write into its memory. So does what
   * waits to be sent: it would go twice.
   */
  private holdCopy(copied: NonNullable<ConstructorParameters<typeof SessionFile>[3]>): void {
    const { preview } = copied.head ?? {};
    this.head = {
      ...this.head,
      title: copied.title,
      forkedFrom: copied.from,
      ...(preview === undefined ? {} : { preview }),
      ...(copied.modelId === undefined ? {} : { modelId: copied.modelId }),
      ...(copied.mode === undefined ? {} : { mode: copied.mode }),
    };
    const lines: EntryLine[] = [];
    let openTurn: string | undefined;
    for (const entry of copied.branch) {
      if (isOfQueue(entry) || (entry.kind === 'custom' && entry.tag === resumeLinkTag)) {
        continue;
      }
      const line = { ...entry, parent: this.leaf };
      this.tree.add(line);
      this.leaf = line.id;
      lines.push(line);
      openTurn = turnAfter(entry, openTurn);
    }
    this.copying = { from: copied.from, lines, added: copied.added };
    if (openTurn !== undefined) {
      this.turnEnded(openTurn);
    }
  }

  /** The first write is the head line, and what is copied stands right behind it. */
  private async append(text: string): Promise<AppendedLines> {
    const { storage } = this.dependencies;
    if (this.copying === undefined) {
      return storage.append(this.sessionId, text);
    }
    const headEnd = text.indexOf('\n', 1) + 1;
    const head = await storage.append(this.sessionId, text.slice(0, headEnd));
    await copyEntries(storage, this.sessionId, this.copying, (message, place) =>
      this.places.note(message, this.sessionId, place),
    );
    this.copying = undefined;
    if (headEnd === text.length) {
      return head;
    }
    const rest = await storage.append(this.sessionId, text.slice(headEnd));
    return { starts: [...head.starts, ...rest.starts], end: rest.end };
  }

  /** Long inputs and outputs of this session's calls, as far as they are written. */
  get texts(): CallTexts {
    return this.places;
  }

  turnStarted(turnId: string): void {
    this.addEntry({ kind: 'turnStart', turn: turnId });
  }

  message(turnId: string, message: Message): void {
    if (message.role === 'assistant' && this.partialText?.turn === turnId) {
      this.partialText = undefined;
    }
    const safe = redactMessage(message, this.dependencies.redact);
    if (this.held !== undefined) {
      this.begin(safe);
    }
    this.addEntry({ kind: 'message', turn: turnId, message: safe });
  }

  partial(turnId: string, kind: 'text' | 'thinking', delta: string): void {
    if (this.partialText?.turn !== turnId || this.partialText.block !== kind) {
      this.writePartial('all');
      const { redact, secretAt = (text: string) => text.length } = this.dependencies;
      const stream = new ShownStream({ redact, secretAt });
      this.partialText = { turn: turnId, block: kind, stream, text: '' };
    }
    const partial = this.partialText;
    const { drop, add } = partial.stream.push(delta);
    partial.text = partial.text.slice(0, Math.max(0, partial.text.length - drop)) + add;
    if (this.held === undefined) {
      this.writer.scheduleWrite();
    }
  }

  arrived(turnId: string, what: Arrived): void {
    this.writePartial('all');
    this.partialText = undefined;
    this.custom(arrivedTag, arrivedData(turnId, this.partCount++, what));
  }

  turnEnded(turnId: string): void {
    this.partialText = undefined;
    this.addEntry({ kind: 'turnEnd', turn: turnId });
    if (this.isHeadChanged && this.held === undefined) {
      this.writeHead();
    }
  }

  titled(title: string): void {
    const safe = this.dependencies.redact(title);
    if (safe !== this.head.title) {
      this.changeHead({ title: safe });
      if (this.held === undefined) {
        this.addEntry({ kind: 'title', title: safe });
        this.writeHead();
      }
    }
  }

  modelChosen(modelId: string): void {
    this.changeHead({ modelId });
    if (this.held === undefined) {
      this.addEntry({ kind: 'model', modelId });
    }
  }

  modeChosen(mode: PermissionMode): void {
    this.changeHead({ mode });
    if (this.held === undefined) {
      this.addEntry({ kind: 'mode', mode });
    }
  }

  queueChanged(prompts: readonly QueuedPrompt[]): void {
    this.queue.write(prompts, (tag, data) => void this.custom(tag, data));
  }

  spent(usage: Usage | undefined): void {
    this.custom(spentTag, usage === undefined ? {} : { usage: { ...usage } });
  }

  privateCommand({ callId, line, result }: RanCommand): void {
    this.materialize();
    // As it comes back: only what JSON holds.
    const data: unknown = JSON.parse(JSON.stringify({ callId, line, result }));
    if (isJsonObject(data)) {
      this.custom(privateCommandTag, data);
    }
  }

  /** The last write failed: why, for people. */
  get problem(): string | undefined {
    return this.writer.hasFailed ? this.failure : undefined;
  }

  /** Something of ours on the branch that no model sees. Gives the entry's id. */
  custom(tag: string, data: JsonObject): string {
    return this.addEntry({ kind: 'custom', tag, data: redactData(data, this.dependencies.redact) });
  }

  /** The conversation goes on from an earlier entry (null: from the start); what came after it stays in the file. */
  branchFrom(entryId: string | null): boolean {
    if (entryId !== null && !this.tree.has(entryId)) {
      return false;
    }
    // A copy that nothing was said in yet: there is no branch of what is not written.
    this.materialize();
    this.leaf = entryId;
    this.links.branchTo(entryId, this.tree.parents);
    this.writeHead(entryId);
    return true;
  }

  prompts(): readonly PromptPlace[] {
    return this.tree.promptsTo(this.leaf);
  }

  newestPrompt(): PromptPlace | undefined {
    return this.tree.newestPrompt(this.leaf);
  }

  beforeTurn(turnId: string): string | null | undefined {
    return this.tree.beforeTurn(turnId);
  }

  tipOf(entryId: string): string {
    return this.tree.tipOf(entryId);
  }

  /** The entry that the next one will follow. */
  get leafId(): string | null {
    return this.leaf;
  }

  find(query: ResumeQuery): ResumeLink | undefined {
    return this.links.find(query);
  }

  save(link: ResumeLink): void {
    if (!this.links.has(link)) {
      const complete = { ...link, entryId: link.entryId ?? this.leaf ?? undefined };
      const { tag, data } = this.links.toEntry(complete);
      this.links.add(this.addEntry({ kind: 'custom', tag, data }), complete);
    }
  }

  /** Resolves when everything so far is on disk, or could not be written (see `onDidFail`). Never rejects. */
  async flush(): Promise<void> {
    await this.writer.flush();
  }

  /** The file is closed: what could not be written is not tried again by itself. */
  close(): void {
    this.writer.stopRetrying();
  }

  /** Writes the head and what is held, so that the session is there before its first message. */
  materialize(): void {
    if (this.held !== undefined) {
      this.begin(undefined);
    }
  }

  private changeHead(change: Pick<Partial<HeadLine>, 'title' | 'modelId' | 'mode'>): void {
    const { title, modelId, mode } = this.head;
    this.head = { ...this.head, ...change };
    this.isHeadChanged ||=
      this.held === undefined &&
      (title !== this.head.title || modelId !== this.head.modelId || mode !== this.head.mode);
  }

  private begin(first: Message | undefined): void {
    const held = this.held ?? [];
    this.held = undefined;
    const preview = first?.role === 'user' ? shortLine(first.text, 160) : '';
    this.head = {
      ...this.head,
      title: shortLine(this.head.title === '' ? preview : this.head.title, 200),
      ...(preview === '' || this.head.preview !== undefined ? {} : { preview }),
    };
    this.writeHead();
    for (const write of held) {
      write();
    }
  }

  private addEntry(body: EntryBody): string {
    const { clock, createEntryId } = this.dependencies;
    const id = createEntryId?.() ?? createId('entry');
    const line = { type: 'entry', id, parent: this.leaf, atMs: clock.nowMs(), ...body } as const;
    this.tree.add(line);
    this.links.note(line);
    this.leaf = id;
    if (this.isHeadMissing) {
      this.writeHead();
    }
    const write = (): void =>
      this.writer.add(
        encodeLine(line),
        line.kind === 'message'
          ? (place) => this.places.note(line.message, this.sessionId, place)
          : undefined,
      );
    if (this.held === undefined) {
      write();
    } else {
      this.held.push(write);
    }
    return id;
  }

  private writeHead(leaf?: string | null): void {
    this.isHeadMissing = false;
    const { leaf: _before, ...head } = this.head;
    this.writer.add(encodeLine(leaf === undefined ? head : { ...head, leaf }));
  }

  /** `safe`: without what may still become a secret, because half of one would not be recognised. */
  private writePartial(how: 'all' | 'safe'): void {
    const partial = this.partialText;
    if (partial === undefined || this.held !== undefined) {
      return;
    }
    const text = partial.text + (how === 'all' ? partial.stream.rest() : '');
    partial.text = '';
    if (text !== '') {
      this.writer.add(
        encodeLine({
          type: 'partial',
          turn: partial.turn,
          part: this.partCount++,
          block: partial.block,
          text,
        }),
      );
    }
  }
}

function turnAfter(entry: EntryLine, openTurn: string | undefined): string | undefined {
  if (entry.kind === 'turnStart') {
    return entry.turn;
  }
  return entry.kind === 'turnEnd' && entry.turn === openTurn ? undefined : openTurn;
}

function shortLine(text: string, maxChars: number): string {
  const line = oneLine(text);
  return line.length > maxChars ? `${line.slice(0, maxChars - 1)}…` : line;
}
