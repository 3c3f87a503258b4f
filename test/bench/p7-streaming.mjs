// P7: text streams into a session of 5,000 messages. Main-thread time per token of the panel as it is shipped, against a
// message that is drawn whole for each token. Frames are for a person to read: the machine is shared.
import { median, remark, report } from './goals.mjs';
import { answerPieces, openPanelPage } from './panel-page.mjs';

const count = 5000;
const stage = await openPanelPage({ count });

try {
  /** The same text, drawn whole for each token; every tenth token is measured, for the time it takes. */
  const naive = async (pieces) => {
    await stage.openNaive();
    const beforeMs = await stage.mainThreadMs();
    const drawn = await stage.page.evaluate(async (given) => {
      let text = '';
      let times = 0;
      for (const [index, piece] of given.entries()) {
        text += piece;
        if (index % 10 === 0) {
          window.showWhole(structuredClone(text));
          times += 1;
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
      }
      return times;
    }, pieces);
    return ((await stage.mainThreadMs()) - beforeMs) / drawn;
  };

  const panel = async (perSecond, seconds, id) => {
    const pieces = answerPieces(perSecond * seconds);
    const beforeMs = await stage.mainThreadMs();
    const said = await stage.page.evaluate(
      ([name, given, rate]) => window.streamAndWatch(name, given, rate),
      [id, pieces, perSecond],
    );
    const perToken = ((await stage.mainThreadMs()) - beforeMs) / pieces.length;
    return { ...said, perToken };
  };

  await stage.openPanel();
  await panel(1000, 1, 'warm');
  const slow = await panel(1000, 5, 'slow');
  const fast = await panel(5000, 3, 'fast');
  const nodes = await stage.nodes();
  const heap = await stage.heapBytes();
  const whole = await naive(answerPieces(5000));

  const late = ({ frames }, ms) => frames.filter((frame) => frame > ms).length;
  const fps = ({ frames }) => (1000 * frames.length) / frames.reduce((sum, ms) => sum + ms, 0);
  report(`P7 streaming into ${count} messages`, [
    {
      what: 'main-thread time per token at 1,000 tokens a second / whole message per token',
      value: slow.perToken / whole,
      goal: 1 / 20,
      note: `1/${(whole / slow.perToken).toFixed(0)}; ${slow.perToken.toFixed(3)} and ${whole.toFixed(2)} ms`,
    },
  ]);
  for (const [name, said] of [
    ['1,000', slow],
    ['5,000', fast],
  ]) {
    remark(
      `${name} tokens a second: ${said.perToken.toFixed(3)} ms per token, ${fps(said).toFixed(1)} fps, median frame ${median(said.frames).toFixed(1)} ms, ` +
        `${late(said, 25)} of ${said.frames.length} frames above 25 ms (longest ${Math.max(...said.frames).toFixed(0)} ms), finish lag ${said.lagMs.toFixed(0)} ms`,
    );
  }
  remark(
    'goals for a person: no frame above 25 ms at 1,000; at 5,000 at least 57 fps, at most 1 % above 25 ms, finish lag at most 80 ms',
  );
  remark(`${nodes} nodes, ${(heap / 1e6).toFixed(1)} MB of heap in the page afterwards`);
} finally {
  await stage.close();
}
