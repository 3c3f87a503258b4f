// The editor's side of the panel, as far as the panel can see it: answers from the scene that the address names.
import { scenes } from './scenes.mjs';

const query = new URLSearchParams(location.search);
const scene = scenes[query.get('scene') ?? 'empty'] ?? scenes.empty;
const stateKey = `panel-state-${query.get('scene')}`;

/** For tests: what the panel has posted, and a way to speak as the host. */
const host = {
  posted: [],
  /** Answers of requests by method; a function of the params. */
  answers: {
    'prompt/submit': () => ({ accepted: true }),
    'tool/detail': ({ part }) => ({ text: `the whole ${part}\n`.repeat(400), isTruncated: false }),
    'file/find': ({ query }) => ({
      paths: ['src/parser.ts', 'src/lexer.ts', 'docs/parser notes.md'].filter((path) =>
        path.includes(query),
      ),
    }),
    'endpoint/probe': ({ url }) =>
      url.includes('11434')
        ? { models: ['llama3.3:70b', 'qwen3-coder:30b'] }
        : { models: [], problem: `Nothing answers at ${url}.` },
    'endpoint/add': () => ({ ok: true }),
    'session/list': () => ({ sessions: scene.sessions ?? [] }),
    ...scene.answers,
  },
  snapshot: scene.snapshot,
  notify(method, params) {
    deliver({ type: 'notification', method, params });
  },
  deltas(seq, deltas, status) {
    this.notify('turn/events', { seq, deltas, ...(status ? { status } : {}) });
  },
};
window.fakeHost = host;

function deliver(message) {
  // Through structured clone and a task of its own, as between two frames.
  window.postMessage(structuredClone(message), '*');
}

function onMessage(message) {
  host.posted.push(message);
  if (message.type === 'request') {
    const answer = host.answers[message.method];
    setTimeout(() => {
      try {
        deliver({ type: 'response', id: message.id, result: answer(message.params) });
      } catch (error) {
        deliver({ type: 'response', id: message.id, error: error.message });
      }
    }, 20);
  } else if (message.method === 'view/ready' || message.method === 'view/resync') {
    if (host.snapshot) host.notify('state/snapshot', host.snapshot);
    if (message.method === 'view/ready') scene.then?.(host);
  }
}

window.acquireVsCodeApi = () => ({
  postMessage: (message) => onMessage(structuredClone(message)),
  getState: () => JSON.parse(sessionStorage.getItem(stateKey) ?? 'null') ?? undefined,
  setState: (state) => sessionStorage.setItem(stateKey, JSON.stringify(state)),
});
