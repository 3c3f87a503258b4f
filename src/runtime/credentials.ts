import { isArrayOf, isOptional, isShape, isString } from '../base/guard';
import { PatchbayError } from '../base/patchbayError';
import type { ExternalRuntimeSpec, ModelRef } from './contract';

/** Where secrets are kept. Implemented over the editor's SecretStorage. May reject. */
export interface SecretPort {
  get(name: string): Promise<string | undefined>;
  store(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

type CredentialFault =
  | 'unknown-provider'
  | 'invalid-key'
  | 'invalid-account'
  | 'name-collision'
  | 'not-found'
  | 'vault'
  | 'aborted';

/** A provider of keys: a shipped one, or an endpoint of the user. */
export interface KeyProvider {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** The environment variable that is asked last. Endpoints have none: a variable could belong to somebody else. */
  readonly envVariable?: string;
  /** Shipped providers' keys have a known look; an endpoint of the user takes any. */
  readonly isStrict: boolean;
}

export const shippedKeyProviders: readonly KeyProvider[] = Object.freeze([
  { id: 'anthropic', name: 'Anthropic', envVariable: 'ANTHROPIC_API_KEY', isStrict: true },
  { id: 'openai', name: 'OpenAI', envVariable: 'OPENAI_API_KEY', isStrict: true },
]);

export interface Accounts {
  /** In the order they were added. */
  readonly names: readonly string[];
  readonly defaultName: string | undefined;
}

export interface FoundKey {
  readonly key: string;
  /** For people: `account work`, `environment variable OPENAI_API_KEY`. Never the key. */
  readonly from: string;
}

export interface CredentialVaultOptions {
  readonly secrets: SecretPort;
  /** The shipped providers and the user's endpoints as they are now. */
  readonly providers: () => readonly KeyProvider[];
  readonly environment: (variable: string) => string | undefined;
}

const defaultAccountName = 'default';

/**
 * Several named keys per provider. The first stored is the default; removing the default promotes the oldest other.
 * Rejects with PatchbayError of a `CredentialFault`; no message and no cause ever holds a key.
 */
export class CredentialVault {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CredentialVaultOptions) {}

  accounts(providerId: string): Promise<Accounts> {
    return this.readIndex(this.provider(providerId).id);
  }

  /**
   * Adds a key. An account that exists is only replaced when `replaces` says so, else `name-collision`. An aborted
   * signal (the user closed the input) is `aborted` and stores nothing.
   */
  add(
    providerId: string,
    key: string,
    { account = defaultAccountName, replaces = false, signal }: AddKeyOptions = {},
  ): Promise<void> {
    return this.inTurn(async () => {
      const provider = this.provider(providerId);
      refuseAborted(signal);
      assertAccountName(account);
      const value = assertKey(provider, key);
      const index = await this.readIndex(provider.id);
      const isKnown = index.names.includes(account);
      if (isKnown && !replaces) {
        throw fault(
          'name-collision',
          `${provider.name} already has an account "${account}". Choose another name, or replace it.`,
        );
      }
      refuseAborted(signal);
      await this.guarded(provider, () =>
        this.options.secrets.store(keyName(provider.id, account), value),
      );
      if (!isKnown) {
        await this.writeIndex(provider, {
          names: [...index.names, account],
          defaultName: index.defaultName ?? account,
        });
      }
    });
  }

  remove(providerId: string, account: string): Promise<void> {
    return this.inTurn(async () => {
      const provider = this.provider(providerId);
      const index = await this.readIndex(provider.id);
      assertKnown(provider, index, account);
      await this.guarded(provider, () =>
        this.options.secrets.delete(keyName(provider.id, account)),
      );
      const names = index.names.filter((name) => name !== account);
      const isDefault = index.defaultName === account;
      await this.writeIndex(provider, {
        names,
        defaultName: isDefault ? names[0] : index.defaultName,
      });
    });
  }

  setDefault(providerId: string, account: string): Promise<void> {
    return this.inTurn(async () => {
      const provider = this.provider(providerId);
      const index = await this.readIndex(provider.id);
      assertKnown(provider, index, account);
      await this.writeIndex(provider, { names: index.names, defaultName: account });
    });
  }

  /**
   * Finds a key: the requested account, the default account, the first account that has one, the provider's
   * environment variable. Undefined when there is none.
   */
  async find(providerId: string, requestedAccount?: string): Promise<FoundKey | undefined> {
    const provider = this.provider(providerId);
    const { names, defaultName } = await this.readIndex(provider.id);
    const wanted = [requestedAccount, defaultName, ...names].filter(isString);
    for (const account of new Set(wanted.filter((name) => names.includes(name)))) {
      const key = await this.guarded(provider, () =>
        this.options.secrets.get(keyName(provider.id, account)),
      );
      if (key !== undefined && key !== '') {
        return { key, from: `account ${account}` };
      }
    }
    const { envVariable } = provider;
    const value = envVariable === undefined ? undefined : this.options.environment(envVariable);
    return envVariable === undefined || value === undefined || value.trim() === ''
      ? undefined
      : { key: value.trim(), from: `environment variable ${envVariable}` };
  }

  private provider(id: string): KeyProvider {
    const provider = this.options.providers().find((item) => item.id === id);
    if (provider === undefined) {
      throw fault('unknown-provider', `There is no provider "${id}". Add it as an endpoint first.`);
    }
    return provider;
  }

  private async readIndex(providerId: string): Promise<Accounts> {
    const provider = this.provider(providerId);
    const text = await this.guarded(provider, () =>
      this.options.secrets.get(indexName(providerId)),
    );
    return parseIndex(text);
  }

  private writeIndex(provider: KeyProvider, index: Accounts): Promise<void> {
    const name = indexName(provider.id);
    return this.guarded(provider, () =>
      index.names.length === 0
        ? this.options.secrets.delete(name)
        : this.options.secrets.store(name, JSON.stringify(index)),
    );
  }

  /** The store's own error is not kept as cause: nobody can say what it quotes. */
  private async guarded<T>(provider: KeyProvider, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch {
      throw fault(
        'vault',
        `The editor's secret storage did not answer for ${provider.name}. Nothing was changed; check the system's keyring, then try again.`,
      );
    }
  }

  /** Changes run one after the other: each reads the index that the one before wrote. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}

export interface AddKeyOptions {
  readonly account?: string;
  readonly replaces?: boolean;
  readonly signal?: AbortSignal;
}

/** Why a key would not be taken, for an input box; undefined when it is fine. The text never holds the key. */
export function keyProblem(provider: KeyProvider, key: string): string | undefined {
  const value = key.trim();
  if (value === '') {
    return 'The key is empty.';
  }
  if (!/^[!-~]+$/.test(value)) {
    return 'The key contains blanks, line breaks or other characters that no key has. Paste the key alone.';
  }
  if (!provider.isStrict) {
    return undefined;
  }
  if (placeholder.test(value)) {
    return `That is a placeholder, not a key of ${provider.name}.`;
  }
  return value.length < 20 ? `A key of ${provider.name} has at least 20 characters.` : undefined;
}

/** Why an account name would not be taken; undefined when it is fine. */
export function accountNameProblem(account: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,50}$/.test(account)
    ? undefined
    : 'An account name has 1 to 50 letters, digits, dashes or underscores.';
}

/**
 * What of ours goes into a child's environment. An agent that signs in by itself gets nothing (a key would change who
 * is billed); one that works with a key gets exactly the one variable of its provider, and that for this child only.
 */
export function childKeyEnvironment(
  spec: Pick<ExternalRuntimeSpec, 'authMode'>,
  provider: Pick<KeyProvider, 'envVariable'>,
  key: string | undefined,
): Readonly<Record<string, string>> {
  switch (spec.authMode) {
    case 'external-cli':
      return {};
    case 'api-key':
      return provider.envVariable === undefined || key === undefined
        ? {}
        : { [provider.envVariable]: key };
  }
}

/** What decides whether a model can be offered. The vault is asked only where a key is needed. */
export interface OfferQuestion {
  /** The agent that runs the model; undefined for a network model. */
  readonly specOf: (model: ModelRef) => ExternalRuntimeSpec | undefined;
  /** Answers the runtime question only; never reads the vault. */
  readonly requiresCredential: (spec: ExternalRuntimeSpec) => boolean;
  /** Whose key the model takes; undefined when it takes none. */
  readonly keyProviderOf: (model: ModelRef) => string | undefined;
  readonly hasKey: (providerId: string) => Promise<boolean>;
}

/** True when a turn could start: the runtime needs no key of ours, or the vault has one. */
export async function isOffered(model: ModelRef, question: OfferQuestion): Promise<boolean> {
  const spec = question.specOf(model);
  const providerId = question.keyProviderOf(model);
  if (spec !== undefined && !question.requiresCredential(spec)) {
    return true;
  }
  if (providerId === undefined) {
    return spec === undefined;
  }
  return question.hasKey(providerId);
}

const placeholder =
  /^(<.*>|\[.*\]|\{.*\}|x{6,}|\*{4,}|\.{3,})$|your[-_ ]?(api[-_ ]?)?key|api[-_]?key[-_]?here|placeholder|change[-_ ]?me|insert[-_ ]|example|xxxxxx|\.\.\.$/i;

function assertKey(provider: KeyProvider, key: string): string {
  const problem = keyProblem(provider, key);
  if (problem !== undefined) {
    throw fault('invalid-key', problem);
  }
  return key.trim();
}

function assertAccountName(account: string): void {
  const problem = accountNameProblem(account);
  if (problem !== undefined) {
    throw fault('invalid-account', problem);
  }
}

function assertKnown(provider: KeyProvider, index: Accounts, account: string): void {
  if (!index.names.includes(account)) {
    throw fault('not-found', `${provider.name} has no account "${account}".`);
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw fault('aborted', 'Nothing was stored.');
  }
}

function fault(code: CredentialFault, message: string): PatchbayError<CredentialFault> {
  return new PatchbayError(code, message);
}

function keyName(providerId: string, account: string): string {
  return `patchbay.key/${providerId}/${account}`;
}

function indexName(providerId: string): string {
  return `patchbay.accounts/${providerId}`;
}

const isStoredIndex = isShape({ names: isArrayOf(isString), defaultName: isOptional(isString) });

function parseIndex(text: string | undefined): Accounts {
  const none: Accounts = { names: [], defaultName: undefined };
  if (text === undefined) {
    return none;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isStoredIndex(value) ? { names: value.names, defaultName: value.defaultName } : none;
  } catch {
    // A damaged index reads as no accounts: the keys can be set anew, which writes a good one.
    return none;
  }
}
