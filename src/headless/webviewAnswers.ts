import { assertNever } from '../base/assertNever';
import type { RequestMessage } from '../protocol/envelope';
import type { HostMessage, RequestMethod, Requests } from '../protocol/methods';
import { capped, withoutEscapes } from '../session/toolItems';
import type { StandInHost } from './webviewHost';

const detailLimit = 1_048_576;
const noModel = 'The stand-in has no model.';
const noSession = 'The stand-in keeps no sessions.';

/** What the stand-in answers: it keeps outputs, and has nothing else to give. */
export function answerView(message: RequestMessage, host: StandInHost): HostMessage {
  const { id } = message;
  switch (message.method) {
    case 'prompt/submit':
      return answer(id, 'prompt/submit', { accepted: false, problem: noModel });
    case 'prompt/resend':
      return answer(id, 'prompt/resend', { accepted: false, problem: noModel });
    case 'queue/edit':
      return answer(id, 'queue/edit', { ok: false });
    case 'queue/takeBack':
      return answer(id, 'queue/takeBack', {});
    case 'branch/choose':
      return answer(id, 'branch/choose', { ok: false, problem: noSession });
    case 'session/fork':
      return answer(id, 'session/fork', { ok: false, problem: noSession });
    case 'session/search':
      return answer(id, 'session/search', { matches: [], isTruncated: false });
    case 'tool/detail':
      return answer(
        id,
        'tool/detail',
        capped(withoutEscapes(host.output(message.params.callId)), detailLimit),
      );
    case 'item/before':
      return answer(
        id,
        'item/before',
        host.itemsBefore(message.params.itemId, message.params.count),
      );
    case 'file/find':
      return answer(id, 'file/find', { paths: [] });
    case 'endpoint/probe':
      return answer(id, 'endpoint/probe', { models: [], problem: 'The stand-in asks nobody.' });
    case 'endpoint/add':
      return answer(id, 'endpoint/add', { ok: false, problem: 'The stand-in keeps nothing.' });
    case 'session/list':
      return answer(id, 'session/list', { sessions: [] });
    default:
      return assertNever(message);
  }
}

function answer<M extends RequestMethod>(
  id: number,
  _method: M,
  result: Requests[M]['result'],
): HostMessage {
  return { type: 'response', id, result };
}
