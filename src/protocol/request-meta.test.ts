import { describe, expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { requestMeta } from './request-meta.ts';

const callOf = (method: string, init = {}) => callFor(method, { name: 't' }, { startedAt: 1_000, meta: {}, ...init });

describe('what a server is told of a call', () => {
  test('is how long a tool may take at most, whatever the time without an answer is', () => {
    const call = callOf('tools/call', { timeoutMs: 10_000, totalTimeoutMs: 60_000 });
    expect(requestMeta(call, 'tools/call', 21_000.4)).toEqual({ 'toolway/remainingMs': 40_000 });
    expect(requestMeta(call, 'tools/call', 99_000)).toEqual({ 'toolway/remainingMs': 0 });
  });
  test('is nothing in other requests', () => {
    expect(requestMeta(callOf('resources/read'), 'resources/read', 1_000)).toEqual({});
    expect(requestMeta(callOf('tools/call'), 'tasks/get', 1_000)).toEqual({});
  });
  test('is which sending it is, from the second on', () => {
    const call = callOf('resources/read');
    call.attempt = 2;
    expect(requestMeta(call, 'resources/read', 1_000)).toEqual({ 'toolway/attempt': 2 });
  });
  test('is the key under which it is one and the same', () => {
    const call = callOf('resources/read', { idempotencyKey: 'order 7' });
    expect(requestMeta(call, 'resources/read', 1_000)).toEqual({ 'toolway/idempotencyKey': 'order 7' });
  });
});

test('what the caller gave is there as well, and what the era demands stands above it', () => {
  const meta = { trace: 1, era: 'mine' };
  const made = requestMeta(callOf('resources/read', { meta }), 'resources/read', 1_000, { era: 'modern' });
  expect(made).toEqual({ trace: 1, era: 'modern' });
  made.progressToken = 1;
  expect(meta).toEqual({ trace: 1, era: 'mine' });
});
