import { expect, test } from 'vitest';
import { estimateTokens } from './tokens.ts';

const json = JSON.stringify(
  Array.from({ length: 200 }, (_, id) => ({ id, name: `Item ${id}`, price: id * 2, tags: ['a', 'b'] })),
);
const bytes = String.fromCharCode(...Array.from({ length: 9_000 }, (_, n) => (n * 7919 + n * n * 31) % 256));

/** The counts are those of the encoding o200k_base. */
test.each([
  ['prose', 'The quick brown fox jumps over the lazy dog, and nobody complains about it.', 16],
  ['code', 'export const getUserById = async (id: string): Promise<User | undefined> => users.get(id);', 23],
  ['JSON', json, 4202],
  ['base64', btoa(bytes), 7929],
])('%s is estimated within a fifth', (_, text, tokens) => {
  expect(estimateTokens(text) / tokens).toBeGreaterThan(0.85);
  expect(estimateTokens(text) / tokens).toBeLessThan(1.2);
});

test('every text has an estimate, and none but the empty one is free', () => {
  expect(estimateTokens('')).toBe(0);
  expect(estimateTokens('\ud800 \ud800')).toBeGreaterThan(0);
  expect(estimateTokens(' '.repeat(1_600))).toBe(100);
  expect(estimateTokens('人工智能'.repeat(100))).toBe(320);
});
