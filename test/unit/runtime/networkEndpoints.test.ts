import { describe, expect, it } from 'vitest';
import { readEndpointSettings } from '../../../src/runtime/endpointSettings';
import {
  listEndpointModels,
  normalizeEndpointUrl,
} from '../../../src/runtime/network/endpointModels';
import { jsonAnswer, ScriptedFetch } from '../../fakes/scriptedFetch';

const signal = new AbortController().signal;

describe('asking an endpoint for its models', () => {
  it.each([
    ['OpenAI', { data: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] }],
    ['Ollama', { models: [{ name: 'a' }, { name: 'b' }] }],
    ['a bare list', ['a', 'b']],
  ])('reads the list in the form of %s', async (_name, body) => {
    const scripted = new ScriptedFetch(jsonAnswer(200, body));
    const found = await listEndpointModels({
      fetch: scripted.fetch,
      url: 'http://localhost:1234/v1/',
      key: 'k-1',
      signal,
    });
    expect(found).toEqual({ kind: 'found', models: ['a', 'b'] });
    expect(scripted.sent[0]).toMatchObject({
      url: 'http://localhost:1234/v1/models',
      headers: { authorization: 'Bearer k-1' },
    });
  });

  it.each([
    ['a wrong path', jsonAnswer(404, {}), 'most end in /v1'],
    [
      'a web page',
      () => new Response('<html></html>', { status: 200 }),
      'not with a list of models',
    ],
    ['a wrong key', jsonAnswer(401, { error: 'secret-key is wrong' }), 'refused the key'],
    [
      'a redirect elsewhere',
      () => Response.redirect('https://thief.example.test/', 302),
      'thief.example.test',
    ],
    [
      'no server',
      () =>
        Promise.reject(
          new TypeError('fetch failed', {
            cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
          }),
        ),
      'Nothing answers at http://localhost:1234/v1',
    ],
  ])('says what to do about %s', async (_what, answer, words) => {
    const { fetch } = new ScriptedFetch(answer);
    const found = await listEndpointModels({
      fetch,
      url: 'http://localhost:1234/v1',
      key: 'secret-key',
      signal,
    });
    expect(found.kind === 'problem' && found.problem).toContain(words);
    expect(JSON.stringify(found)).not.toContain('secret-key');
  });

  it('takes http and https addresses without a password in them, and nothing else', async () => {
    const urls = [
      'http://a/v1//',
      ' https://b.test ',
      'ftp://a',
      'localhost:11434',
      'https://user:pw@a/v1',
      '',
    ];
    expect(urls.map(normalizeEndpointUrl)).toEqual([
      'http://a/v1',
      'https://b.test',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const { fetch, sent } = new ScriptedFetch();
    expect((await listEndpointModels({ fetch, url: 'file:///etc', signal })).kind).toBe('problem');
    expect(sent).toEqual([]);
  });
});

describe('the setting of endpoints', () => {
  it('reads names, addresses, key names and models in both forms', () => {
    const { endpoints, problems } = readEndpointSettings([
      {
        name: 'ollama',
        url: 'http://localhost:11434/v1/',
        models: [
          'qwen3',
          { model: 'big', contextWindowTokens: 32_768, maxOutputTokens: -1 },
          7,
          '',
        ],
      },
      { name: 'router', url: 'https://openrouter.ai/api/v1', keyId: 'router', models: [] },
    ]);
    expect(problems).toEqual([]);
    expect(endpoints).toEqual([
      {
        name: 'ollama',
        url: 'http://localhost:11434/v1',
        models: [{ model: 'qwen3' }, { model: 'big', contextWindowTokens: 32_768 }],
      },
      { name: 'router', url: 'https://openrouter.ai/api/v1', keyId: 'router', models: [] },
    ]);
  });

  it('leaves bad entries out, says why, and keeps the good ones', () => {
    const good = { name: 'good', url: 'http://localhost:1/v1', models: ['a'] };
    const { endpoints, problems } = readEndpointSettings([
      7,
      { ...good, name: '' },
      { ...good, name: 'n', url: 'javascript:alert(1)' },
      { ...good, name: 'k', keyId: 'no/slash' },
      good,
      good,
    ]);
    expect(endpoints.map((endpoint) => endpoint.name)).toEqual(['good']);
    expect(problems).toHaveLength(5);
    expect(readEndpointSettings('x').problems).toHaveLength(1);
    expect(readEndpointSettings(undefined)).toEqual({ endpoints: [], problems: [] });
  });
});
