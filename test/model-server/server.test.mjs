import assert from 'node:assert/strict';
import fs from 'node:fs';
import { onTestFinished, test } from 'vitest';
import { startModelServer, loadScenario } from './server.mjs';

const post = (url, body) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const sse = (text) =>
  text
    .split('\n\n')
    .filter(Boolean)
    .map((r) =>
      r
        .split('\n')
        .find((l) => l.startsWith('data: '))
        ?.slice(6),
    )
    .filter(Boolean);
const SHELL = {
  anthropic: [{ name: 'Bash', input_schema: {} }],
  responses: [{ type: 'function', name: 'exec_command' }],
  chat: [{ type: 'function', function: { name: 'bash' } }],
  gemini: [{ functionDeclarations: [{ name: 'run_shell_command' }] }],
};

test('every scenario file loads', () => {
  const dir = new URL('./scenarios/', import.meta.url);
  for (const f of fs.readdirSync(dir)) assert.ok(Array.isArray(loadScenario(f).turns), f);
});

test('anthropic: text, thinking and tool over two turns', async () => {
  const s = await startModelServer({ scenario: 'tool-shell' });
  onTestFinished(() => s.close());
  const one = sse(
    await (
      await post(`${s.url}/v1/messages`, { model: 'm', stream: true, tools: SHELL.anthropic })
    ).text(),
  ).map(JSON.parse);
  assert.equal(one.at(0).type, 'message_start');
  assert.equal(one.at(-1).type, 'message_stop');
  assert.deepEqual(
    [...new Set(one.filter((e) => e.delta?.type).map((e) => e.delta.type))],
    ['thinking_delta', 'signature_delta', 'text_delta', 'input_json_delta'],
  );
  const args = one
    .filter((e) => e.delta?.type === 'input_json_delta')
    .map((e) => e.delta.partial_json)
    .join('');
  assert.match(JSON.parse(args).command, /patchbay-ok/);
  const two = await (
    await post(`${s.url}/v1/messages`, { model: 'm', tools: SHELL.anthropic })
  ).json();
  assert.equal(two.stop_reason, 'end_turn');
  assert.equal(s.turnsServed(), 2);
});

test('responses, chat and gemini call the offered tool', async () => {
  const s = await startModelServer({ scenario: 'tool-shell' });
  onTestFinished(() => s.close());
  const r = sse(
    await (await post(`${s.url}/v1/responses`, { stream: true, tools: SHELL.responses })).text(),
  ).map(JSON.parse);
  assert.equal(r.at(-1).type, 'response.completed');
  assert.equal(r.at(-1).response.output.at(-1).name, 'exec_command');
  s.setScenario('tool-shell');
  const c = sse(
    await (await post(`${s.url}/v1/chat/completions`, { stream: true, tools: SHELL.chat })).text(),
  );
  assert.equal(c.at(-1), '[DONE]');
  assert.ok(
    c
      .slice(0, -1)
      .map(JSON.parse)
      .some((x) => x.choices[0]?.finish_reason === 'tool_calls'),
  );
  s.setScenario('tool-shell');
  const g = sse(
    await (
      await post(`${s.url}/v1beta/models/g:streamGenerateContent?alt=sse`, { tools: SHELL.gemini })
    ).text(),
  ).map(JSON.parse);
  assert.ok(
    g.some((x) => x.candidates[0].content.parts[0].functionCall?.name === 'run_shell_command'),
  );
});

test('a request without tools is a side request', async () => {
  const s = await startModelServer({ scenario: 'plain-text' });
  onTestFinished(() => s.close());
  await post(`${s.url}/v1/messages`, { model: 'm' });
  assert.equal(s.turnsServed(), 0);
  assert.equal(s.requests[0].kind, 'side');
});

test('http fault fires once, then the next turn', async () => {
  const s = await startModelServer({ scenario: 'fault-429' });
  onTestFinished(() => s.close());
  const a = await post(`${s.url}/v1/messages`, { tools: SHELL.anthropic });
  assert.equal(a.status, 429);
  assert.equal(a.headers.get('retry-after'), '1');
  assert.equal((await post(`${s.url}/v1/messages`, { tools: SHELL.anthropic })).status, 200);
});

test('disconnect breaks the body, truncate ends it early, malformed stays in', async () => {
  const s = await startModelServer({ scenario: 'fault-disconnect' });
  onTestFinished(() => s.close());
  await assert.rejects(
    post(`${s.url}/v1/messages`, { stream: true, tools: SHELL.anthropic }).then((r) => r.text()),
  );
  s.setScenario('fault-truncate');
  const cut = await (
    await post(`${s.url}/v1/messages`, { stream: true, tools: SHELL.anthropic })
  ).text();
  assert.ok(!cut.includes('message_stop'));
  s.setScenario('fault-malformed');
  const bad = await (
    await post(`${s.url}/v1/messages`, { stream: true, tools: SHELL.anthropic })
  ).text();
  assert.throws(() => sse(bad).map(JSON.parse));
});

test('multi-byte text survives byte-wise writing', async () => {
  const s = await startModelServer({ scenario: 'unicode-split' });
  onTestFinished(() => s.close());
  const ev = sse(
    await (await post(`${s.url}/v1/messages`, { stream: true, tools: SHELL.anthropic })).text(),
  ).map(JSON.parse);
  const text = ev
    .filter((e) => e.delta?.type === 'text_delta')
    .map((e) => e.delta.text)
    .join('');
  assert.equal(text, loadScenario('unicode-split').turns[0].blocks[1].text);
});
