import { expect, test } from 'vitest';
import { collected } from '../../test/fixtures/collected.ts';
import { systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';
import { createConnection } from './connection.ts';

test('why links were lost, and attempts failed, is forgotten once there is a new link', async () => {
  const failures: WeakRef<ToolwayError>[] = [];
  const failure = (): ToolwayError => {
    const made = new ToolwayError('connect_failed', 'it broke');
    failures.push(new WeakRef(made));
    return made;
  };
  let lose = (): void => {};
  let attempts = 0;
  const connection = createConnection({
    clock: systemClock,
    isChild: false,
    autoReconnect: true,
    maxRetries: Number.POSITIVE_INFINITY,
    retryDelayMs: 1,
    connect: async ({ lost }) => {
      attempts += 1;
      if (attempts % 2 === 0) throw failure();
      // A session holds on to what it was given, as a transport does.
      lose = () => lost(failure());
      return { lost, close: async () => {} } as unknown as Session;
    },
    onState() {},
  });
  for (let link = 0; link < 2; link += 1) {
    await connection.session();
    lose();
  }
  const session = await connection.session();
  expect([attempts, failures.length]).toEqual([5, 4]);
  await collected(failures);
  expect(connection.current()).toBe(session);
  await connection.close();
}, 20_000);
