import type { SecretStorage } from 'vscode';
import type { SecretPort } from '../runtime/credentials';

/** The credential vault's store over the editor's SecretStorage, which the system's keyring encrypts. */
export function createSecrets(storage: SecretStorage): SecretPort {
  return {
    get: async (name) => storage.get(name),
    store: async (name, value) => storage.store(name, value),
    delete: async (name) => storage.delete(name),
  };
}
