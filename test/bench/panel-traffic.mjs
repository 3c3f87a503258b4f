// What one turn sends to the panel, in a process of its own: text at a steady pace through session, controller and feed.
import { createPanelStage } from './panel-stage.mjs';

const { turns, tokensPerSecond, seconds } = JSON.parse(process.argv[2]);

const words =
  'The parser reads one line at a time and keeps `state` between calls; see "lexer" in src/parser.ts.\n- a list item with **weight**\n'.match(
    /\s*\S+/g,
  );
const messages = Array.from({ length: turns }, (_, index) => [
  { role: 'user', text: `Question ${index}`, createdAtMs: index },
  {
    role: 'assistant',
    content: [{ kind: 'text', text: `Answer ${index}: ${words.join('')}` }],
    api: 'openai-chat',
    provider: 'bench',
    model: 'bench/one',
    stopReason: 'stop',
    createdAtMs: index,
  },
]).flat();

const posted = [];
let text = '';
let endedMs = 0;
const stage = createPanelStage({
  messages,
  post: (message) => posted.push({ atMs: performance.now(), json: JSON.stringify(message) }),
  play: (opts) =>
    new Promise((resolve) => {
      const beganMs = performance.now();
      let told = 0;
      const timer = setInterval(() => {
        const due = Math.min(
          seconds * tokensPerSecond,
          Math.floor(((performance.now() - beganMs) / 1000) * tokensPerSecond),
        );
        for (; told < due; told += 1) {
          const delta = words[told % words.length];
          text += delta;
          opts.onEvent({ kind: 'text', delta });
        }
        if (told >= seconds * tokensPerSecond) {
          clearInterval(timer);
          endedMs = performance.now();
          opts.onEvent({ kind: 'finish', reason: 'stop' });
          resolve([{ kind: 'text', text }]);
        }
      }, 4);
    }),
});
stage.feed.ready();
posted.length = 0; // the snapshot of the start
stage.session.submit('Go');
await stage.session.whenIdle();
await new Promise((resolve) => setTimeout(resolve, 200));
stage.dispose();
const wire = posted.filter(({ json }) => json.includes('"method":"turn/'));
const streamed = wire.filter(({ json }) => json.includes('"turn/text"'));
// The last message closes the text and brings it whole, once: a panel that missed something cannot keep it.
const gaps = wire.slice(1).map(({ atMs }, index) => atMs - wire[index].atMs);
process.send({
  textBytes: Buffer.byteLength(text),
  bytes: wire.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0),
  streamedBytes: streamed.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0),
  messages: wire.length,
  streamed: streamed.length,
  shortestGapMs: Math.min(...gaps),
  seconds: (endedMs - wire[0].atMs) / 1000,
  others: posted.length - wire.length,
  kinds: wire
    .filter(({ json }) => !json.includes('"turn/text"'))
    .map(({ json }) => json.slice(0, 200)),
});
process.disconnect();
