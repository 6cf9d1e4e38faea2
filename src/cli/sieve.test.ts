import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSieve } from './sieve.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is how a terminal answers
const ANSWER = /\x1b\[\?[\d;]+c/;
const makeSieve = () => {
  let typed = '';
  const sieve = createSieve((chunk) => {
    typed += chunk.toString('utf8');
  });
  return { sieve, take: (text: string) => sieve.take(Buffer.from(text)), typed: () => typed };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an answer of the terminal', () => {
  test('is taken out of what is typed, of which nothing is lost or changed', async () => {
    const { sieve, take, typed } = makeSieve();
    take('a');
    const answer = sieve.wait(ANSWER, 200);
    expect(sieve.isWaiting).toBe(true);
    take('bö\x1b[?6');
    take('2;4cd');
    expect(await answer).toBe('\x1b[?62;4c');
    expect(sieve.isWaiting).toBe(false);
    take('日');
    expect(typed()).toBe('aböd日');
  });

  test('is waited for no longer than was said; what was typed comes then, and a late answer is dropped once', async () => {
    const { sieve, take, typed } = makeSieve();
    const answer = sieve.wait(ANSWER, 200);
    take('ls\r');
    vi.advanceTimersByTime(199);
    expect(typed()).toBe('');
    vi.advanceTimersByTime(1);
    expect(await answer).toBeUndefined();
    expect(typed()).toBe('ls\r');
    take('x\x1b[?1cy');
    take('\x1b[?1c');
    expect(typed()).toBe('ls\rxy\x1b[?1c');
  });
});
