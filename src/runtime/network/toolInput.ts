import { isRecord } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { Failure } from '../../events/failure';

export type ToolInput =
  { readonly kind: 'ok'; readonly input: JsonObject } | { readonly kind: 'broken' };

/**
 * Reads the collected input of a tool call. No text at all means no arguments, and an object that came as a JSON
 * string is taken as the object. Anything else is broken: a call is never made with arguments that the model did not
 * write, not even with none.
 */
export function readToolInput(json: string): ToolInput {
  if (json.trim() === '') {
    return { kind: 'ok', input: {} };
  }
  const value = parse(json);
  const inner = typeof value === 'string' ? parse(value) : value;
  if (inner === null) {
    return { kind: 'ok', input: {} };
  }
  return isJsonInput(inner) ? { kind: 'ok', input: inner } : { kind: 'broken' };
}

export function brokenInputFailure(modelName: string, toolName: string): Failure {
  return {
    code: 'invalid_request',
    message: `${modelName} called ${toolName} with input that is not readable JSON, so nothing was run. What arrived is kept; send your message again, or choose another model.`,
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON: the caller sees a value that is no object and reports it.
    return undefined;
  }
}

/** What `JSON.parse` gives is JSON all the way down. */
function isJsonInput(value: unknown): value is JsonObject {
  return isRecord(value);
}
