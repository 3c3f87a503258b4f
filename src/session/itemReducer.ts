import { assertNever } from '../base/assertNever';
import type { SecretFilter } from '../base/secretFilter';
import { ShownStream } from '../base/shownStream';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation } from '../events/observation';
import type { SessionDelta, SessionItem, ToolItem } from '../events/sessionItem';
import type { ToolCall, ToolResult } from '../events/toolCall';
import type { CallProgress } from '../tools/contract';
import { withoutSecrets } from './shownItem';
import { lightItem, wholeItems, type LightItem } from './lightItem';
import { RecentOutputs } from './recentOutputs';
import type { CallTexts } from './storedTexts';
import {
  capped,
  cappedWith,
  cardTextLimit,
  createToolItem,
  inputText,
  isOpenCall,
  keptResult,
  settleToolItem,
} from './toolItems';

export interface ItemReducerOptions {
  readonly nowMs: () => number;
  /** Shortens an absolute path to one relative to its workspace folder. */
  readonly relativize: (path: string) => string;
}

interface OpenBlock {
  readonly id: string;
  readonly kind: 'text' | 'thinking';
  readonly startedAtMs: number;
  /** What takes the secrets out of it as it grows; undefined when nothing is taken out. */
  readonly stream: ShownStream | undefined;
}

/** What was found of a call's texts; `missing`: why its result was not. */
export interface FoundTexts {
  readonly call?: ToolCall;
  readonly result?: ToolResult;
  readonly missing?: string;
}

/**
 * Folds what a turn says into the items that a panel shows, and says what changed as deltas. The only writer of the
 * item list. Events and observations come in the order the runtime made them; ids are `<turn>.<n>` or the call's id.
 */
export class ItemReducer {
  private readonly list: SessionItem[] = [];
  private readonly positions = new Map<string, number>();
  /** A block may have become several items when something else came in between. */
  private readonly itemsByBlock = new Map<string, readonly string[]>();
  private readonly outputs = new RecentOutputs();
  /** Calls without a result. */
  private readonly openCalls = new Set<string>();
  private texts: CallTexts | undefined;
  /** Cards before this one were made lighter, where they could. */
  private lightUpTo = 0;
  private open: OpenBlock | undefined;
  private deltas: SessionDelta[] = [];
  private turnId = 'turn';
  private counter = 0;
  private secrets: SecretFilter | undefined;

  constructor(private readonly options: ItemReducerOptions) {}

  /** From now on everything is shown without secrets. What is restored had none: they were never stored. */
  redactWith(secrets: SecretFilter): void {
    this.secrets = secrets;
  }

  /** From now on cards that are far above the end lose their long texts, which are found there. */
  lightenWith(texts: CallTexts | undefined): void {
    this.texts = texts;
    this.lighten();
  }

  get items(): readonly SessionItem[] {
    return this.list;
  }

  positionOf(id: string): number | undefined {
    return this.positions.get(id);
  }

  /** The deltas since the last call. */
  takeDeltas(): readonly SessionDelta[] {
    const taken = this.deltas;
    this.deltas = [];
    return taken;
  }

  beginTurn(turnId: string): void {
    this.turnId = turnId;
    this.counter = 0;
    this.itemsByBlock.clear();
  }

  nextId(): string {
    this.counter += 1;
    return `${this.turnId}.${this.counter}`;
  }

  add(item: SessionItem): void {
    const id = this.positions.has(item.id) ? `${item.id}~${this.list.length}` : item.id;
    const shown = withoutSecrets(item, this.redact);
    const own = id === item.id ? shown : { ...shown, id };
    this.noteOpen(own);
    const index =
      own.kind === 'user' && own.isQueued === true ? this.list.length : this.firstQueued();
    if (index === this.list.length) {
      this.positions.set(own.id, index);
      this.list.push(own);
      this.deltas.push({ op: 'add', item: own });
      this.lighten();
    } else {
      this.list.splice(index, 0, own);
      this.reindex(index);
      this.deltas.push({ op: 'add', item: own, index });
    }
  }

  replace(item: SessionItem): void {
    const position = this.positions.get(item.id);
    if (position !== undefined) {
      this.list[position] = item;
      this.deltas.push({ op: 'replace', item });
      this.noteOpen(item);
    }
  }

  /** A card with the texts that were taken from it, as its call and result have them. */
  filledItem(
    { isLight: _isLight, ...item }: LightItem,
    { call, result, missing }: FoundTexts,
  ): ToolItem {
    const { redact } = this;
    const input = call === undefined ? item.input : cappedWith(redact, inputText(call));
    return result === undefined
      ? { ...item, input, ...(missing === undefined ? {} : { output: missing }) }
      : { ...settleToolItem({ ...item, input }, result, redact), state: item.state };
  }

  private noteOpen(item: SessionItem): void {
    if (item.kind === 'tool') {
      if (isOpenCall(item)) {
        this.openCalls.add(item.id);
      } else {
        this.openCalls.delete(item.id);
      }
    }
  }

  private lighten(): void {
    const { texts } = this;
    if (texts === undefined) {
      return;
    }
    for (; this.lightUpTo < this.list.length - wholeItems; this.lightUpTo += 1) {
      const light = lightItem(this.list[this.lightUpTo]);
      if (light !== undefined && texts.hasResult(light.id)) {
        this.list[this.lightUpTo] = light;
      }
    }
  }

  remove(id: string): void {
    const position = this.positions.get(id);
    if (position === undefined) {
      return;
    }
    const [removed] = this.list.splice(position, 1);
    this.openCalls.delete(id);
    this.reindex(position, removed?.id);
    this.deltas.push({ op: 'remove', id });
  }

  private readonly redact = (text: string): string => this.secrets?.redact(text) ?? text;

  private reindex(from: number, removedId?: string): void {
    if (removedId !== undefined) {
      this.positions.delete(removedId);
    }
    for (let index = from; index < this.list.length; index++) {
      this.positions.set(this.list[index]?.id ?? '', index);
    }
  }

  /** Queued prompts stay below everything that the running turn still adds. */
  private firstQueued(): number {
    let index = this.list.length;
    for (
      let item = this.list[index - 1];
      item?.kind === 'user' && item.isQueued === true;
      item = this.list[index - 1]
    ) {
      index -= 1;
    }
    return index;
  }

  find(id: string): SessionItem | undefined {
    const position = this.positions.get(id);
    return position === undefined ? undefined : this.list[position];
  }

  tool(callId: string): ToolItem | undefined {
    const item = this.find(callId);
    return item?.kind === 'tool' ? item : undefined;
  }

  /** The output of a call, as much of it as is kept, while this window lives. */
  wholeOutput(callId: string): string | undefined {
    return this.outputs.get(callId);
  }

  /** It is in the conversation now. */
  forgetOutput(callId: string): void {
    this.outputs.delete(callId);
  }

  event(event: NormalizedEvent): void {
    switch (event.kind) {
      case 'text':
      case 'thinking':
        this.streamText(event);
        return;
      case 'tool_call':
        this.closeBlock();
        this.toolCall(event.call);
        return;
      case 'resume':
        return;
      case 'finish':
      case 'failed':
        this.closeBlock();
        return;
      default:
        assertNever(event);
    }
  }

  /** `kept`: what is kept of a tool's result, where somebody else keeps it too. */
  observation(observation: Observation, kept?: ToolResult): void {
    switch (observation.kind) {
      case 'tool_result':
        this.toolResult(observation.callId, observation.result, kept);
        return;
      case 'tool_progress':
        this.progress(observation.callId, { kind: 'output', text: observation.text }, true);
        return;
      case 'plan':
        this.plan(observation.items);
        return;
      case 'notice':
        if (observation.retry !== undefined) {
          return; // what passes by itself is shown while it lasts
        }
        this.closeBlock();
        this.add({
          kind: 'notice',
          id: this.nextId(),
          level: observation.level,
          text: observation.text,
        });
        return;
      case 'retract':
        this.retract(observation.blockId);
        return;
      case 'permission_request':
      case 'permission_withdrawn':
      case 'usage':
      case 'file_change':
        return;
      default:
        assertNever(observation);
    }
  }

  toolCall(call: ToolCall): void {
    const item = createToolItem(call, this.options.relativize, this.redact);
    const known = this.tool(call.id);
    if (known === undefined) {
      this.add(item);
    } else {
      // A permission question may come before its call; the state it brought stays.
      this.replace({
        ...known,
        object: item.object,
        input: item.input,
        ...(item.path === undefined ? {} : { path: item.path }),
      });
    }
  }

  /** Words of the user; what was being said ends before them. */
  userPrompt(item: Extract<SessionItem, { kind: 'user' }>): void {
    this.closeBlock();
    this.add(item);
  }

  /** A command of the user's own. */
  ownCommand(call: ToolCall, isShared: boolean): void {
    this.closeBlock();
    this.add({
      ...createToolItem(call, this.options.relativize, this.redact),
      ranBy: isShared ? 'user' : 'private',
    });
  }

  /** Shows what waits, in this order and below everything else; what waits no longer goes. */
  showQueue(waiting: readonly Extract<SessionItem, { kind: 'user' }>[]): void {
    const shown = this.list.slice(this.firstQueued()).flatMap((item) => {
      return item.kind === 'user' ? [item] : [];
    });
    const ids = new Set(waiting.map(({ id }) => id));
    const staying = shown.filter(({ id }) => ids.has(id));
    const isInOrder = staying.every(({ id }, index) => waiting[index]?.id === id);
    for (const { id } of isInOrder ? shown.filter((item) => !ids.has(item.id)) : shown) {
      this.remove(id);
    }
    for (const item of waiting.map((one) => ({ ...one, text: this.redact(one.text) }))) {
      const known = this.find(item.id);
      if (known === undefined) {
        this.add(item);
      } else if (
        known.kind === 'user' &&
        (known.text !== item.text || known.isSteering !== item.isSteering)
      ) {
        this.replace(item);
      }
    }
  }

  toolResult(callId: string, result: ToolResult, kept = keptResult(result)): void {
    const item = this.tool(callId);
    if (item === undefined) {
      return;
    }
    const text = kept.ok || kept.output !== '' ? kept.output : kept.error;
    if (text.length > cardTextLimit) {
      this.outputs.set(callId, text);
    }
    this.replace(settleToolItem(item, result, this.redact));
  }

  progress(callId: string, progress: CallProgress, replacesOutput = false): void {
    const item = this.tool(callId);
    if (progress.kind === 'plan') {
      this.plan(progress.items);
      return;
    }
    // What a program that was stopped still prints comes behind the end of its call.
    if (item === undefined || isOver(item)) {
      return;
    }
    switch (progress.kind) {
      case 'awaiting':
        this.replace({
          ...item,
          state: 'awaiting',
          why: this.redact(progress.why),
          ...(progress.editId === undefined ? {} : { editId: progress.editId }),
        });
        return;
      case 'running':
        this.replace({ ...item, state: 'running', why: this.redact(progress.why) });
        return;
      case 'denied':
        this.replace({ ...item, state: 'denied', why: this.redact(progress.why) });
        return;
      case 'output': {
        const whole =
          (replacesOutput ? '' : (this.outputs.get(callId) ?? item.output ?? '')) +
          this.redact(progress.text);
        this.outputs.set(callId, whole.slice(-1_048_576));
        this.replace({
          ...item,
          state: 'running',
          output: capped(whole).text,
          outputBytes: whole.length,
        });
        return;
      }
      default:
        assertNever(progress);
    }
  }

  /** Ends what is still open when a turn ends: blocks close, unfinished calls become aborted. */
  endTurn(): void {
    this.closeBlock();
    for (const callId of [...this.openCalls]) {
      const item = this.tool(callId);
      if (item !== undefined) {
        this.replace({ ...item, state: 'aborted', summary: 'stopped' });
      }
    }
  }

  private plan(items: Extract<SessionItem, { kind: 'plan' }>['items']): void {
    const last = this.list.findLast(
      (item) => item.kind === 'plan' && item.id.startsWith(`${this.turnId}.`),
    );
    if (last === undefined) {
      this.closeBlock();
      this.add({ kind: 'plan', id: this.nextId(), items });
    } else {
      this.replace(withoutSecrets({ kind: 'plan', id: last.id, items }, this.redact));
    }
  }

  private streamText(event: Extract<NormalizedEvent, { kind: 'text' | 'thinking' }>): void {
    if (event.delta === '' || (event.kind === 'thinking' && event.isRedacted === true)) {
      return;
    }
    const open = this.open;
    const item = open === undefined ? undefined : this.find(open.id);
    const isSame =
      open?.kind === event.kind &&
      item !== undefined &&
      (event.blockId === undefined ||
        this.itemsByBlock.get(event.blockId)?.includes(open.id) === true);
    if (isSame && item.kind === event.kind && item.parentCallId === event.parentCallId) {
      this.positionedText(item, event.delta, open.stream);
      return;
    }
    this.closeBlock();
    const id = this.nextId();
    if (event.blockId !== undefined) {
      this.itemsByBlock.set(event.blockId, [...(this.itemsByBlock.get(event.blockId) ?? []), id]);
    }
    const stream = this.secrets === undefined ? undefined : new ShownStream(this.secrets);
    this.open = { id, kind: event.kind, startedAtMs: this.options.nowMs(), stream };
    this.add({
      kind: event.kind,
      id,
      text: stream?.push(event.delta).add ?? event.delta,
      isOpen: true,
      ...(event.parentCallId === undefined ? {} : { parentCallId: event.parentCallId }),
    });
  }

  private positionedText(
    item: Extract<SessionItem, { kind: 'text' | 'thinking' }>,
    delta: string,
    stream: ShownStream | undefined,
  ): void {
    const position = this.positions.get(item.id);
    const { drop, add } = stream?.push(delta) ?? { drop: 0, add: delta };
    if (position === undefined || (drop === 0 && add === '')) {
      return;
    }
    if (drop > 0) {
      this.replace({ ...item, text: item.text.slice(0, item.text.length - drop) + add });
      return;
    }
    this.list[position] = { ...item, text: item.text + add };
    this.deltas.push({ op: 'text', id: item.id, delta: add });
  }

  private closeBlock(): void {
    const open = this.open;
    this.open = undefined;
    const position = open === undefined ? undefined : this.positions.get(open.id);
    const item = position === undefined ? undefined : this.list[position];
    if (open === undefined || position === undefined) {
      return;
    }
    if (item?.kind !== 'text' && item?.kind !== 'thinking') {
      return;
    }
    // What was held back comes now, and what was shown is judged once more as a whole.
    const text = open.stream?.end() ?? item.text;
    const duration =
      item.kind === 'thinking' ? { durationMs: this.options.nowMs() - open.startedAtMs } : {};
    // Mostly it is the same text: looking into it would make one piece of it, beside the pieces that its message shares.
    if (text !== item.text && !text.startsWith(item.text)) {
      this.replace({ ...item, ...duration, text, isOpen: false });
      return;
    }
    // Told as an end and not as the item anew: the panel has the text already.
    this.list[position] = { ...item, ...duration, text, isOpen: false };
    if (text.length > item.text.length) {
      this.deltas.push({ op: 'text', id: item.id, delta: text.slice(item.text.length) });
    }
    this.deltas.push({ op: 'close', id: item.id, ...duration });
  }

  private retract(blockId: string): void {
    for (const id of this.itemsByBlock.get(blockId) ?? []) {
      if (this.open?.id === id) {
        this.open = undefined;
      }
      this.remove(id);
    }
    this.itemsByBlock.delete(blockId);
  }
}

function isOver({ state }: ToolItem): boolean {
  return state === 'ok' || state === 'error' || state === 'denied' || state === 'aborted';
}
