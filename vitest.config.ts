import { defineConfig } from 'vitest/config';

/** What takes minutes, and what runs more cases where there is time: `npm run test:long`. */
const LONG = [
  'test/long/**/*.test.ts',
  'test/faults/cancels.test.ts',
  'test/faults/resends.test.ts',
  'test/llm/conversion-contrary.test.ts',
  'test/llm/conversion-properties.test.ts',
];

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'long' ? LONG : ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [
      'dist/**',
      'node_modules/**',
      'test/node/**',
      'test/gateway/client/**',
      'test/gateway/peers/**',
      'test/llm/*/node_modules/**',
      // What it needs is installed for the long tests only.
      ...(mode === 'long' ? [] : ['test/long/{mastra,search-recall}.test.ts']),
    ],
    globalSetup: ['scripts/test-tools.js'],
    reporters: ['default', './scripts/second-tries.js', './scripts/fault-matrix.js'],
    pool: 'forks',
    // Two workers: the tests start real servers, and a third one would only make them wait for each other on two cores.
    // What is measured over minutes has the machine for itself.
    maxWorkers: mode === 'long' ? 1 : 2,
    env: mode === 'long' ? { TOOLWAY_LONG: '1' } : {},
    execArgv: mode === 'long' ? ['--expose-gc'] : [],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
}));
