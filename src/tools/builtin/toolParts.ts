import type { JsonObject } from '../../base/json';

/** Pieces that the schemas and results of the built-in tools share. */
export function objectSchema(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false };
}

export function pathParameter(description: string): JsonObject {
  return {
    type: 'string',
    minLength: 1,
    description: `${description} Relative to the workspace folder, or absolute; with several folders it may begin with a folder's name.`,
  };
}

export function text(description: string): JsonObject {
  return { type: 'string', description };
}

export function nonEmptyText(description: string): JsonObject {
  return { type: 'string', minLength: 1, description };
}

export function flag(description: string): JsonObject {
  return { type: 'boolean', description };
}

export function integer(description: string, minimum: number, maximum?: number): JsonObject {
  return { type: 'integer', description, minimum, ...(maximum === undefined ? {} : { maximum }) };
}

/** `1.2 KB` of a text's UTF-16 length: near enough for a card. */
export function formatSize(value: string): string {
  const size = value.length;
  if (size < 1024) {
    return `${size} B`;
  }
  return size < 1024 * 1024
    ? `${(size / 1024).toFixed(1)} KB`
    : `${(size / 1024 / 1024).toFixed(1)} MB`;
}

export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
