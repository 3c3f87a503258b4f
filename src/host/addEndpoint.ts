import { errorMessage } from '../base/patchbayError';
import type { Requests } from '../protocol/methods';
import type { CredentialVault } from '../runtime/credentials';
import { endpointKeyProvider } from '../runtime/modelCatalog';
import { addressProblem } from './endpoints';
import type { Settings } from './settings';

type Params = Requests['endpoint/add']['params'];
type Result = Requests['endpoint/add']['result'];

/** Adds an endpoint the user described in the panel: the setting at user scope, its key in the vault. Never rejects. */
export async function addEndpoint(
  params: Params,
  deps: { readonly settings: Settings; readonly vault: CredentialVault },
): Promise<Result> {
  const name = params.name.trim();
  const key = params.key?.trim() ?? '';
  const problem =
    nameProblem(name) ?? addressProblem(params.url, key !== '') ?? modelsProblem(params.models);
  if (problem !== undefined) {
    return { ok: false, problem };
  }
  try {
    const keyId = name.replace(/[^A-Za-z0-9_-]+/g, '-');
    await deps.settings.saveEndpoint({
      name,
      url: params.url.trim(),
      models: params.models.map((model) => ({ model: model.trim() })),
      ...(key === '' ? {} : { keyId }),
    });
    if (key !== '') {
      await deps.vault.add(endpointKeyProvider(keyId), key, { replaces: true });
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, problem: `The endpoint was not kept: ${errorMessage(error)}` };
  }
}

function nameProblem(name: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$/.test(name)
    ? undefined
    : 'The name must be 1 to 50 letters, digits, spaces, dots, dashes or underscores.';
}

function modelsProblem(models: readonly string[]): string | undefined {
  return models.some((model) => model.trim() !== '') ? undefined : 'Name at least one model.';
}
