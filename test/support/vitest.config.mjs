// Unit tests: everything that runs under plain Node. In-host and end-to-end tests have their own runners.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    setupFiles: ['test/support/vitest.setup.mjs'],
    include: ['test/**/*.test.{ts,tsx,mjs}'],
    exclude: ['test/{host,e2e,agents,bench,fixtures}/**', '**/node_modules/**'],
    environment: 'node',
    testTimeout: 10_000,
  },
});
