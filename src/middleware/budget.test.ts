import { expect, test } from 'vitest';
import { createRetryBudget, type RetryBudget } from './budget.ts';

const credit = (budget: RetryBudget, times: number): void => {
  for (let i = 0; i < times; i += 1) budget.credit(undefined);
};

test('of ten tokens, four failures leave more than half', () => {
  const budget = createRetryBudget();
  expect(Array.from({ length: 6 }, () => budget.charge())).toEqual([true, true, true, true, false, false]);
});

test('a success brings back a tenth of a token, and is handed on', () => {
  const budget = createRetryBudget();
  for (let i = 0; i < 5; i += 1) budget.charge();
  credit(budget, 10);
  expect(budget.charge()).toBe(false);
  credit(budget, 11);
  expect(budget.charge()).toBe(true);
  expect(budget.credit('it')).toBe('it');
});

test('however many have failed, 50 successes are enough, and 49 are not', () => {
  for (const [successes, mayRetry] of [
    [49, false],
    [50, true],
  ] as const) {
    const budget = createRetryBudget();
    for (let i = 0; i < 10_000; i += 1) budget.charge();
    credit(budget, successes);
    expect(budget.charge()).toBe(mayRetry);
  }
});

test('successes are not saved up beyond ten tokens', () => {
  const budget = createRetryBudget();
  credit(budget, 10_000);
  expect(Array.from({ length: 5 }, () => budget.charge()).filter(Boolean)).toHaveLength(4);
});
