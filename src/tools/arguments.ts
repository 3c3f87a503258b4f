import { isJsonObject, isRecord, recordField } from '../base/guard';
import type { JsonObject } from '../base/json';
import { schemaProblems } from './schema';

export type ParsedArguments =
  | { readonly kind: 'valid'; readonly args: JsonObject }
  /** For the model: what is wrong and what to change. */
  | { readonly kind: 'invalid'; readonly problem: string };

/**
 * Makes a call's arguments safe to judge and to run: one name for the path, checked against the schema, copied and
 * frozen, so that what is judged is what runs.
 */
export function parseArguments(inputSchema: JsonObject, raw: unknown): ParsedArguments {
  if (!isJsonObject(raw)) {
    return { kind: 'invalid', problem: 'the arguments must be a JSON object' };
  }
  const copy: unknown = structuredClone(raw);
  const named = withOnePathName(inputSchema, isRecord(copy) ? copy : {});
  if (named === undefined) {
    return { kind: 'invalid', problem: '`path` and `file_path` differ; give only `path`' };
  }
  const problems = schemaProblems(inputSchema, named);
  if (problems.length > 0) {
    return { kind: 'invalid', problem: problems.join('; ') };
  }
  freezeDeep(named);
  return isJsonObject(named)
    ? { kind: 'valid', args: named }
    : { kind: 'invalid', problem: 'the arguments must be a JSON object' };
}

/** `file_path` is what many models write; `path` is what remains. Undefined when both are there and differ. */
function withOnePathName(
  inputSchema: JsonObject,
  args: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const properties = recordField(inputSchema, 'properties') ?? {};
  const takesPath = Object.hasOwn(properties, 'path') && !Object.hasOwn(properties, 'file_path');
  if (!takesPath || args.file_path === undefined) {
    return args;
  }
  if (args.path !== undefined && args.path !== args.file_path) {
    return undefined;
  }
  const { file_path: path, ...rest } = args;
  return { ...rest, path };
}

function freezeDeep(value: unknown): void {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freezeDeep);
    Object.freeze(value);
  }
}
