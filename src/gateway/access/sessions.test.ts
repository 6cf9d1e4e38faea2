import { describe, expect, test } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { createCodes, createSessions } from './sessions.ts';

describe('a code', () => {
  test('is good once', () => {
    const codes = createCodes<string>({ clock: createHandClock() });
    const code = codes.make('a');
    expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect([codes.take(code), codes.take(code), codes.take('')]).toEqual(['a', undefined, undefined]);
  });

  test('is good for a minute', async () => {
    const clock = createHandClock();
    const codes = createCodes<string>({ clock });
    const [early, late] = [codes.make('early'), codes.make('late')];
    await clock.advance(59_999);
    expect(codes.take(early)).toBe('early');
    await clock.advance(1);
    expect(codes.take(late)).toBeUndefined();
  });

  test('is forgotten when too many wait', () => {
    const codes = createCodes<number>({ clock: createHandClock(), max: 2 });
    const made = [1, 2, 3].map((value) => codes.make(value));
    expect(made.map((code) => codes.take(code))).toEqual([undefined, 2, 3]);
  });
});

describe('a session', () => {
  const limits = { idleMs: 100, maxMs: 250 };

  test('ends after a time without a request', async () => {
    const clock = createHandClock();
    const sessions = createSessions<string>({ clock, ...limits });
    const id = sessions.open('a');
    await clock.advance(99);
    expect(sessions.find(id)).toBe('a');
    await clock.advance(99);
    expect(sessions.find(id)).toBe('a');
    await clock.advance(100);
    expect(sessions.find(id)).toBeUndefined();
  });

  test('ends after its whole time, however busy', async () => {
    const clock = createHandClock();
    const sessions = createSessions<string>({ clock, ...limits });
    const id = sessions.open('a');
    for (let at = 0; at < 240; at += 80) {
      expect(sessions.find(id)).toBe('a');
      await clock.advance(80);
    }
    await clock.advance(10);
    expect(sessions.find(id)).toBeUndefined();
  });

  test('ends when it is told to', () => {
    const sessions = createSessions<string>({ clock: createHandClock(), ...limits });
    const id = sessions.open('a');
    sessions.end(id);
    expect(sessions.find(id)).toBeUndefined();
  });

  test('that was longest without a request makes room for one more', () => {
    const sessions = createSessions<number>({ clock: createHandClock(), ...limits, max: 2 });
    const [first, second] = [sessions.open(1), sessions.open(2)];
    sessions.find(first);
    const third = sessions.open(3);
    expect([first, second, third].map((id) => sessions.find(id))).toEqual([1, undefined, 3]);
  });
});
