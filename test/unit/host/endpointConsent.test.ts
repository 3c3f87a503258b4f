import { describe, expect, it } from 'vitest';
import { createEndpointConsent } from '../../../src/host/endpointConsent';

const signal = new AbortController().signal;

function place(answers: readonly boolean[] | Promise<boolean>) {
  const left = answers instanceof Promise ? [] : [...answers];
  const asked: string[] = [];
  const done: unknown[] = [];
  const handlers = createEndpointConsent({
    ask: ({ message, detail, yes }) => {
      asked.push(`${message} ${detail} [${yes}]`.replaceAll('\n\n', ' | '));
      return answers instanceof Promise ? answers : Promise.resolve(left.shift() ?? false);
    },
    present: () => [{ name: 'Mine', url: 'https://mine.example/v1' }],
    probe: (params) => {
      done.push(['probe', params]);
      return Promise.resolve({ models: ['m'] });
    },
    add: (params) => {
      done.push(['add', params]);
      return Promise.resolve({ ok: true });
    },
  });
  return { asked, done, probe: handlers['endpoint/probe'], add: handlers['endpoint/add'] };
}

describe('what the panel wants done with an address', () => {
  it('is asked about in the editor before a server is probed, once per address, again with a key', async () => {
    const { asked, done, probe } = place([true, true, false]);
    const url = 'https://a.example/v1';
    expect(await probe({ url }, signal)).toEqual({ models: ['m'] });
    expect(await probe({ url: ` ${url}/ ` }, signal)).toEqual({ models: ['m'] });
    expect(await probe({ url, key: 'k' }, signal)).toEqual({ models: ['m'] });
    expect(await probe({ url: 'https://b.example/v1' }, signal)).toEqual({
      models: [],
      problem: 'The server was not asked. You said no.',
    });
    expect(asked).toEqual([
      'Ask this server for its models? https://a.example/v1 | No key is sent. [Ask]',
      'Ask this server for its models? https://a.example/v1 | The key from the form is sent to it. [Ask]',
      'Ask this server for its models? https://b.example/v1 | No key is sent. [Ask]',
    ]);
    expect(done).toEqual([
      ['probe', { url }],
      ['probe', { url }],
      ['probe', { url, key: 'k' }],
    ]);
  });

  it('is asked about each time before an endpoint is added, with what it takes the place of', async () => {
    const { asked, done, add } = place([true, false]);
    const params = { name: 'Mine ', url: 'https://evil.example/v1', key: ' k ', models: ['m'] };
    expect(await add(params, signal)).toEqual({ ok: true });
    expect(
      await add({ name: 'Other', url: 'http://localhost:1/v1', models: ['m'] }, signal),
    ).toEqual({ ok: false, problem: 'The endpoint was not added. You said no.' });
    expect(asked).toEqual([
      'Add the endpoint "Mine"? https://evil.example/v1 | When you choose one of its models, your prompts and what the model reads, and the key from the form, are sent there. | It takes the place of the endpoint of this name, https://mine.example/v1. [Add]',
      'Add the endpoint "Other"? http://localhost:1/v1 | When you choose one of its models, your prompts and what the model reads are sent there. [Add]',
    ]);
    expect(done).toEqual([['add', params]]);
  });

  it('is done with the address that was shown: the host as it is looked up, nothing invisible', async () => {
    const { asked, done, probe, add } = place([true, true]);
    const url = 'https://op\u0435nai.com\u200b/v1?x=\u202ea b';
    await probe({ url }, signal);
    await add({ name: 'a\u202eb', url, models: ['m'] }, signal);
    const shown = 'https://xn--opnai-0we.com/v1?x=%E2%80%AEa%20b';
    expect(asked[0]).toContain(` ${shown} | `);
    expect(asked[1]).toContain(`"a⟨U+202E⟩b"? ${shown} | `);
    expect(done).toMatchObject([
      ['probe', { url: shown }],
      ['add', { url: shown }],
    ]);
  });

  it('is refused without a question where no answer could allow it, or where one is open', async () => {
    let answer = (_yes: boolean): void => undefined;
    const { asked, done, probe, add } = place(new Promise((resolve) => (answer = resolve)));
    expect((await probe({ url: 'http://169.254.169.254/v1' }, signal)).problem).toContain('Link');
    expect((await add({ name: 'a', url: 'ftp://a', models: ['m'] }, signal)).ok).toBe(false);
    expect(asked).toEqual([]);
    const first = probe({ url: 'https://a.example/v1' }, signal);
    expect(await add({ name: 'a', url: 'https://a.example/v1', models: ['m'] }, signal)).toEqual({
      ok: false,
      problem: 'The endpoint was not added. Answer the question that is open first.',
    });
    answer(true);
    expect(await first).toEqual({ models: ['m'] });
    expect([asked.length, done.length]).toEqual([1, 1]);
  });
});
