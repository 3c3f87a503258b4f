import type { ServerTransport } from './contract';

/** What stands for a value in a definition: `${env:HOME}`, `${input:token}`, `${secret:github}`, `${workspaceFolder}`. */
export interface Reference {
  readonly kind: 'env' | 'input' | 'secret' | 'place' | 'unknown';
  /** The name behind the colon; of a place, the whole word; of an unknown one, all of it. */
  readonly name: string;
  readonly defaultValue?: string;
}

export interface PlaceValues {
  readonly workspaceFolder?: string;
  readonly userHome: string;
  readonly pathSeparator: string;
}

export interface ReferenceValues {
  readonly env: (name: string) => string | undefined;
  readonly input: (id: string) => Promise<string | undefined>;
  readonly secret: (name: string) => Promise<string | undefined>;
  readonly places: PlaceValues;
}

export type Resolution =
  | {
      readonly kind: 'ready';
      readonly transport: ServerTransport;
      /** Values that must not be shown anywhere. */
      readonly secrets: readonly string[];
    }
  /** References without a value, each once. */
  | { readonly kind: 'missing'; readonly missing: readonly Reference[] };

/** Every reference of a definition, in order, each once. */
export function referencesIn(transport: ServerTransport): readonly Reference[] {
  const found = new Map<string, Reference>();
  for (const { text } of textsOf(transport)) {
    for (const [whole, body = ''] of text.matchAll(pattern)) {
      found.set(whole, toReference(body));
    }
  }
  return [...found.values()];
}

/** Puts the values in. A value is taken as it is: references inside of it stay text. */
export async function resolveReferences(
  transport: ServerTransport,
  values: ReferenceValues,
): Promise<Resolution> {
  const valueOf = new Map<string, string>();
  const missing: Reference[] = [];
  for (const reference of referencesIn(transport)) {
    const value = await valueFor(reference, values);
    if (value === undefined) {
      missing.push(reference);
    } else {
      valueOf.set(keyOf(reference), value);
    }
  }
  if (missing.length > 0) {
    return { kind: 'missing', missing };
  }
  const fill = (text: string): string =>
    text.replace(pattern, (_whole, body: string) => valueOf.get(keyOf(toReference(body))) ?? '');
  const secrets = new Set<string>();
  for (const { text, name } of textsOf(transport)) {
    for (const [, body = ''] of text.matchAll(pattern)) {
      const reference = toReference(body);
      if (isSecret(reference, name)) {
        secrets.add(valueOf.get(keyOf(reference)) ?? '');
      }
    }
    if (name !== undefined && secretName.test(name)) {
      secrets.add(fill(text).replace(/^(?:bearer|basic|token)\s+/i, ''));
    }
  }
  secrets.delete('');
  return { kind: 'ready', transport: mapTexts(transport, fill), secrets: [...secrets] };
}

/** Variables and headers whose name says that they are secret, and whose value stands there openly. */
export function openSecrets(transport: ServerTransport): readonly string[] {
  return textsOf(transport).flatMap(({ text, name }) =>
    name !== undefined && secretName.test(name) && text.length >= 6 && !text.includes('${')
      ? [name]
      : [],
  );
}

/** For people: `${env:TOKEN}`. */
export function describeReference({ kind, name }: Reference): string {
  return kind === 'place' || kind === 'unknown' ? `\${${name}}` : `\${${kind}:${name}}`;
}

const pattern = /\$\{([^{}]*)\}/g;
const secretName = /key|token|secret|passw|auth|credential|cookie/i;
const placeNames = ['workspaceFolder', 'workspaceFolderBasename', 'userHome', 'pathSeparator', '/'];

/** Names of variables are told by their form: `${NAME}` and `${NAME:-default}`, as a project's `.mcp.json` has them. */
function toReference(body: string): Reference {
  const [, kind, name = ''] = /^(env|input|secret):(.+)$/s.exec(body) ?? [];
  if (kind === 'env' || kind === 'input' || kind === 'secret') {
    return { kind, name };
  }
  if (placeNames.includes(body)) {
    return { kind: 'place', name: body };
  }
  const [, variable, defaultValue] = /^([A-Z_][A-Z0-9_]*)(?::-(.*))?$/s.exec(body) ?? [];
  return variable === undefined
    ? { kind: 'unknown', name: body }
    : { kind: 'env', name: variable, ...(defaultValue === undefined ? {} : { defaultValue }) };
}

function keyOf({ kind, name, defaultValue }: Reference): string {
  return JSON.stringify([kind, name, defaultValue]);
}

async function valueFor(
  { kind, name, defaultValue }: Reference,
  values: ReferenceValues,
): Promise<string | undefined> {
  switch (kind) {
    case 'env':
      return values.env(name) ?? defaultValue;
    case 'input':
      return values.input(name);
    case 'secret':
      return values.secret(name);
    case 'place':
      return placeValue(name, values.places);
    case 'unknown':
      return undefined;
  }
}

function placeValue(name: string, places: PlaceValues): string | undefined {
  const { workspaceFolder, userHome, pathSeparator } = places;
  switch (name) {
    case 'workspaceFolder':
      return workspaceFolder;
    case 'workspaceFolderBasename':
      return workspaceFolder?.split(/[\\/]/).findLast((part) => part !== '');
    case 'userHome':
      return userHome;
    default:
      return pathSeparator;
  }
}

/** A secret by where it comes from, or by the name that it has or is given under. */
function isSecret(reference: Reference, name: string | undefined): boolean {
  switch (reference.kind) {
    case 'secret':
    case 'input':
      return true;
    case 'env':
      return secretName.test(reference.name) || (name !== undefined && secretName.test(name));
    case 'place':
    case 'unknown':
      return false;
  }
}

/** Every text of a definition that may hold references; `name` is that of a variable or a header. */
function textsOf(
  transport: ServerTransport,
): readonly { readonly text: string; readonly name?: string }[] {
  const named = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, text]) => ({ text, name }));
  return transport.kind === 'stdio'
    ? [
        { text: transport.command },
        ...transport.args.map((text) => ({ text })),
        ...named(transport.env),
        { text: transport.cwd ?? '' },
      ]
    : [{ text: transport.url }, ...named(transport.headers)];
}

function mapTexts(transport: ServerTransport, map: (text: string) => string): ServerTransport {
  const mapValues = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, text]) => [name, map(text)]));
  return transport.kind === 'stdio'
    ? {
        ...transport,
        command: map(transport.command),
        args: transport.args.map(map),
        env: mapValues(transport.env),
        ...(transport.cwd === undefined ? {} : { cwd: map(transport.cwd) }),
      }
    : { ...transport, url: map(transport.url), headers: mapValues(transport.headers) };
}
