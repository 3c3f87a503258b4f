// P15, the painted half: from the posted question to its picture, while 5,000 tokens a second stream into the same panel
// of 5,000 messages, against the same in an idle one.
import { remark, report } from './goals.mjs';
import { answerPieces, openPanelPage } from './panel-page.mjs';

const count = 5000;
const questions = 24;
const stage = await openPanelPage({ count });

try {
  /** Asks again and again, each time when the one before is gone. */
  const ask = (name) =>
    stage.page.evaluate(
      async ([prefix, times]) => {
        const took = [];
        for (let index = 0; index < times; index += 1) {
          const id = `${prefix}-${index}`;
          const prompt = {
            id,
            digest: 'd',
            callId: `call-${id}`,
            asker: 'Bench',
            toolName: 'run_command',
            effects: [
              {
                kind: 'command',
                command: `npm test -- --seed=${index}`,
                cwd: '/w',
                cwdClass: 'inside',
              },
            ],
            reason: 'commands always ask',
            inputText: '',
          };
          window.host.postMessage({ kind: 'ask', prompt });
          const paintedAtMs = await window.painted(
            () => document.getElementById(`headline-${id}`) !== null,
          );
          took.push(paintedAtMs - window.asked.get(id));
          window.host.postMessage({ kind: 'ask' });
          await window.painted(() => document.getElementById(`headline-${id}`) === null);
          await new Promise((resolve) => setTimeout(resolve, 20 + ((index * 7) % 40)));
        }
        return took;
      },
      [name, questions],
    );
  const quantile = (values, part) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * part)];

  await stage.openPanel();
  await ask('warm');
  const idle = await ask('idle');
  await stage.page.evaluate(
    ([pieces, rate]) =>
      window.host.postMessage({ kind: 'stream', id: 'busy', pieces, perSecond: rate }),
    [answerPieces(5000 * 30), 5000],
  );
  const busy = await ask('busy');
  const isStreaming = await stage.page.evaluate(() => window.endedAtMs === undefined);
  if (!isStreaming) throw new Error('the text was over before the questions were');
  report('P15 the prompt, from posted to painted', [
    {
      what: 'p95 while 5,000 tokens a second stream / idle',
      value: quantile(busy, 0.95) / quantile(idle, 0.95),
      goal: 2,
      note: `${quantile(busy, 0.95).toFixed(1)} and ${quantile(idle, 0.95).toFixed(1)} ms (goal for a person: 35 ms)`,
    },
  ]);
  remark(
    `median ${quantile(busy, 0.5).toFixed(1)} ms streaming, ${quantile(idle, 0.5).toFixed(1)} ms idle; longest ${Math.max(...busy).toFixed(1)} ms`,
  );
} finally {
  await stage.close();
}
