import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import { toolOk } from '../../../src/events/toolCall';
import { stripEscapes } from '../../../src/base/escapeSequences';
import { exportFormats, exportSession } from '../../../src/session/exportSession';

const secret = ['sk', 'ant', 'api03', 'abcdefghij0123456789klmnop'].join('-');

function exported(output: string, format: (typeof exportFormats)[number]): string {
  return exportSession(
    {
      id: 's',
      title: 't',
      messages: [
        {
          role: 'tool',
          callId: 'c',
          toolName: 'run_command',
          result: toolOk(output),
          createdAtMs: 0,
        },
      ],
    },
    format,
    { redact: createRedactor([secret]), plain: stripEscapes },
  );
}

describe('what a tool printed, in an exported session', () => {
  const printed =
    '\u001b[1;31mFAIL\u001b[0m a.ts \u001b[38;5;12m<b>\u001b[39m\u001b[92m ok\u001b[m';

  it('has its colours in HTML, as classes and without any markup of its own', () => {
    const html = exported(printed, 'html');
    expect(html).toContain(
      '<pre><span class="a-bold a-f1">FAIL</span> a.ts &#60;b&#62;<span class="a-f10"> ok</span></pre>',
    );
    expect(html).not.toContain('\u001b');
    expect(html).not.toMatch(/<script|\sstyle=|\son\w+=/);
  });

  it.each(['markdown', 'json'] as const)('is plain text in %s', (format) => {
    const text = exported(printed, format);
    expect(text).toContain('FAIL a.ts <b> ok');
    expect(text).not.toContain('[1;31m');
  });

  it.each(exportFormats)(
    'holds no secret in %s, also not one that colours cut in two',
    (format) => {
      const cut = `${secret.slice(0, 20)}\u001b[31m${secret.slice(20)}\u001b[0m`;
      const text = exported(`key \u001b[32m${secret}\u001b[0m and ${cut} end`, format);
      expect(stripEscapes(text)).not.toContain(secret);
      expect(text.replace(/<[^>]*>/g, '')).not.toContain(secret.slice(20));
      expect(text).toContain('end');
    },
  );
});
