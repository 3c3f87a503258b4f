// P6: what goes to the panel. One turn of text, through the product's session, controller and feed: at most one message
// per frame, hardly more bytes than the text has, and the same in a session of 10,000 turns as in one of one.
import { report, remark } from './goals.mjs';
import { runBundled } from './bundled.mjs';

const rate = 5000;
const seconds = 4;
const run = (turns, tokensPerSecond = rate) =>
  runBundled('test/bench/panel-traffic.mjs', { turns, tokensPerSecond, seconds });
const short = await run(1);
const long = await run(10_000);
const slow = await run(1, 100);
const frames = (said) => said.seconds * 60;
const perByte = (said) => said.bytes / said.textBytes;
report(`P6 traffic to the panel, ${rate} tokens a second for ${seconds} s`, [
  {
    what: 'messages per frame of 1/60 s',
    value: Math.max(...[short, long, slow].map((said) => said.messages / frames(said))),
    goal: 1,
    note: `${short.messages} messages`,
  },
  {
    what: 'bytes sent / bytes of the text',
    value: perByte(long),
    goal: 1.15,
    note: `${long.bytes} for ${long.textBytes}`,
  },
  {
    what: 'bytes of a turn in a session of 10,000 turns / of 1 turn',
    value: perByte(long) / perByte(short),
    goal: 1.05,
  },
]);
remark(
  `at 100 tokens a second: ${slow.messages} messages, ${perByte(slow).toFixed(2)} x the text: the frame around a few words`,
);
if (process.env.BENCH_DETAIL) remark(JSON.stringify(long, undefined, 1));
