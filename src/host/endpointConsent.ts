import type { RequestHandlers, Requests } from '../protocol/methods';
import { makeVisibleName } from '../gate/visible';
import { normalizeEndpointUrl } from '../runtime/network/endpointModels';
import type { UserEndpoint } from '../runtime/endpointSettings';
import { addressProblem } from './endpoints';
import type { askFirst } from './startQuestion';

export interface EndpointConsentDeps {
  readonly ask: typeof askFirst;
  /** The user's endpoints as they are. */
  readonly present: () => readonly Pick<UserEndpoint, 'name' | 'url'>[];
  readonly probe: RequestHandlers['endpoint/probe'];
  readonly add: (params: Requests['endpoint/add']['params']) => Promise<AddResult>;
}

export type EndpointHandlers = Pick<RequestHandlers, 'endpoint/probe' | 'endpoint/add'>;
type AddResult = Requests['endpoint/add']['result'];

/**
 * What the panel wants done with an address, put to the user in the editor's own dialog: the panel is outside the border
 * of trust, so neither a request nor a setting follows from its word alone. An address is asked about once before it
 * is probed, again when a key goes with it; each endpoint that is added, always. Two questions never wait at a time.
 */
export function createEndpointConsent(deps: EndpointConsentDeps): EndpointHandlers {
  const probed = new Set<string>();
  let isAsking = false;
  const ask = async (question: Parameters<typeof askFirst>[0]): Promise<string | undefined> => {
    if (isAsking) {
      return 'Answer the question that is open first.';
    }
    isAsking = true;
    try {
      return (await deps.ask(question)) ? undefined : 'You said no.';
    } finally {
      isAsking = false;
    }
  };
  return {
    'endpoint/probe': async (params, signal) => {
      const hasKey = params.key !== undefined && params.key !== '';
      const refusal = addressProblem(params.url, hasKey);
      if (refusal !== undefined) {
        return { models: [], problem: refusal };
      }
      const address = shownAddress(params.url);
      const consent = `${String(hasKey)} ${address}`;
      if (!probed.has(consent)) {
        const problem = await ask({
          message: 'Ask this server for its models?',
          detail: `${address}\n\n${hasKey ? 'The key from the form is sent to it.' : 'No key is sent.'}`,
          yes: 'Ask',
          no: 'Do Not Ask',
        });
        if (problem !== undefined) {
          return { models: [], problem: `The server was not asked. ${problem}` };
        }
        probed.add(consent);
      }
      return signal.aborted
        ? { models: [], problem: 'Stopped.' }
        : await deps.probe({ ...params, url: address }, signal);
    },
    'endpoint/add': async (params) => {
      const hasKey = (params.key?.trim() ?? '') !== '';
      const refusal = addressProblem(params.url, hasKey);
      if (refusal !== undefined) {
        return { ok: false, problem: refusal };
      }
      const address = shownAddress(params.url);
      const name = params.name.trim();
      const replaced = deps.present().find((endpoint) => endpoint.name === name);
      const problem = await ask({
        message: `Add the endpoint "${makeVisibleName(name)}"?`,
        detail: [
          address,
          `When you choose one of its models, your prompts and what the model reads${hasKey ? ', and the key from the form,' : ''} are sent there.`,
          ...(replaced === undefined
            ? []
            : [
                `It takes the place of the endpoint of this name, ${makeVisibleName(replaced.url)}.`,
              ]),
        ].join('\n\n'),
        yes: 'Add',
        no: 'Do Not Add',
      });
      return problem === undefined
        ? await deps.add({ ...params, url: address })
        : { ok: false, problem: `The endpoint was not added. ${problem}` };
    },
  };
}

/** What is asked and kept is what was shown: the host as it is looked up, nothing invisible, nothing left out. */
function shownAddress(url: string): string {
  return (normalizeEndpointUrl(new URL(url.trim()).href) ?? '').replace(/(?<!\/)\/+$/, '');
}
