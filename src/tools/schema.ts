import { isArrayOf, isNumber, isRecord, isString, numberField, recordField } from '../base/guard';
import type { JsonObject } from '../base/json';

/**
 * Checks arguments against the part of JSON Schema that tools use: type, properties, required,
 * additionalProperties: false, items, enum, minimum, maximum, minLength, maxLength, minItems, maxItems. Unknown keywords are ignored.
 * Gives one sentence per problem, each saying what to change; empty when all is well. Never throws.
 */
export function schemaProblems(schema: JsonObject, value: unknown): readonly string[] {
  return checkValue(schema, value, '').slice(0, maxProblems);
}

const maxProblems = 8;

function checkValue(
  schema: Readonly<Record<string, unknown>>,
  value: unknown,
  where: string,
): readonly string[] {
  const name = where === '' ? 'the arguments' : `\`${where}\``;
  const types = isString(schema.type)
    ? [schema.type]
    : isArrayOf(isString)(schema.type)
      ? schema.type
      : [];
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
    return [`${name} must be ${types.map(withArticle).join(' or ')}, not ${describeValue(value)}`];
  }
  const allowed = schema.enum;
  if (Array.isArray(allowed) && !allowed.includes(value)) {
    return [`${name} must be one of ${allowed.map((item) => JSON.stringify(item)).join(', ')}`];
  }
  if (isRecord(value)) {
    return checkObject(schema, value, where);
  }
  if (Array.isArray(value)) {
    return checkArray(schema, value, where, name);
  }
  return isString(value)
    ? checkLength(schema, value.length, name)
    : isNumber(value)
      ? checkRange(schema, value, name)
      : [];
}

function checkObject(
  schema: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
  where: string,
): readonly string[] {
  const properties = recordField(schema, 'properties') ?? {};
  const at = (key: string): string => (where === '' ? key : `${where}.${key}`);
  const required = isArrayOf(isString)(schema.required) ? schema.required : [];
  const missing = required
    .filter((key) => value[key] === undefined)
    .map((key) => `\`${at(key)}\` is missing${describeExpected(recordField(properties, key))}`);
  const unknown =
    schema.additionalProperties === false
      ? Object.keys(value)
          .filter((key) => !Object.hasOwn(properties, key) && value[key] !== undefined)
          .map((key) => `\`${at(key)}\` is not known; use ${Object.keys(properties).join(', ')}`)
      : [];
  const nested = Object.entries(properties).flatMap(([key, property]) =>
    value[key] === undefined || !isRecord(property)
      ? []
      : checkValue(property, value[key], at(key)),
  );
  return [...missing, ...unknown, ...nested];
}

function checkArray(
  schema: Readonly<Record<string, unknown>>,
  value: readonly unknown[],
  where: string,
  name: string,
): readonly string[] {
  const minItems = numberField(schema, 'minItems');
  const maxItems = numberField(schema, 'maxItems');
  if (minItems !== undefined && value.length < minItems) {
    return [`${name} needs at least ${minItems} ${minItems === 1 ? 'item' : 'items'}`];
  }
  if (maxItems !== undefined && value.length > maxItems) {
    return [`${name} may have at most ${maxItems} items`];
  }
  const items = recordField(schema, 'items');
  return items === undefined
    ? []
    : value.flatMap((item, index) => checkValue(items, item, `${where}[${index}]`));
}

function checkLength(
  schema: Readonly<Record<string, unknown>>,
  length: number,
  name: string,
): readonly string[] {
  const minLength = numberField(schema, 'minLength');
  const maxLength = numberField(schema, 'maxLength');
  if (minLength !== undefined && length < minLength) {
    return [
      minLength === 1
        ? `${name} must not be empty`
        : `${name} needs at least ${minLength} characters`,
    ];
  }
  return maxLength !== undefined && length > maxLength
    ? [`${name} may have at most ${maxLength} characters`]
    : [];
}

function checkRange(
  schema: Readonly<Record<string, unknown>>,
  value: number,
  name: string,
): readonly string[] {
  const minimum = numberField(schema, 'minimum');
  const maximum = numberField(schema, 'maximum');
  if (minimum !== undefined && value < minimum) {
    return [`${name} must be at least ${minimum}`];
  }
  return maximum !== undefined && value > maximum ? [`${name} must be at most ${maximum}`] : [];
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return isNumber(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

function describeExpected(property: Readonly<Record<string, unknown>> | undefined): string {
  const type = property?.type;
  return isString(type) ? ` (${withArticle(type)})` : '';
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) {
    return 'nothing';
  }
  return Array.isArray(value) ? 'an array' : withArticle(typeof value);
}

function withArticle(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
