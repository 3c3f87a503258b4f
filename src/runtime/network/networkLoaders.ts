import type { NetworkLoaders } from './networkStream';
import type { FetchFunction, NetworkProducer } from './producer';

/**
 * The shipped loaders. Each SDK is read when a model of its family is first used, and its provider lives as long as
 * the returned value. `others` adds the families that a composition brings itself: `editor`, `playground`.
 */
export function createNetworkLoaders(
  fetch: FetchFunction,
  others: Pick<NetworkLoaders, 'editor' | 'playground'> = {},
): NetworkLoaders {
  return {
    'anthropic-messages': once(async () =>
      (await import('./anthropic')).createAnthropicProvider(fetch),
    ),
    'openai-responses': once(async () => (await import('./openai')).createResponsesProvider(fetch)),
    'openai-chat': once(async () => (await import('./openai')).createChatProvider(fetch)),
    ...others,
  };
}

/** A load that failed is tried again at the next turn. */
function once(load: () => Promise<NetworkProducer>): () => Promise<NetworkProducer> {
  let loading: Promise<NetworkProducer> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
