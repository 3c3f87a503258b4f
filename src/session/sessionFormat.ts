import { isRecord, isString } from '../base/guard';

const family = 'patchbay.session/';

type Fields = Readonly<Record<string, unknown>>;

/**
 * How a line of one version is said in the next. Pure; it is given the line without its `schema`. What it cannot make
 * sense of it gives back as it is: the guard of the current version decides.
 */
export type Migration = (line: Fields) => Fields;

/** The first makes version 1 into 2, and so on; the version that is written now is one more than there are. */
export const sessionMigrations: readonly Migration[] = [];

/** On every line that is written now. */
export const sessionSchema = schemaOf(sessionMigrations);

function schemaOf(migrations: readonly Migration[]): string {
  return `${family}${String(migrations.length + 1)}`;
}

export type CurrentLine =
  | { readonly kind: 'current'; readonly line: Fields }
  /** Of a version that is not known here; `isNewer`: of this program, but later. */
  | { readonly kind: 'foreign'; readonly isNewer: boolean }
  | { readonly kind: 'malformed' };

/** A parsed line as the current version says it: older ones are brought up step by step. */
export function toCurrentLine(
  value: unknown,
  migrations: readonly Migration[] = sessionMigrations,
): CurrentLine {
  if (!isRecord(value) || !isString(value.schema)) {
    return { kind: 'malformed' };
  }
  const schema = schemaOf(migrations);
  if (value.schema === schema) {
    return { kind: 'current', line: value };
  }
  const version = versionOf(value.schema);
  if (version === undefined || version > migrations.length) {
    return { kind: 'foreign', isNewer: version !== undefined };
  }
  const { schema: _schema, ...fields } = value;
  const line = migrations
    .slice(version - 1)
    .reduce<Fields>((current, migrate) => migrate(current), fields);
  return { kind: 'current', line: { ...line, schema } };
}

/** Undefined for what is no version of ours. */
function versionOf(schema: string): number | undefined {
  const digits = schema.startsWith(family) ? schema.slice(family.length) : '';
  return /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : undefined;
}
