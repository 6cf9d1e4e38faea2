import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { drive, until } from '../fixtures/faults/drive.ts';
import { living } from '../fixtures/faults/processes.ts';
import { FIXTURES } from '../fixtures/faults/worlds.ts';

const fixture = (name: string) => {
  const found = FIXTURES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no fixture ${name}`);
  return found;
};
const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing.splice(0)) close();
});

/** Carries bytes to a server until it falls silent without a word: what is lost is not noticed by either end. */
const silenceable = async (target: string): Promise<{ url: string; fallSilent(): void }> => {
  const { hostname, port } = new URL(target);
  const pairs = new Set<[Socket, Socket]>();
  const { connect } = await import('node:net');
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    pairs.add([near, far]);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    for (const socket of [...pairs].flat()) socket.destroy();
  });
  return {
    url: target.replace(port, String((server.address() as AddressInfo).port)),
    fallSilent() {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
      }
      pairs.clear();
    },
  };
};

describe('a server that is there and does nothing any more', () => {
  test('is ended and started again when it is a child: one that is stopped does not even hear SIGTERM', async () => {
    const { toolkit, call, expectFine } = await drive(fixture('stdio, legacy'), {}, { healthCheckIntervalMs: 150 });
    await call('echo', { value: 1 });
    const pid = toolkit.status().s?.pid as number;
    process.kill(pid, 'SIGSTOP');
    const stoppedAt = performance.now();
    const told: unknown[] = [];
    toolkit.on('disconnected', ({ error }) => void told.push(error?.message));
    await until(() => ![undefined, pid].includes(toolkit.status().s?.pid));
    console.log(`a stopped child was replaced after ${Math.round(performance.now() - stoppedAt)} ms`);
    expect(told).toEqual([expect.stringContaining('no sign of life')]);
    await until(() => living([pid]).length === 0);
    await expectFine();
  });

  test.each(['websocket, modern', 'websocket, legacy', 'sse, legacy'])('is connected to anew over %s', async (name) => {
    const { start, ...about } = fixture(name);
    let silence = (): void => {};
    const { toolkit, call, expectFine } = await drive(
      {
        ...about,
        async start(mode) {
          const world = await start(mode);
          const { url, fallSilent } = await silenceable(world.config.url as string);
          silence = fallSilent;
          return { ...world, config: { ...world.config, url } };
        },
      },
      {},
      { healthCheckIntervalMs: 150 },
    );
    await call('echo', { value: 1 });
    let reconnected = 0;
    toolkit.on('connected', () => {
      reconnected += 1;
    });
    silence();
    await until(() => reconnected > 0);
    await expectFine();
  });
});
