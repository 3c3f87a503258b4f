import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';

const redact = createRedactor();
const jwt =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

describe('known secrets', () => {
  it('are replaced wherever they stand, the longest first, also percent-encoded', () => {
    const own = createRedactor(['hunter2!', 'hunter2!/extra', '  padded-value \n']);
    expect(own('a hunter2!/extra b hunter2! c padded-value d')).toBe(
      'a [redacted] b [redacted] c [redacted] d',
    );
    expect(own('?q=hunter2!%2Fextra')).toBe('?q=[redacted]');
  });

  it('that are too short to be told from words are left to the other rules', () => {
    expect(createRedactor(['abc', ''])('abc abcdef')).toBe('abc abcdef');
  });

  it('never survive in any text that holds them', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9!$.*+?^(){}|[\]\\/]{6,40}$/),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          fc.pre(!'[redacted]'.includes(secret));
          expect(createRedactor([secret])(before + secret + after)).not.toContain(secret);
        },
      ),
    );
  });
});

describe('secrets known by their form', () => {
  it.each([
    ['an OpenAI key', 'sk-proj-abcDEF0123456789_-xyz'],
    ['an Anthropic key', 'sk-ant-api03-abcdefABCDEF-0123456789'],
    ['a GitHub token', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
    ['a fine-grained GitHub token', 'github_pat_11ABCDEFG0123456789_abcdefghijklmnop'],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE'],
    ['a Google key', 'AIzaSyA-0123456789abcdefghijklmnopqrstu'],
    ['a Slack token', 'xoxb-123456789012-abcdefGHIJKL'],
    ['a JWT', jwt],
  ])('%s', (_name, secret) => {
    expect(redact(`it is ${secret}, really`)).toBe('it is [redacted], really');
    expect(redact(`{"x":"${secret}"}`)).toBe('{"x":"[redacted]"}');
  });

  it('a private key, over all its lines, also when its end is missing', () => {
    const key =
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA\n-----END OPENSSH PRIVATE KEY-----';
    expect(redact(`before\n${key}\nafter`)).toBe('before\n[redacted]\nafter');
    expect(redact(`before\n${key.slice(0, -20)}`)).toBe('before\n[redacted]');
  });
});

describe('secrets known by what stands in front of them', () => {
  it.each([
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [redacted]'],
    ['authorization: Basic dXNlcjpwYXNz', 'authorization: Basic [redacted]'],
    ['curl -H "Authorization: token 0123abcd" x', 'curl -H "Authorization: token [redacted]" x'],
    ["headers: { 'x-api-key': 'abc123' }", "headers: { 'x-api-key': '[redacted]' }"],
    ['x-api-key: abc123\nhost: h', 'x-api-key: [redacted]\nhost: h'],
    ['Cookie: a=1; session=2\nNext: 3', 'Cookie: [redacted]\nNext: 3'],
    ['postgres://me:pa55w0rd@db.host/x', 'postgres://me:[redacted]@db.host/x'],
    ['https://u:t0ken@github.com/a/b.git', 'https://u:[redacted]@github.com/a/b.git'],
    ['GET /v1?key=1&api_key=abcdef&x=2', 'GET /v1?key=1&api_key=[redacted]&x=2'],
    ['{"api_key":"abc","model":"m"}', '{"api_key":"[redacted]","model":"m"}'],
    ['{"clientSecret" : "a\\"b"}', '{"clientSecret" : "[redacted]"}'],
    [
      JSON.stringify(JSON.stringify({ password: 'pw', a: 1 })),
      '"{\\"password\\":\\"[redacted]\\",\\"a\\":1}"',
    ],
    ['GITHUB_TOKEN=abcdef\nA=b', 'GITHUB_TOKEN=[redacted]\nA=b'],
    ['export MY_API_KEY="abcdef ghi"', 'export MY_API_KEY="[redacted]"'],
    ['AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG', 'AWS_SECRET_ACCESS_KEY=[redacted]'],
    ['run --password=hunter2 --x=1', 'run --password=[redacted] --x=1'],
    ['db:\n  password: hunter2\n  port: 1', 'db:\n  password: [redacted]\n  port: 1'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('leaves alone what only looks a little like one', () => {
    for (const text of [
      'usage: {"input_tokens": 12, "output_tokens":34,"max_tokens":100}',
      'max_tokens=1000 tokens=12',
      'const token: string = next();',
      '  password: string',
      '{"token": null, "secret": true}',
      'the secret of good prose',
      'https://example.com:8080/path@2',
      'sk-short',
      'basic idea, bearer of news',
      'git commit -m "tokenize the parser"',
    ]) {
      expect(redact(text)).toBe(text);
    }
  });
});

describe('a redactor', () => {
  it('writes the home directory as ~, but no other folder that begins like it', () => {
    const own = createRedactor([], { homeDirectory: '/home/ann/' });
    expect(own('/home/ann/.ssh and "/home/ann" and /home/anna/x')).toBe(
      '~/.ssh and "~" and /home/anna/x',
    );
    const windows = createRedactor([], { homeDirectory: 'C:\\Users\\Ann' });
    expect(windows('C:\\Users\\Ann\\a "C:\\\\Users\\\\Ann\\\\b"')).toBe('~\\a "~\\\\b"');
    expect(createRedactor([], { homeDirectory: '/' })('/etc/passwd')).toBe('/etc/passwd');
  });

  it('changes nothing more the second time', () => {
    const own = createRedactor(['known-secret'], { homeDirectory: '/home/ann' });
    const piece = fc.constantFrom(
      'Authorization: Bearer abcdefghij ',
      '"token":"x"',
      'A_TOKEN=abcdef ',
      `${jwt} `,
      'sk-ant-0123456789abcdefgh',
      'https://a:b@c ',
      'known-secret',
      '/home/ann/x ',
      '\n',
      '" ',
      'password: ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const once = own(pieces.join(''));
        expect(own(once)).toBe(once);
      }),
    );
  });

  it('ends soon whatever the text: what it looks for, begun over and over and never ended', () => {
    // A quadratic rule would look at 10^10 letters here and run into the time limit of the test.
    for (const unit of [
      ...[
        'a',
        '"api_key":"',
        'x_',
        'http://a:',
        '-----BEGIN PRIVATE KEY-----',
        'A.b-c_',
        '=',
        ' bearer',
      ],
      ...[
        '-----END PRIVATE KEY-----',
        'Cookie:',
        'Authorization: a ',
        'password: ',
        '\\"token\\":\\"',
      ],
      ...[
        'curl ',
        'machine a login ',
        'eyJ.',
        'name: TOKEN value ',
        'token:[""',
        'token: |\n\n',
        '<password ',
      ],
      ...['\\', 'AAAAAAAAAAAAAAAAAAAA\n', 'sk-', '&sig='],
    ]) {
      expect(redact(unit.repeat(Math.ceil(100_000 / unit.length))).length).toBeGreaterThan(0);
    }
  }, 60_000);
});
