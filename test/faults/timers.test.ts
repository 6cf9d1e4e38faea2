import { describe, expect, test } from 'vitest';
import { createFakeClock, createTestToolkit } from '../../src/testing/index.ts';
import { timed } from '../fixtures/faults/timed.ts';
import { FIXTURES } from '../fixtures/faults/worlds.ts';

describe.each(FIXTURES)('a toolkit that is closed, over $name', (fixture) => {
  test('has no timer left', async () => {
    const world = await fixture.start();
    const { toolkit, clock, call } = await timed(world.config);
    expect(await call('echo', { value: 1 })).toBe(1);
    await toolkit.close();
    expect(clock.pendingTimers).toBe(0);
    await world.close();
  });
});

test('nor has one whose server ended before it said a word', async () => {
  const clock = createFakeClock();
  const s = { command: process.execPath, args: ['-e', 'process.exit(3)'], autoReconnect: false };
  const toolkit = await createTestToolkit({ connect: 'wait', mcpServers: { s } }, { clock });
  expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { exitCode: 3 } });
  await toolkit.close();
  expect(clock.pendingTimers).toBe(0);
});
