import { buildAgentDirectory } from '../../../src/runtime/agentDirectory';
import { emptySpecTable } from '../../../src/runtime/specs';
import { describe, expect, it } from 'vitest';
import type { ExternalRuntimeSpec } from '../../../src/runtime/contract';
import {
  accountNameProblem,
  childKeyEnvironment,
  CredentialVault,
  isOffered,
  keyProblem,
  shippedKeyProviders,
  type KeyProvider,
  type SecretPort,
} from '../../../src/runtime/credentials';
import { buildModelCatalog } from '../../../src/runtime/modelCatalog';

const keyA = 'sk-aaaaaaaaaaaaaaaaaaaaaaaa';
const keyB = 'sk-bbbbbbbbbbbbbbbbbbbbbbbb';
const endpoint: KeyProvider = { id: 'endpoint:box', name: 'box', isStrict: false };

class MemorySecrets implements SecretPort {
  readonly values = new Map<string, string>();
  isBroken = false;

  async get(name: string): Promise<string | undefined> {
    this.check(name);
    return this.values.get(name);
  }

  async store(name: string, value: string): Promise<void> {
    this.check(value);
    this.values.set(name, value);
  }

  async delete(name: string): Promise<void> {
    this.check(name);
    this.values.delete(name);
  }

  private check(quoted: string): void {
    if (this.isBroken) {
      throw new Error(`keyring locked while handling ${quoted}`);
    }
  }
}

function vaultWith(environment: Readonly<Record<string, string>> = {}) {
  const secrets = new MemorySecrets();
  const vault = new CredentialVault({
    secrets,
    providers: () => [...shippedKeyProviders, endpoint],
    environment: (variable) => environment[variable],
  });
  return { vault, secrets };
}

const directory = buildAgentDirectory({
  custom: [],
  bridges: [],
  specs: emptySpecTable,
  learned: new Map(),
});

describe('the credential vault', () => {
  it('[R114] keeps several named accounts; the first stored is the default', async () => {
    const { vault } = vaultWith();
    await vault.add('openai', keyA, { account: 'work' });
    await vault.add('openai', keyB, { account: 'home' });
    expect(await vault.accounts('openai')).toEqual({
      names: ['work', 'home'],
      defaultName: 'work',
    });
    expect(await vault.find('openai')).toEqual({ key: keyA, from: 'account work' });
    expect(await vault.accounts('anthropic')).toEqual({ names: [], defaultName: undefined });
  });

  it('[R114] promotes another account when the default is removed, and keeps it when another goes', async () => {
    const { vault, secrets } = vaultWith();
    await vault.add('openai', keyA, { account: 'work' });
    await vault.add('openai', keyB, { account: 'home' });
    await vault.add('openai', keyB, { account: 'spare' });
    await vault.remove('openai', 'spare');
    expect((await vault.accounts('openai')).defaultName).toBe('work');
    await vault.remove('openai', 'work');
    expect(await vault.accounts('openai')).toEqual({ names: ['home'], defaultName: 'home' });
    await vault.remove('openai', 'home');
    expect(secrets.values.size).toBe(0);
  });

  it('[R115] looks for the requested account, the default, the first that has a key, the environment variable', async () => {
    const { vault, secrets } = vaultWith({ OPENAI_API_KEY: ' from-env ', ANTHROPIC_API_KEY: '  ' });
    expect(await vault.find('openai', 'work')).toEqual({
      key: 'from-env',
      from: 'environment variable OPENAI_API_KEY',
    });
    await vault.add('openai', keyA, { account: 'one' });
    await vault.add('openai', keyB, { account: 'two' });
    await vault.setDefault('openai', 'two');
    expect((await vault.find('openai', 'one'))?.from).toBe('account one');
    expect((await vault.find('openai', 'gone'))?.from).toBe('account two');
    expect((await vault.find('openai'))?.from).toBe('account two');
    secrets.values.delete('patchbay.key/openai/two');
    expect((await vault.find('openai'))?.from).toBe('account one');
    expect(await vault.find('anthropic')).toBeUndefined();
    expect(await vault.find('endpoint:box')).toBeUndefined();
  });

  it.each([
    ['', 'openai'],
    ['   ', 'openai'],
    ['sk-short', 'openai'],
    ['your-api-key-goes-here', 'anthropic'],
    ['<paste your key here please>', 'openai'],
    ['sk-xxxxxxxxxxxxxxxxxxxxxxxx', 'openai'],
    ['sk-aaaaaaaaaaaaaaaa\nsk-bbbbbbbbbbbb', 'openai'],
    ['“sk-aaaaaaaaaaaaaaaaaaaaaaa”', 'openai'],
    ['', 'endpoint:box'],
  ])('[R116] refuses the key %j of %s', async (key, provider) => {
    const { vault, secrets } = vaultWith();
    await expect(vault.add(provider, key)).rejects.toMatchObject({ code: 'invalid-key' });
    expect(secrets.values.size).toBe(0);
  });

  it('[R116] takes any key for an endpoint of the user, and trims what was pasted', async () => {
    const { vault } = vaultWith();
    await vault.add('endpoint:box', ' x ');
    expect((await vault.find('endpoint:box'))?.key).toBe('x');
    expect(keyProblem(shippedKeyProviders[0]!, keyA)).toBeUndefined();
  });

  it('[R116] takes account names of up to 50 letters, digits, dashes and underscores', async () => {
    expect(['a', 'A_b-9', 'x'.repeat(50)].map(accountNameProblem)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const { vault } = vaultWith();
    for (const account of ['', 'x'.repeat(51), 'a b', 'a/b', 'ä']) {
      await expect(vault.add('openai', keyA, { account })).rejects.toMatchObject({
        code: 'invalid-account',
      });
    }
  });

  it('[R116] names every fault by its type', async () => {
    const { vault, secrets } = vaultWith();
    await expect(vault.find('nobody')).rejects.toMatchObject({ code: 'unknown-provider' });
    await vault.add('openai', keyA);
    await expect(vault.add('openai', keyB)).rejects.toMatchObject({ code: 'name-collision' });
    await expect(vault.remove('openai', 'other')).rejects.toMatchObject({ code: 'not-found' });
    await expect(vault.setDefault('openai', 'other')).rejects.toMatchObject({ code: 'not-found' });
    const signal = AbortSignal.abort();
    await expect(vault.add('openai', keyB, { account: 'b', signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    secrets.isBroken = true;
    await expect(vault.find('openai')).rejects.toMatchObject({ code: 'vault' });
    secrets.isBroken = false;
    expect(await vault.find('openai')).toEqual({ key: keyA, from: 'account default' });
  });

  it('replaces a key only when it was asked to', async () => {
    const { vault } = vaultWith();
    await vault.add('openai', keyA);
    await vault.add('openai', keyB, { replaces: true });
    expect((await vault.find('openai'))?.key).toBe(keyB);
    expect((await vault.accounts('openai')).names).toEqual(['default']);
  });

  it('keeps every key out of its errors, also when the store quotes it', async () => {
    const { vault, secrets } = vaultWith();
    const errors: unknown[] = [];
    const attempt = (work: Promise<unknown>) => work.catch((error: unknown) => errors.push(error));
    await attempt(vault.add('openai', `${keyA} ${keyB}`));
    secrets.isBroken = true;
    await attempt(vault.add('openai', keyA));
    expect(errors).toHaveLength(2);
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      const shown =
        error instanceof Error
          ? `${error.message} ${String(error.stack)} ${String(error.cause)}`
          : '';
      expect(shown).not.toMatch(/aaaaaaaa|bbbbbbbb/);
    }
  });

  it('loses no account when several are added at once', async () => {
    const { vault } = vaultWith();
    await Promise.all(['a', 'b', 'c'].map((account) => vault.add('openai', keyA, { account })));
    expect(await vault.accounts('openai')).toEqual({ names: ['a', 'b', 'c'], defaultName: 'a' });
  });

  it('reads a damaged index as no accounts, and heals with the next key', async () => {
    const { vault, secrets } = vaultWith();
    secrets.values.set('patchbay.accounts/openai', '{broken');
    expect((await vault.accounts('openai')).names).toEqual([]);
    await vault.add('openai', keyA);
    expect((await vault.accounts('openai')).names).toEqual(['default']);
  });
});

describe('keys and runtimes', () => {
  const openai = shippedKeyProviders[1]!;

  it('[R117] puts no key into the environment of an agent that signs in by itself', () => {
    expect(childKeyEnvironment({ authMode: 'external-cli' }, openai, keyA)).toEqual({});
  });

  it('[R117] gives an agent that works with a key exactly the one variable of its provider', () => {
    expect(childKeyEnvironment({ authMode: 'api-key' }, openai, keyA)).toEqual({
      OPENAI_API_KEY: keyA,
    });
    expect(childKeyEnvironment({ authMode: 'api-key' }, openai, undefined)).toEqual({});
  });

  it('[R112][R113] offers what needs no key with an empty vault, without asking it; the rest only with a key', async () => {
    const catalog = buildModelCatalog({
      agentModels: directory.models,
      endpoints: [{ name: 'free', url: 'http://localhost:1/v1', models: [{ model: 'm' }] }],
    });
    const asked: string[] = [];
    const offered = (
      id: string,
      hasKey: boolean,
      authMode: ExternalRuntimeSpec['authMode'] = 'external-cli',
    ) =>
      isOffered(catalog.find(id)!, {
        specOf: (model) =>
          model.runtime === undefined ? undefined : { ...model.runtime, authMode },
        requiresCredential: (spec) => spec.authMode === 'api-key',
        keyProviderOf: (model) =>
          model.runtime === undefined ? catalog.keyProviderOf(model.id) : 'anthropic',
        hasKey: async (provider) => {
          asked.push(provider);
          return hasKey;
        },
      });
    expect(await offered('claude-cli/default', false)).toBe(true);
    expect(await offered('endpoint:free/m', false)).toBe(true);
    expect(await offered('playground/tour', false)).toBe(true);
    expect(asked).toEqual([]);
    expect(await offered('openai/gpt-5.5', false)).toBe(false);
    expect(await offered('openai/gpt-5.5', true)).toBe(true);
    expect(await offered('claude-cli/default', false, 'api-key')).toBe(false);
    expect(await offered('claude-cli/default', true, 'api-key')).toBe(true);
    expect(asked).toEqual(['openai', 'openai', 'anthropic', 'anthropic']);
  });
});
