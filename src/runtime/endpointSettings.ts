import { isNumber, isRecord, isString } from '../base/guard';
import { normalizeEndpointUrl } from './network/endpointModels';

/** An OpenAI-compatible server that the user added (machine-scoped setting). */
export interface UserEndpoint {
  readonly name: string;
  /** Base URL, usually with `/v1`, without trailing slash. */
  readonly url: string;
  /** Under which name its key is kept; absent: it wants none. */
  readonly keyId?: string;
  readonly models: readonly EndpointModel[];
}

interface EndpointModel {
  readonly model: string;
  readonly name?: string;
  readonly contextWindowTokens?: number;
  readonly maxOutputTokens?: number;
  readonly supportsReasoning?: boolean;
  readonly supportsImages?: boolean;
}

export interface EndpointSettings {
  readonly endpoints: readonly UserEndpoint[];
  /** One sentence for each entry that was left out, and why. */
  readonly problems: readonly string[];
}

/** Reads the setting `[{name, url, keyId?, models: [string | {model, …}]}]`. Bad entries are left out and named. */
export function readEndpointSettings(value: unknown): EndpointSettings {
  const endpoints: UserEndpoint[] = [];
  const problems: string[] = [];
  if (value !== undefined && value !== null && !Array.isArray(value)) {
    return { endpoints, problems: ['The list of endpoints is not a list; none is used.'] };
  }
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  entries.forEach((entry, index) => {
    const read = readEndpoint(entry);
    const place = `Endpoint ${index + 1}`;
    if (isString(read)) {
      problems.push(`${place} is left out: ${read}.`);
    } else if (endpoints.some((endpoint) => endpoint.name === read.name)) {
      problems.push(`${place} is left out: there is another one named "${read.name}".`);
    } else {
      endpoints.push(read);
    }
  });
  return { endpoints, problems };
}

function readEndpoint(entry: unknown): UserEndpoint | string {
  if (!isRecord(entry)) {
    return 'it is not an object';
  }
  const { name, url, keyId, models } = entry;
  if (!isString(name) || !/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$/.test(name)) {
    return 'its name must be 1 to 50 letters, digits, spaces, dots, dashes or underscores';
  }
  const address = isString(url) ? normalizeEndpointUrl(url) : undefined;
  if (address === undefined) {
    return `the address of "${name}" is not an http or https URL without user name`;
  }
  if (keyId !== undefined && !(isString(keyId) && /^[A-Za-z0-9_-]{1,50}$/.test(keyId))) {
    return `the keyId of "${name}" must be 1 to 50 letters, digits, dashes or underscores`;
  }
  const list: readonly unknown[] = Array.isArray(models) ? models : [];
  return {
    name,
    url: address,
    ...(keyId === undefined ? {} : { keyId }),
    models: list.flatMap(readModel),
  };
}

function readModel(value: unknown): readonly EndpointModel[] {
  if (isString(value)) {
    return value.trim() === '' ? [] : [{ model: value.trim() }];
  }
  if (!isRecord(value) || !isString(value.model) || value.model.trim() === '') {
    return [];
  }
  const { name, contextWindowTokens, maxOutputTokens, supportsReasoning, supportsImages } = value;
  return [
    {
      model: value.model.trim(),
      ...(isString(name) ? { name } : {}),
      ...(isTokenCount(contextWindowTokens) ? { contextWindowTokens } : {}),
      ...(isTokenCount(maxOutputTokens) ? { maxOutputTokens } : {}),
      ...(typeof supportsReasoning === 'boolean' ? { supportsReasoning } : {}),
      ...(typeof supportsImages === 'boolean' ? { supportsImages } : {}),
    },
  ];
}

function isTokenCount(value: unknown): value is number {
  return isNumber(value) && Number.isInteger(value) && value > 0;
}
