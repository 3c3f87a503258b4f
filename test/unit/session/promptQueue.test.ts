import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PromptQueue, type PromptKind, type QueuedPrompt } from '../../../src/session/promptQueue';

const prompt = (id: string, kind: PromptKind = 'followUp', text = id): QueuedPrompt => ({
  id,
  kind,
  text,
  images: [],
});

function queueOf(...prompts: readonly QueuedPrompt[]): PromptQueue {
  const queue = new PromptQueue();
  prompts.forEach((one) => queue.add(one));
  return queue;
}

const ids = (prompts: readonly QueuedPrompt[]): readonly string[] => prompts.map(({ id }) => id);

describe('the queue of prompts', () => {
  it('[R212] puts what steers before what follows up, and keeps the order within a kind', () => {
    const queue = queueOf(prompt('a'), prompt('s', 'steer'), prompt('b'), prompt('t', 'steer'));
    expect(ids(queue.list)).toEqual(['s', 't', 'a', 'b']);
  });

  it('[R212] takes the prompt back that was put in last, whatever its place', () => {
    const queue = queueOf(prompt('a'), prompt('b'), prompt('s', 'steer'));
    expect(queue.takeBack()?.id).toBe('s');
    expect(queue.takeBack()?.id).toBe('b');
    expect(ids(queue.list)).toEqual(['a']);
  });

  it('[R212] gives the next turn one prompt or all of them', () => {
    expect(ids(queueOf(prompt('a'), prompt('b')).takeNext('one-at-a-time'))).toEqual(['a']);
    expect(ids(queueOf(prompt('a'), prompt('b')).takeNext('all'))).toEqual(['a', 'b']);
    expect(queueOf().takeNext('all')).toEqual([]);
  });

  it('[R218] runs a command as a turn of its own, and never says it to a model', () => {
    const queue = queueOf(prompt('a'), prompt('c', 'followUp', '!ls'), prompt('b'));
    expect(ids(queue.takeNext('all'))).toEqual(['a']);
    expect(ids(queue.takeNext('all'))).toEqual(['c']);
    expect(ids(queue.takeNext('all'))).toEqual(['b']);
    expect(queueOf(prompt('d', 'steer', '!!ls')).takeSteering()).toEqual([]);
  });

  it('changes the words of a prompt where it stands, and only while it waits', () => {
    const queue = queueOf(prompt('a'), prompt('b'));
    expect(queue.edit('a', 'other')).toBe(true);
    expect(queue.list.map(({ text }) => text)).toEqual(['other', 'b']);
    expect(queue.edit('gone', 'x')).toBe(false);
  });

  it('puts what an agent refused first of its kind again', () => {
    const queue = queueOf(prompt('s', 'steer'), prompt('a'));
    queue.putBack(prompt('refused'));
    expect(ids(queue.list)).toEqual(['s', 'refused', 'a']);
  });

  it('[R212] never drops a prompt and never gives one twice, whatever is done in whatever order', () => {
    const step = fc.oneof(
      fc.constant({ do: 'steer' } as const),
      fc.constant({ do: 'followUp' } as const),
      fc.constant({ do: 'command' } as const),
      fc.constant({ do: 'takeBack' } as const),
      fc.constant({ do: 'takeSteering' } as const),
      fc.constant({ do: 'one' } as const),
      fc.constant({ do: 'all' } as const),
      fc.record({ do: fc.constant('remove' as const), at: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new PromptQueue();
        const added: string[] = [];
        const taken: string[] = [];
        const take = (prompts: readonly (QueuedPrompt | undefined)[]): void =>
          prompts.forEach((one) => one !== undefined && taken.push(one.id));
        for (const one of steps) {
          switch (one.do) {
            case 'steer':
            case 'followUp':
            case 'command': {
              const id = `p${added.length}`;
              added.push(id);
              queue.add(
                one.do === 'command' ? prompt(id, 'steer', '!ls') : prompt(id, one.do, 'words'),
              );
              break;
            }
            case 'takeBack':
              take([queue.takeBack()]);
              break;
            case 'takeSteering':
              take(queue.takeSteering());
              break;
            case 'one':
              take(queue.takeNext('one-at-a-time'));
              break;
            case 'all':
              take(queue.takeNext('all'));
              break;
            case 'remove':
              take([queue.remove(queue.list[one.at]?.id ?? '')]);
          }
          const kinds = queue.list.map(({ kind }) => kind);
          expect(kinds).toEqual(
            [...kinds].sort((a, b) => Number(a !== 'steer') - Number(b !== 'steer')),
          );
        }
        expect([...taken, ...ids(queue.list)].sort()).toEqual([...added].sort());
      }),
    );
  });
});
