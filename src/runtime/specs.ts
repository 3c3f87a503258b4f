import type { ExternalRuntimeSpec, ModelRef } from './contract';
import { runtimeEndpoint } from './contract';

/** A frozen copy; a later write to it, or to its lists, fails in strict mode. */
export function createRuntimeSpec(fields: ExternalRuntimeSpec): ExternalRuntimeSpec {
  return Object.freeze({
    ...fields,
    ...(fields.args === undefined ? {} : { args: Object.freeze([...fields.args]) }),
    ...(fields.env === undefined ? {} : { env: Object.freeze({ ...fields.env }) }),
  });
}

/** The runtimes that Patchbay knows by name. Whether one can be used depends on a registered bridge. */
export const BUILTIN_RUNTIME_SPECS: Readonly<Record<string, ExternalRuntimeSpec>> = Object.freeze({
  'claude-cli': createRuntimeSpec({ adapter: 'claude-cli', authMode: 'external-cli' }),
  'codex-cli': createRuntimeSpec({ adapter: 'codex-cli', authMode: 'external-cli' }),
  'indusagi-cli': createRuntimeSpec({ adapter: 'indusagi-cli', authMode: 'external-cli' }),
});

export function builtinRuntimeSpec(adapter: string): ExternalRuntimeSpec | undefined {
  return Object.hasOwn(BUILTIN_RUNTIME_SPECS, adapter) ? BUILTIN_RUNTIME_SPECS[adapter] : undefined;
}

/** The same model bound to an agent: a new object, the catalog's entry is left alone. */
export function attachRuntime(model: ModelRef, spec: ExternalRuntimeSpec): ModelRef {
  return { ...model, runtime: createRuntimeSpec(spec), address: runtimeEndpoint(spec.adapter) };
}

const endpointScheme = runtimeEndpoint('');

/** The adapter that an address names, or undefined for a network address. */
export function adapterOfAddress(address: string | undefined): string | undefined {
  return address?.startsWith(endpointScheme) === true
    ? address.slice(endpointScheme.length)
    : undefined;
}

/** The user's own specs (machine-scoped settings): by canonical model id, and by adapter. */
export interface RuntimeSpecTable {
  readonly byModelId: Readonly<Record<string, ExternalRuntimeSpec>>;
  readonly byAdapter: Readonly<Record<string, ExternalRuntimeSpec>>;
}

export const emptySpecTable: RuntimeSpecTable = { byModelId: {}, byAdapter: {} };

/**
 * The spec of a model: the user's table by model id, then the spec attached to the model, then, for an address that
 * names an adapter, the user's table by adapter, the shipped catalog, and at last a bare spec of that adapter (so
 * that an agent nobody has heard of still resolves and can be named in an error). A network model has none.
 */
export function resolveRuntimeSpec(
  model: ModelRef,
  table: RuntimeSpecTable,
): ExternalRuntimeSpec | undefined {
  const own = ownEntry(table.byModelId, model.id) ?? model.runtime;
  if (own !== undefined) {
    return createRuntimeSpec(own);
  }
  const adapter = adapterOfAddress(model.address);
  return adapter === undefined
    ? undefined
    : createRuntimeSpec(
        ownEntry(table.byAdapter, adapter) ??
          builtinRuntimeSpec(adapter) ?? { adapter, authMode: 'external-cli' },
      );
}

function ownEntry(
  record: Readonly<Record<string, ExternalRuntimeSpec>>,
  key: string,
): ExternalRuntimeSpec | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
