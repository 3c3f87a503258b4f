// What a request to a model holds, in the dialects of the scripted model server: its calls with their results, and the
// newest words of the user.
import assert from 'node:assert/strict';

const partsOf = (content) =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);

const textsOf = (content) =>
  partsOf(content)
    .map((part) => part.text)
    .filter((text) => text !== undefined)
    .join('\n');

/** The messages of a request: role, text, the calls in it, and the calls that it gives the results of. */
function messagesOf({ dialect, body }) {
  if (dialect === 'responses') return body.input.map(fromResponses);
  return body.messages.map(dialect === 'anthropic' ? fromAnthropic : fromChat);
}

function fromAnthropic({ role, content }) {
  const ids = (type, key) =>
    partsOf(content)
      .filter((part) => part.type === type)
      .map((part) => part[key]);
  return {
    role,
    text: textsOf(content),
    calls: ids('tool_use', 'id'),
    results: ids('tool_result', 'tool_use_id'),
  };
}

function fromChat({ role, content, tool_calls = [], tool_call_id }) {
  return {
    role,
    text: textsOf(content),
    calls: tool_calls.map((call) => call.id),
    results: tool_call_id === undefined ? [] : [tool_call_id],
  };
}

function fromResponses({ type = 'message', role, content, call_id }) {
  return {
    role: type === 'message' ? role : undefined,
    text: type === 'message' ? textsOf(content) : '',
    calls: /_call$/.test(type) && call_id !== undefined ? [call_id] : [],
    results: /_call_output$/.test(type) ? [call_id] : [],
  };
}

/** The texts of a request’s conversation, without its last words of the user. */
export const earlierTexts = (request) => {
  const messages = messagesOf(request);
  const newest = messages.findLastIndex(isOfUser);
  return messages.slice(0, newest).map(({ text }) => text);
};

/** What the user says last in a request, with what was put before it. */
export const newestWords = (request) => messagesOf(request).findLast(isOfUser)?.text ?? '';

const isOfUser = ({ role, text }) => role === 'user' && text !== '';

/** Every call has one result, behind it and before anything else is said; no result is without its call. */
export function assertWholePairs(request) {
  let open = [];
  const seen = new Set();
  for (const message of messagesOf(request)) {
    const about = `${request.dialect} request ${request.n}: ${JSON.stringify(message).slice(0, 300)}`;
    for (const id of message.results) {
      assert.ok(open.includes(id), `a result without its call in ${about}`);
      open = open.filter((other) => other !== id);
    }
    const isSpeech = message.role !== undefined && message.results.length === 0;
    assert.ok(!isSpeech || open.length === 0, `${open} have no result before ${about}`);
    assert.ok(message.results.length === 0 || message.role !== 'user' || open.length === 0, about);
    for (const id of message.calls) {
      assert.ok(!seen.has(id), `the same call twice in ${about}`);
      seen.add(id);
      open.push(id);
    }
  }
  assert.deepEqual(open, [], `calls without a result at the end of request ${request.n}`);
  return seen.size;
}
