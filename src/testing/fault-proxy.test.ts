import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../test/fixtures/faults/drive.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFaultProxy, type FaultProxyOptions } from './fault-proxy.ts';
import type { Toxic } from './toxics.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Says what it hears, and keeps it. */
const startEcho = async () => {
  const sockets: Socket[] = [];
  const heard: Buffer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      heard.push(bytes);
      socket.write(bytes);
    });
    socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const open = () => sockets.filter((socket) => !socket.destroyed).length;
  return { port, sockets, open, heard: () => Buffer.concat(heard).toString() };
};

const dial = async (port: number) => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const seen = { text: '', chunks: 0, ended: false, closed: false, error: '' };
  socket.on('data', (bytes: Buffer) => {
    seen.text += bytes.toString('latin1');
    seen.chunks += 1;
  });
  socket.on('end', () => {
    seen.ended = true;
  });
  socket.on('close', () => {
    seen.closed = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? '';
  });
  cleanups.push(() => socket.destroy());
  await until(() => socket.readyState === 'open' || seen.closed);
  return { socket, seen };
};

const setUp = async (toxics: Toxic[] = [], options: Partial<FaultProxyOptions> = {}) => {
  const clock = createFakeClock();
  const echo = await startEcho();
  const proxy = await createFaultProxy({ target: { port: echo.port }, clock, seed: 1, ...options });
  cleanups.push(() => proxy.close());
  for (const toxic of toxics) await proxy.add(toxic);
  return { clock, echo, proxy, dial: () => dial(proxy.port) };
};
/** Real sockets bring what was written in their own time; it has arrived when somebody waits for the clock. */
const somebodyWaits = (clock: { pendingTimers: number }) => until(() => clock.pendingTimers > 0);

describe('a proxy without toxics', () => {
  test('passes bytes on both ways, and each end as it comes', async () => {
    const { echo, proxy, dial } = await setUp();
    const { socket, seen } = await dial();
    socket.end('hello');
    await until(() => seen.closed);
    expect([seen.text, seen.ended, seen.error, echo.heard()]).toEqual(['hello', true, '', 'hello']);
    await until(() => proxy.connections === 0);
    expect([proxy.accepted, echo.open()]).toEqual([1, 0]);
  });

  test('carries megabytes at the pace of the reader', async () => {
    const { dial } = await setUp();
    const { socket, seen } = await dial();
    const size = 8 * 1024 * 1024;
    socket.end(Buffer.alloc(size, 'x'));
    await until(() => seen.ended);
    expect(seen.text).toHaveLength(size);
  });

  test('says where it is, in the words of its target', async () => {
    const { echo } = await setUp();
    const over = async (target: FaultProxyOptions['target']) => {
      const proxy = await createFaultProxy({ target });
      cleanups.push(() => proxy.close());
      return proxy;
    };
    const http = await over(`http://localhost:${echo.port}/mcp?a=1`);
    expect(http.url).toBe(`http://127.0.0.1:${http.port}/mcp?a=1`);
    const socket = await over(new URL(`ws://127.0.0.1:${echo.port}/mcp`));
    expect(socket.url).toBe(`ws://127.0.0.1:${socket.port}/mcp`);
    expect((await over({ port: echo.port })).url).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  });

  test.each(['nonsense', 'tcp://127.0.0.1'])('a target that cannot be reached by it is refused: %s', async (target) => {
    await expect(createFaultProxy({ target })).rejects.toMatchObject({ code: 'invalid_config' });
  });

  test('a target that refuses connections resets them', async () => {
    const proxy = await createFaultProxy({ target: { port: 1 } });
    cleanups.push(() => proxy.close());
    const { seen } = await dial(proxy.port);
    await until(() => seen.closed);
    expect(seen.error).toBe('ECONNRESET');
  });
});

describe('latency', () => {
  test('delays one direction, keeps the order and does not add up', async () => {
    const { clock, echo, dial } = await setUp([{ type: 'latency', stream: 'downstream', latencyMs: 1_000 }]);
    const { socket, seen } = await dial();
    socket.write('one ');
    await somebodyWaits(clock);
    socket.write('two');
    await until(() => echo.heard() === 'one two');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(999);
    expect(seen.text).toBe('');
    await clock.advance(1);
    await until(() => seen.text === 'one two');
    expect(clock.now()).toBe(1_000);
  });

  test('jitter stays within its bounds, and is the same for the same seed', async () => {
    const delays = async (seed: number) => {
      const toxic: Toxic = { type: 'latency', stream: 'upstream', latencyMs: 100, jitterMs: 50 };
      const { clock, echo, dial } = await setUp([toxic], { seed });
      const found: number[] = [];
      const { socket } = await dial();
      for (let i = 1; i <= 5; i += 1) {
        socket.write('x');
        await somebodyWaits(clock);
        const delay = clock.nextTimerMs ?? Number.NaN;
        found.push(Math.round(delay));
        await clock.advance(delay);
        await until(() => echo.heard().length === i);
      }
      return found;
    };
    const [first, again, other] = [await delays(7), await delays(7), await delays(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    for (const delay of [...first, ...other]) {
      expect(delay).toBeGreaterThanOrEqual(50);
      expect(delay).toBeLessThanOrEqual(150);
    }
  });

  test('removed, it lets go of what it held', async () => {
    const { clock, proxy, dial } = await setUp([{ type: 'latency', name: 'slow', latencyMs: 60_000 }]);
    const { socket, seen } = await dial();
    socket.write('held');
    await somebodyWaits(clock);
    expect(await proxy.remove('slow')).toBe(true);
    await until(() => seen.text === 'held');
    expect(clock.pendingTimers).toBe(0);
    expect(await proxy.remove('slow')).toBe(false);
  });
});

test('bandwidth lets a tenth of its bytes through each tenth of a second', async () => {
  const { clock, dial } = await setUp([{ type: 'bandwidth', bytesPerSecond: 100 }]);
  const { socket, seen } = await dial();
  socket.write('x'.repeat(35));
  await somebodyWaits(clock);
  for (const [ms, bytes] of [
    [99, 0],
    [1, 10],
    [100, 20],
    [100, 30],
    [50, 35],
  ] as const) {
    await clock.advance(ms);
    await until(() => seen.text.length >= bytes);
    expect(seen.text).toHaveLength(bytes);
  }
});

test('slow_close keeps the end back, not the data', async () => {
  const { clock, dial } = await setUp([{ type: 'slow_close', delayMs: 500 }]);
  const { socket, seen } = await dial();
  socket.end('last words');
  await until(() => seen.text === 'last words');
  await somebodyWaits(clock);
  expect(seen.ended).toBe(false);
  await clock.advance(500);
  await until(() => seen.ended);
});

describe('timeout', () => {
  test('0 is a black hole; removed, it closes the connections that lost data', async () => {
    const { clock, echo, proxy, dial } = await setUp([{ type: 'timeout', name: 'hole', timeoutMs: 0 }]);
    const [{ socket, seen }, idle] = [await dial(), await dial()];
    socket.write('into the hole');
    await until(() => echo.heard() === 'into the hole');
    await clock.advance(3_600_000);
    expect([seen.text, seen.closed]).toEqual(['', false]);
    await proxy.remove('hole');
    await until(() => seen.ended);
    idle.socket.write('still here');
    await until(() => idle.seen.text === 'still here');
  });

  test('closes the connection when its time is over, whether data came or not', async () => {
    const { clock, echo, dial } = await setUp([{ type: 'timeout', timeoutMs: 300 }]);
    const { seen } = await dial();
    await until(() => echo.open() === 1);
    await clock.advance(299);
    expect(seen.ended).toBe(false);
    await clock.advance(1);
    await until(() => seen.ended && echo.open() === 0);
  });

  test('reaches a connection that was open before, and spares it when it is gone in time', async () => {
    const { clock, proxy, echo, dial } = await setUp();
    const { socket, seen } = await dial();
    await until(() => echo.open() === 1);
    const name = await proxy.add({ type: 'timeout', stream: 'upstream', timeoutMs: 300 });
    await clock.advance(200);
    await proxy.remove(name);
    await clock.advance(1_000);
    socket.write('alive');
    await until(() => seen.text === 'alive');
  });
});

describe('reset_peer', () => {
  test('downstream, the request arrives and its answer never does', async () => {
    const { echo, dial } = await setUp([{ type: 'reset_peer' }]);
    const { socket, seen } = await dial();
    socket.write('request');
    await until(() => seen.closed);
    expect([seen.error, seen.text, echo.heard()]).toEqual(['ECONNRESET', '', 'request']);
    await until(() => echo.open() === 0);
  });

  test('upstream, the request never arrives', async () => {
    const { clock, echo, dial } = await setUp([{ type: 'reset_peer', stream: 'upstream', timeoutMs: 50 }]);
    const { socket, seen } = await dial();
    socket.write('request');
    await somebodyWaits(clock);
    expect(seen.closed).toBe(false);
    await clock.advance(50);
    await until(() => seen.closed);
    expect([seen.error, echo.heard()]).toEqual(['ECONNRESET', '']);
  });
});

test('slicer hands over single bytes, with a pause between them', async () => {
  const { clock, echo, dial } = await setUp([{ type: 'slicer', stream: 'upstream', delayMs: 10 }]);
  const { socket } = await dial();
  const text = 'é🙂\r\n';
  socket.write(text);
  const size = Buffer.byteLength(text);
  for (let bytes = 1; bytes < size; bytes += 1) {
    await somebodyWaits(clock);
    await clock.advance(10);
  }
  await until(() => echo.heard() === text);
  expect(clock.now()).toBe(10 * (size - 1));
});

test('limit_data closes the connection behind so many bytes', async () => {
  const { echo, dial } = await setUp([{ type: 'limit_data', bytes: 7 }]);
  const { socket, seen } = await dial();
  socket.write('12345');
  await until(() => seen.text === '12345');
  socket.write('67890');
  await until(() => seen.ended);
  expect(seen.text).toBe('1234567');
  await until(() => echo.open() === 0);
});

describe('down', () => {
  test('resets what is open and refuses what is new, until it is removed; the port stays the same', async () => {
    const { proxy, dial } = await setUp();
    const before = await dial();
    const { port } = proxy;
    const name = await proxy.add({ type: 'down' });
    await until(() => before.seen.closed);
    expect(before.seen.error).toBe('ECONNRESET');
    expect((await dial()).seen.error).toBe('ECONNREFUSED');
    await proxy.remove(name);
    expect(proxy.port).toBe(port);
    const after = await dial();
    after.socket.write('up again');
    await until(() => after.seen.text === 'up again');
  });

  test('with a probability, some connections are reset, and the seed says which', async () => {
    const outcomes = async (seed: number) => {
      const { dial } = await setUp([{ type: 'down', toxicity: 0.5 }], { seed });
      const found: string[] = [];
      for (let i = 0; i < 12; i += 1) {
        const { socket, seen } = await dial();
        socket.write('x');
        await until(() => seen.closed || seen.text === 'x');
        found.push(seen.text === 'x' ? 'up' : 'down');
        socket.destroy();
      }
      return found;
    };
    const first = await outcomes(3);
    expect(new Set(first)).toEqual(new Set(['up', 'down']));
    expect(await outcomes(3)).toEqual(first);
  });
});

describe('the toxics of a proxy', () => {
  test('pass data on in the order in which they were added', async () => {
    const { proxy, dial } = await setUp();
    await proxy.add({ type: 'limit_data', bytes: 4, name: 'limit' });
    await proxy.add({ type: 'slicer', name: 'slices' });
    expect(proxy.toxics().map(({ name }) => name)).toEqual(['limit', 'slices']);
    const { socket, seen } = await dial();
    socket.write('123456');
    await until(() => seen.ended);
    expect(seen.text).toBe('1234');
    await proxy.clear();
    expect(proxy.toxics()).toEqual([]);
  });

  test('with a probability, take hold of some connections for as long as they last', async () => {
    const { dial } = await setUp([{ type: 'limit_data', bytes: 1, toxicity: 0.5 }], { seed: 11 });
    const spared: boolean[] = [];
    for (let i = 0; i < 16; i += 1) {
      const { socket, seen } = await dial();
      socket.write('abc');
      await until(() => seen.ended || seen.text === 'abc');
      socket.write('def');
      await until(() => seen.ended || seen.text === 'abcdef');
      spared.push(seen.text === 'abcdef');
      socket.destroy();
    }
    expect(spared.filter(Boolean).length).toBeGreaterThan(2);
    expect(spared.filter((yes) => !yes).length).toBeGreaterThan(2);
  });

  test('are checked', async () => {
    const { proxy } = await setUp();
    await proxy.add({ type: 'slicer', name: 'taken' });
    const bad: [unknown, RegExp][] = [
      [{ type: 'gremlins' }, /there is none of type "gremlins"/],
      [{ type: 'latency' }, /latencyMs is missing/],
      [{ type: 'latency', latencyMs: -1 }, /latencyMs must be 0 or more/],
      [{ type: 'bandwidth', bytesPerSecond: 0 }, /bytesPerSecond must be 1 or more/],
      [{ type: 'slicer', toxicity: 2 }, /toxicity must be from 0 to 1/],
      [{ type: 'slicer', name: 'taken' }, /the name is taken/],
      [{ type: 'status', status: 503 }, /a proxy for bytes cannot have one of type "status"/],
    ];
    for (const [toxic, why] of bad) {
      const failure = await proxy.add(toxic as Toxic).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'invalid_config', message: expect.stringMatching(why) });
    }
    expect(proxy.toxics()).toHaveLength(1);
  });
});

test('cut resets what is open and lets new connections in; close leaves nothing', async () => {
  const { proxy, dial } = await setUp();
  const first = await dial();
  await until(() => proxy.connections === 1);
  proxy.cut();
  await until(() => first.seen.closed);
  expect(first.seen.error).toBe('ECONNRESET');
  const second = await dial();
  await until(() => proxy.connections === 1);
  await proxy.close();
  await until(() => second.seen.closed && proxy.connections === 0);
  expect((await dial()).seen.error).toBe('ECONNREFUSED');
});
