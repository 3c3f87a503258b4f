// A reporter for node:test: one line per test as it ends, the error below a failed one, and the counts with what failed
// as JSON in the file that PATCHBAY_RESULT names.
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { firstLine } from './first-line.mjs';

export default async function* report(events) {
  let passed = 0;
  const failures = [];
  const indent = (text) => text.replace(/^/gm, '    ');
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (type === 'test:diagnostic' && /^not released/.test(data.message))
      yield `    # ${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    const took = `(${((data.details?.duration_ms ?? 0) / 1000).toFixed(1)} s)`;
    if (data.skip !== undefined) {
      yield `ok - ${data.name} # skipped ${data.skip === true ? '' : data.skip}\n`;
    } else if (type === 'test:pass') {
      passed++;
      yield `ok - ${data.name} ${took}\n`;
    } else {
      const error = data.details?.error?.cause ?? data.details?.error;
      failures.push({ title: data.name, error: firstLine(error) });
      yield `not ok - ${data.name} ${took}\n${indent(inspect(error, { depth: 4 }))}\n`;
    }
  }
  if (process.env.PATCHBAY_RESULT) {
    const result = { passed, failed: failures.length, failures };
    writeFileSync(process.env.PATCHBAY_RESULT, JSON.stringify(result));
  }
}
