/**
 * A scripted peer as a program (CommonJS text for `Workbench.program`), one per way to speak: `exchange` knows
 * `runExchange`, `link` only the link, `rpc` takes any option but speaks commands and events; `rpcStrict` ends at once on
 * an option that it does not know, as a first-generation peer may.
 */
export function fakePeerProgram(kind: 'exchange' | 'link' | 'rpc' | 'rpcStrict'): string {
  return `
const kind = ${JSON.stringify(kind)};
const args = process.argv.slice(2);
if (kind === 'rpcStrict' && args.some((arg) => arg.startsWith('--') && arg !== '--mode')) {
  process.stderr.write('error: unknown option ' + args[0] + '\\n');
  process.exit(2);
}
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
let prompt = '';
let submitId;
function hear(message) {
  const { id, method, params, type } = message;
  if (kind === 'exchange') {
    if (method === 'runExchange') {
      say({ jsonrpc: '2.0', method: 'session/resume', params: { resumeToken: 'token-1' } });
      say({ jsonrpc: '2.0', method: 'stream/text', params: { delta: 'exchange: ' + params.prompt } });
      say({ jsonrpc: '2.0', id, result: {} });
    }
  } else if (kind === 'link') {
    if (method === 'snapshot') {
      say({ jsonrpc: '2.0', id, result: { sessionId: 'session-1' } });
    } else if (method === 'submit') {
      prompt = params.input;
      submitId = id;
      say({ type: 'ask', id: 0, kind: 'confirm', payload: { title: 'Go on?' } });
    } else if (type === 'answer' && id === 0) {
      say({ type: 'signal', name: 'text', body: { kind: 'text', delta: 'link: ' + prompt + ' (' + message.value + ')' } });
      say({ jsonrpc: '2.0', id: submitId, result: {} });
    } else {
      say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'method not found' } });
    }
  } else if (type === 'get_state') {
    say({ id, type: 'response', command: type, success: true, data: { sessionFile: '/s.jsonl' } });
  } else if (type === 'prompt') {
    const delta = 'rpc: ' + message.message;
    say({ id, type: 'response', command: type, success: true });
    say({ type: 'message_start', message: { role: 'assistant' } });
    say({ type: 'message_update', assistantMessageEvent: { type: 'text_delta', contentIndex: 0, delta } });
    say({ type: 'agent_end', messages: [{ role: 'assistant', stopReason: 'stop' }] });
  } else {
    say({ type: 'response', command: type, success: false, error: 'Unknown command: ' + type });
  }
}
let rest = '';
process.stdin.setEncoding('utf8').on('data', (data) => {
  const lines = (rest + data).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    hear(JSON.parse(line));
  }
});
process.stdin.on('end', () => process.exit(0));
`;
}
