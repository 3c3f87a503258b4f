// The host of a bench's panel, in a worker of the page: the product's feed, with its own frames, and its messages copied
// as they are between the editor's processes.
import { systemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/emitter';
import { PanelFeed } from '../../src/host/panelFeed';
import { emptySnapshot } from '../support/empty-snapshot.mjs';
import { longSession } from './long-session.mjs';

const session = new Emitter();
const prompts = new Emitter();
const never = new Emitter().event;
const now = () => performance.timeOrigin + performance.now();
const bench = emptySnapshot('Bench');
const idle = bench.status;
let items = [];
let open = [];
const feed = new PanelFeed({
  source: {
    content: () => ({
      ...bench,
      items,
      prompts: open,
    }),
    onDidChangeSession: session.event,
    onDidReplaceSession: never,
    onDidChangePrompts: prompts.event,
    onDidChangeEdits: never,
    onDidChangeChanges: never,
    onDidChangeSetup: never,
  },
  clock: systemClock,
  draft: { read: () => '', write: () => undefined },
  pictures: { list: async () => [] },
  post: (message) => {
    postMessage({ toPanel: message });
    if (message.method === 'prompt/changed') {
      postMessage({ asked: message.params.prompts[0]?.id, postedAtMs: now() });
    }
  },
});

/** Text at a steady pace into a new message at the end, in pieces as a network gives them. */
function stream({ id, pieces, perSecond }) {
  session.fire({
    deltas: [{ op: 'add', item: { kind: 'text', id, text: '', isOpen: true } }],
    status: { ...idle, phase: 'streaming' },
  });
  const beganMs = now();
  let told = 0;
  const timer = setInterval(() => {
    const due = Math.min(pieces.length, Math.floor(((now() - beganMs) / 1000) * perSecond));
    for (; told < due; told += 1) {
      session.fire({ deltas: [{ op: 'text', id, delta: pieces[told] }] });
    }
    if (told === pieces.length) {
      clearInterval(timer);
      session.fire({ deltas: [{ op: 'close', id }], status: idle });
      postMessage({ ended: id, atMs: now() });
    }
  }, 4);
}

onmessage = ({ data }) => {
  switch (data.kind) {
    case 'items':
      items = longSession(data.count);
      break;
    case 'ready':
      feed.ready();
      break;
    case 'stream':
      stream(data);
      break;
    case 'deltas':
      session.fire({ deltas: data.deltas });
      break;
    case 'ask':
      open = data.prompt === undefined ? [] : [data.prompt];
      prompts.fire(open);
      break;
  }
};
