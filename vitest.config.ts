import { defineConfig } from 'vitest/config';

// Two workers: the tests start real servers, and a third one would only make them wait for each other on two cores.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**', 'test/node/**'],
    globalSetup: ['scripts/test-tools.js'],
    reporters: ['default', './scripts/fault-matrix.js'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
