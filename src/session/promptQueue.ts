import type { ImageContent } from '../events/message';
import { isCompactCommand } from './compactionTurn';
import { parseUserCommand } from './userCommand';

/** `steer`: joins the running turn as soon as it can, before everything plain. `followUp`: a turn of its own. */
export const promptKinds = ['steer', 'followUp'] as const;
export type PromptKind = (typeof promptKinds)[number];

/** How many of the waiting prompts the next turn takes. */
export const queueDeliveries = ['one-at-a-time', 'all'] as const;
export type QueueDelivery = (typeof queueDeliveries)[number];

export interface QueuedPrompt {
  readonly id: string;
  readonly kind: PromptKind;
  readonly text: string;
  readonly images: readonly ImageContent[];
}

/** The prompts that wait behind a turn. `steer` stands before `followUp`; within a kind, who came first goes first. */
export class PromptQueue {
  private waiting: readonly QueuedPrompt[] = [];
  private newest: readonly string[] = [];

  get list(): readonly QueuedPrompt[] {
    return this.waiting;
  }

  add(prompt: QueuedPrompt): void {
    this.insert(prompt, this.waiting.findLastIndex((other) => !isBehind(other, prompt)) + 1);
    this.newest = [...this.newest, prompt.id];
  }

  /** What was on its way and was not taken: first of its kind again. */
  putBack(prompt: QueuedPrompt): void {
    this.insert(
      prompt,
      this.waiting.filter((other) => other.kind === 'steer' && prompt.kind !== 'steer').length,
    );
    this.newest = [prompt.id, ...this.newest];
  }

  /** False when it waits no longer. */
  edit(id: string, text: string): boolean {
    const isKnown = this.waiting.some((prompt) => prompt.id === id);
    this.waiting = this.waiting.map((prompt) => (prompt.id === id ? { ...prompt, text } : prompt));
    return isKnown;
  }

  remove(id: string): QueuedPrompt | undefined {
    const found = this.waiting.find((prompt) => prompt.id === id);
    this.waiting = this.waiting.filter((prompt) => prompt.id !== id);
    this.newest = this.newest.filter((other) => other !== id);
    return found;
  }

  /** The one that was put in last, whatever its kind. */
  takeBack(): QueuedPrompt | undefined {
    const id = this.newest.at(-1);
    return id === undefined ? undefined : this.remove(id);
  }

  /** The words that may join a running turn, taken out. A command is never words for a model. */
  takeSteering(): readonly QueuedPrompt[] {
    const taken = this.waiting.filter((prompt) => prompt.kind === 'steer' && !isAlone(prompt));
    taken.forEach((prompt) => this.remove(prompt.id));
    return taken;
  }

  /** What the next turn is made of, taken out; empty when nothing waits. A command is a turn of its own. */
  takeNext(delivery: QueueDelivery): readonly QueuedPrompt[] {
    const firstCommand = this.waiting.findIndex(isAlone);
    const plain = firstCommand === -1 ? this.waiting.length : firstCommand;
    const count = delivery === 'one-at-a-time' ? 1 : Math.max(1, plain);
    const taken = this.waiting.slice(0, count);
    taken.forEach((prompt) => this.remove(prompt.id));
    return taken;
  }

  private insert(prompt: QueuedPrompt, at: number): void {
    this.waiting = [...this.waiting.slice(0, at), prompt, ...this.waiting.slice(at)];
  }
}

function isBehind(other: QueuedPrompt, prompt: QueuedPrompt): boolean {
  return prompt.kind === 'steer' && other.kind === 'followUp';
}

/** A command, of the user's own or `/compact`: a turn of its own, and never words for a model. */
export function isAlone(prompt: Pick<QueuedPrompt, 'text'>): boolean {
  return isCompactCommand(prompt.text) || parseUserCommand(prompt.text) !== undefined;
}
