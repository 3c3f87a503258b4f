import { isRecord } from '../../src/base/guard';

/** One request as the scripted model server saw it; keys are redacted by the server itself. */
interface ServedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Set when the connection is over: whether the client left before the answer was complete. */
  readonly clientClosedEarly?: boolean;
}

export interface ModelServer {
  readonly url: string;
  readonly requests: readonly ServedRequest[];
  setScenario(scenario: string | object, vars?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

export interface ModelServerOptions {
  readonly scenario: string | object;
  readonly vars?: Readonly<Record<string, string>>;
}

type Start = (options: ModelServerOptions) => Promise<ModelServer>;

/** Starts the scripted model server of `test/model-server` on loopback. It is plain JavaScript: this is its type. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const loaded: unknown = await import(new URL('../model-server/server.mjs', import.meta.url).href);
  if (!hasStart(loaded)) {
    throw new Error('test/model-server/server.mjs has no startModelServer');
  }
  return loaded.startModelServer(options);
}

function hasStart(value: unknown): value is { readonly startModelServer: Start } {
  return isRecord(value) && typeof value.startModelServer === 'function';
}
