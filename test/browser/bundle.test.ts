import { expect, test } from 'vitest';
import { bundleInOne, bundleInParts, type Chunk } from './bundle.ts';

/** Bytes, gzipped. `inParts` is more because each file is compressed by itself. */
const MOST = { inOne: 28_455, inParts: 29_860, behind: 8_175 };
const sum = (chunks: readonly Chunk[]): number => chunks.reduce((bytes, { gzipped }) => bytes + gzipped, 0);

test(`what a browser loads before anything runs is at most ${MOST.inParts} bytes gzipped`, async () => {
  expect(sum((await bundleInParts()).loaded)).toBeLessThanOrEqual(MOST.inParts);
});

test(`what every toolkit loads beside it, while its servers are being connected, is at most ${MOST.behind} bytes gzipped`, async () => {
  const { behind } = await bundleInParts();
  expect(behind.flatMap((chunk) => chunk.sources)).toContain('src/toolkit/road.ts');
  expect(sum(behind)).toBeLessThanOrEqual(MOST.behind);
});

test(`what a browser loads before anything runs, in one file, is at most ${MOST.inOne} bytes gzipped`, async () => {
  expect((await bundleInOne()).gzipped).toBeLessThanOrEqual(MOST.inOne);
});

test('the bundle holds client, both eras, reconnection and the HTTP transport; checks of schemas and other links come on demand', async () => {
  const { loaded, all } = await bundleInParts();
  const sources = loaded.flatMap((chunk) => chunk.sources);
  for (const needed of [
    'toolkit/toolkit',
    'protocol/legacy',
    'protocol/modern',
    'connection/connection',
    'transport/http',
  ]) {
    expect(sources).toContain(`src/${needed}.ts`);
  }
  const later = all.flatMap((chunk) => chunk.sources).filter((source) => !sources.includes(source));
  for (const onDemand of [
    'schema/cfworker',
    'transport/websocket',
    'transport/sse',
    'protocol/answers',
    'toolkit/shared-answers',
    'middleware/flight',
    'middleware/retry',
    'telemetry/metrics',
    'server/pins',
    'server/personal',
    'server/pool',
    'protocol/asker',
    'toolkit/methods',
    'toolkit/membership',
    'toolkit/listing',
    'toolkit/bare-names',
  ]) {
    expect(later).toContain(`src/${onDemand}.ts`);
  }
});

test('nothing in the bundle, on demand or not, is of Node or makes code from text', async () => {
  const { all } = await bundleInParts();
  expect(all.length).toBeGreaterThan(1);
  for (const { text } of all) {
    expect(text).not.toMatch(/["'`]node:/);
    expect(text).not.toMatch(/\beval\b|\bnew Function\b|\bFunction\(/);
    expect(text).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(/);
  }
});

test('what is loaded before anything runs is few files, whatever else is loaded on demand', async () => {
  expect((await bundleInParts()).loaded.length).toBeLessThanOrEqual(4);
});
