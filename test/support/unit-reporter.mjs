// A reporter for Vitest: the counts and what failed, as JSON in the file that PATCHBAY_RESULT names, in the shape that
// the other reporters write.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { firstLine } from './first-line.mjs';

export default class UnitReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly { message: string, stack?: string }[]} unhandled errors outside of every test
   */
  onTestRunEnd(modules, unhandled) {
    if (!process.env.PATCHBAY_RESULT) return;
    let passed = 0;
    const failures = [];
    for (const module of modules) {
      const file = path.relative(process.cwd(), module.moduleId);
      const add = (title, errors) =>
        failures.push({ file, title, error: firstLine(errors[0] ?? 'no error is known') });
      // What stands outside of the tests: the file does not load, a hook throws.
      for (const part of [module, ...module.children.allSuites()]) {
        if (part.errors().length > 0) add(part.name ?? 'the file', part.errors());
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') add(test.fullName, errors);
      }
    }
    for (const error of unhandled) {
      const from = error.VITEST_TEST_PATH;
      failures.push({
        ...(from ? { file: path.relative(process.cwd(), from) } : {}),
        title: 'outside of every test',
        error: error.stack ?? error.message,
      });
    }
    const result = { passed, failed: failures.length, failures };
    writeFileSync(process.env.PATCHBAY_RESULT, JSON.stringify(result));
  }
}
