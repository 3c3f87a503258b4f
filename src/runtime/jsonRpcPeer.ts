import { isNumber, isRecord, isString, numberField, stringField } from '../base/guard';

/** JSON-RPC allows both; the server's first number is 0, and "0" is another id than 0. */
export type RpcId = string | number;

/** What one message of the other side is. `method` of an answer is the one that was asked. */
export type RpcIncoming =
  | {
      readonly kind: 'request';
      readonly id: RpcId;
      readonly method: string;
      readonly params: unknown;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | {
      readonly kind: 'result';
      readonly id: RpcId;
      readonly method: string;
      readonly result: unknown;
    }
  | {
      readonly kind: 'error';
      readonly id: RpcId;
      readonly method: string;
      readonly code: number;
      readonly message: string;
      readonly data: unknown;
    }
  /** No JSON-RPC, or an answer to nothing that this peer asked: a late one, a second one. */
  | { readonly kind: 'other' };

export const rpcErrors = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const;

export interface JsonRpcPeerOptions {
  /** Codex leaves `jsonrpc` out and refuses nothing; ACP and the link want it. */
  readonly hasVersionField: boolean;
  /** Notes of the child: request ids go on from one exchange to the next, so that a late answer is nobody's. */
  readonly notes: Map<string, unknown>;
}

const lastIdNote = 'jsonRpc.lastId';

/**
 * One side of JSON-RPC over messages, without any transport: makes requests, and tells requests, notifications and
 * answers apart by their shape, never by the truth of an id. Total: any value may come in.
 */
export class JsonRpcPeer {
  private readonly asked = new Map<RpcId, string>();

  constructor(private readonly options: JsonRpcPeerOptions) {}

  request(method: string, params: unknown): { readonly id: number; readonly message: unknown } {
    const last = this.options.notes.get(lastIdNote);
    const id = (isNumber(last) ? last : 0) + 1;
    this.options.notes.set(lastIdNote, id);
    this.asked.set(id, method);
    return { id, message: this.frame({ id, method, params }) };
  }

  notification(method: string, params?: unknown): unknown {
    return this.frame(params === undefined ? { method } : { method, params });
  }

  result(id: RpcId, result: unknown): unknown {
    return this.frame({ id, result });
  }

  error(id: RpcId, code: number, message: string): unknown {
    return this.frame({ id, error: { code, message } });
  }

  accept(message: unknown): RpcIncoming {
    if (!isRecord(message)) {
      return { kind: 'other' };
    }
    const { id, params } = message;
    const method = stringField(message, 'method');
    if (method !== undefined) {
      if (isRpcId(id)) {
        return { kind: 'request', id, method, params };
      }
      return id === undefined || id === null
        ? { kind: 'notification', method, params }
        : { kind: 'other' };
    }
    const asked = isRpcId(id) ? this.asked.get(id) : undefined;
    if (!isRpcId(id) || asked === undefined) {
      return { kind: 'other' };
    }
    this.asked.delete(id);
    if (message.error === undefined || message.error === null) {
      return { kind: 'result', id, method: asked, result: message.result };
    }
    return {
      kind: 'error',
      id,
      method: asked,
      code: numberField(message.error, 'code') ?? rpcErrors.internal,
      message:
        stringField(message.error, 'message') ??
        (isString(message.error) ? message.error : 'no reason given'),
      data: isRecord(message.error) ? message.error.data : undefined,
    };
  }

  private frame(fields: Readonly<Record<string, unknown>>): unknown {
    return this.options.hasVersionField ? { jsonrpc: '2.0', ...fields } : fields;
  }
}

function isRpcId(value: unknown): value is RpcId {
  return isString(value) || (isNumber(value) && Number.isFinite(value));
}
