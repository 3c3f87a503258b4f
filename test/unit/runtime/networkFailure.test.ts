import { describe, expect, it } from 'vitest';
import {
  displayName,
  failureOfFault,
  failureOfThrown,
  readRetryAfterMs,
} from '../../../src/runtime/network/httpFailure';

const names = {
  provider: 'OpenAI',
  model: 'gpt-x',
  address: 'https://api.example.test/v1',
  key: 'sk-abcdefghijklmnop',
};
const open = new AbortController().signal;

describe('failures of the network', () => {
  it.each([
    [400, 'bad tool', undefined, 'invalid_request'],
    [400, "This model's maximum context length is 8192 tokens", undefined, 'context_overflow'],
    [400, 'nope', 'context_length_exceeded', 'context_overflow'],
    [413, 'Request too large', undefined, 'context_overflow'],
    [401, 'no', undefined, 'auth_required'],
    [402, 'pay', undefined, 'auth_required'],
    [403, 'no', undefined, 'auth_required'],
    [404, 'no', undefined, 'model_not_found'],
    [408, 'slow', undefined, 'timeout'],
    [422, 'odd', undefined, 'invalid_request'],
    [429, 'slow down', undefined, 'rate_limited'],
    [429, 'You exceeded your current quota', 'insufficient_quota', 'auth_required'],
    [500, 'oops', undefined, 'overloaded'],
    [503, 'busy', undefined, 'overloaded'],
    [504, 'slow', undefined, 'timeout'],
    [529, 'Overloaded', 'overloaded_error', 'overloaded'],
    [undefined, 'Overloaded', 'overloaded_error', 'overloaded'],
    [undefined, 'x', 'rate_limit_exceeded', 'rate_limited'],
    [undefined, 'x', 'authentication_error', 'auth_required'],
    [undefined, 'x', 'invalid_request_error', 'invalid_request'],
    [undefined, 'x', 'something_new', 'unknown'],
  ])('%s "%s" (%s) is %s', (status, message, type, code) => {
    const failure = failureOfFault({ status, message, type }, names);
    expect(failure.code).toBe(code);
    expect(failure.message).not.toMatch(/[\r\n]/);
    expect(failure.message.length).toBeLessThanOrEqual(500);
  });

  it('says what to do when the credit is used up, and does not call it a rate limit', () => {
    const failure = failureOfFault(
      { status: 429, message: 'quota', type: 'insufficient_quota' },
      names,
    );
    expect(failure.message).toContain('no credit left');
  });

  it('tells a missing key from a refused one', () => {
    const { key: _key, ...keyless } = names;
    const fault = { status: 401, message: 'no' };
    expect(failureOfFault(fault, keyless).message).toContain('wants a key');
    expect(failureOfFault(fault, names).message).toContain('refused the key');
  });

  it.each([
    ['ECONNREFUSED', 'network', 'Nothing answers at https://api.example.test/v1'],
    ['ENOTFOUND', 'network', 'host of https://api.example.test/v1 was not found'],
    ['EAI_AGAIN', 'network', 'not found'],
    ['ECONNRESET', 'stream_cut', 'https://api.example.test/v1'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout', 'silent'],
    ['CERT_HAS_EXPIRED', 'network', 'CERT_HAS_EXPIRED'],
  ])('finds %s however deep it is wrapped', (systemCode, code, words) => {
    const inner = Object.assign(new Error('inner'), { code: systemCode });
    const wrapped = new Error('Connection error.', {
      cause: new TypeError('fetch failed', { cause: inner }),
    });
    const failure = failureOfThrown(wrapped, names, open);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
    const several = new TypeError('fetch failed', { cause: new AggregateError([inner]) });
    expect(failureOfThrown(several, names, open).code).toBe(code);
  });

  it('takes whatever is thrown after a stop as the stop', () => {
    expect(failureOfThrown(new Error('socket hang up'), names, AbortSignal.abort())).toMatchObject({
      aborted: true,
    });
  });

  it('keeps every form of a key out of message and detail', () => {
    const message = `bad key ${names.key}, sk-proj-********wxyz, Authorization: Bearer tok_0123456789`;
    const said = JSON.stringify(failureOfFault({ status: 400, message }, names));
    expect(said).not.toMatch(/abcdefghijklmnop|wxyz|tok_0123456789/);
    const thrown = failureOfThrown(
      new TypeError(`"Bearer ${names.key}" is an invalid header value`),
      names,
      open,
    );
    expect(JSON.stringify(thrown)).not.toContain(names.key);
    const harmless = { status: 400, message: 'task-list and risk-averse stay' };
    expect(failureOfFault(harmless, names).message).toContain(harmless.message);
  });

  it('reads every form of retry-after', () => {
    const nowMs = Date.parse('2026-01-01T00:00:00Z');
    const read = (headers: Record<string, string>) => readRetryAfterMs(new Headers(headers), nowMs);
    expect(read({ 'retry-after': '3' })).toBe(3000);
    expect(read({ 'retry-after': '0.5' })).toBe(500);
    expect(read({ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' })).toBe(7000);
    expect(read({ 'retry-after-ms': '120', 'retry-after': '9' })).toBe(120);
    expect([read({}), read({ 'retry-after': 'soon' })]).toEqual([undefined, undefined]);
  });

  it('calls an endpoint by the name its user gave it', () => {
    expect(displayName({ provider: 'endpoint:my box' })).toBe('my box');
  });
});
