import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Toolkit } from '../../api.ts';
import type { CliContext, ToolkitSource } from '../command.ts';
import { reach } from './connect.ts';
import { createFrameReader, FRAME, type Frame, frameOf, jsonFrame, type WarmLine } from './frames.ts';
import type { KeptToolkits } from './kept.ts';
import { placeNamed, readSecrets } from './place.ts';
import { type Daemon, MOST_LINES, startListening } from './server.ts';

const line: WarmLine = {
  words: [],
  cwd: '/',
  env: {},
  stdout: { isTty: false },
  stderr: { isTty: false },
  hasTerminal: false,
};
const source: ToolkitSource = { mcpServers: {}, files: [], inputs: [] };

type RunLine = (words: readonly string[], context: CliContext) => Promise<number>;

/** A daemon whose lines do what the test says. */
const listening = async (runLine: RunLine, take: KeptToolkits['take'] = () => Promise.reject(new Error('none'))) => {
  const folder = mkdtempSync(join(tmpdir(), 'toolway-server-'));
  const place = placeNamed('0'.repeat(16), join(folder, 'own'), { TOOLWAY_STATE_DIR: folder });
  const kept: KeptToolkits = { take, size: 0, report: async () => [], close: async () => {} };
  const daemon = (await startListening({ place, version: '0', kept, idleMs: 60_000, runLine })) as Daemon;
  onTestFinished(async () => {
    await daemon.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { place, daemon };
};

/** A connection that was welcomed, and everything that comes on it. */
const welcomed = async (place: Parameters<typeof readSecrets>[0] & { socket: string }, want = 'line') => {
  const socket: Socket = connect(place.socket);
  onTestFinished(() => void socket.destroy());
  const reader = createFrameReader(1024);
  const frames: Frame[] = [];
  socket.on('error', () => {}).on('data', (chunk: Buffer) => void frames.push(...reader.push(chunk)));
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.write(jsonFrame(FRAME.hello, { token: readSecrets(place)?.token, want }));
  await vi.waitFor(() => expect(frames).not.toEqual([]));
  return { socket, closed, kinds: () => frames.map(({ kind }) => kind), last: () => frames.at(-1)?.body.toString() };
};

test('a line and what follows it may come in one piece', async () => {
  const { place } = await listening(
    (_words, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(7))),
  );
  const { socket, closed, last } = await welcomed(place);
  const interrupt = frameOf(FRAME.signal, 'SIGINT');
  socket.write(Buffer.concat([jsonFrame(FRAME.line, line), interrupt.subarray(0, 3)]));
  socket.write(interrupt.subarray(3));
  await closed;
  expect(last()).toBe('7');
});

test('a line that was promised to be run is run, though the daemon begins to end before it comes', async () => {
  const { place, daemon } = await listening(async (_words, { stdout }) => {
    await stdout.write('done');
    return 0;
  });
  const { socket, closed, kinds } = await welcomed(place);
  const end = daemon.close();
  socket.write(jsonFrame(FRAME.line, line));
  await closed;
  expect(kinds()).toEqual([FRAME.welcome, FRAME.stdout, FRAME.exit]);
  await end;
});

test('a toolkit that is there when its line is over is given back', async () => {
  let make = (_toolkit: Toolkit): void => {};
  const close = vi.fn(async () => {});
  const { place } = await listening(
    async (_words, { toolkit }) => {
      await toolkit({}, source);
      return 0;
    },
    () => new Promise((resolve) => (make = resolve)),
  );
  const { socket, closed } = await welcomed(place);
  socket.write(Buffer.concat([jsonFrame(FRAME.line, line), frameOf(FRAME.signal, 'SIGINT')]));
  await closed;
  expect(close).not.toHaveBeenCalled();
  make({ close } as unknown as Toolkit);
  await vi.waitFor(() => expect(close).toHaveBeenCalledOnce());
});

test('a daemon that has all the lines it can have still says how it is, and ends when it is told to', async () => {
  const { place, daemon } = await listening(() => new Promise(() => {}));
  const lines = await Promise.all(Array.from({ length: MOST_LINES }, () => welcomed(place)));
  expect((await welcomed(place)).kinds()).toEqual([FRAME.refused]);
  const asking = await welcomed(place, 'status');
  await asking.closed;
  expect(asking.kinds()).toEqual([FRAME.welcome, FRAME.report]);
  expect((await welcomed(place, 'stop')).kinds()).toEqual([FRAME.welcome]);
  await daemon.over;
  for (const { socket } of lines) socket.destroy();
});

test('the secrets of another daemon, which has come in its place, stay', async () => {
  const { place, daemon } = await listening(async () => 0);
  writeFileSync(place.token, 'of\nanother\n');
  await daemon.close();
  expect(readFileSync(place.token, 'utf8')).toBe('of\nanother\n');
  const alone = await listening(async () => 0);
  await alone.daemon.close();
  expect(existsSync(alone.place.token)).toBe(false);
});

test('whoever listens in its place and says what no daemon says is passed by', async () => {
  const { place, daemon } = await listening(async () => 0);
  const secrets = readFileSync(place.token);
  await daemon.close();
  writeFileSync(place.token, secrets, { mode: 0o600 });
  for (const said of [Buffer.alloc(64, 0xff), frameOf(FRAME.welcome, 'no JSON'), frameOf(FRAME.welcome, 'null')]) {
    const stranger = createServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .write(said),
    );
    await new Promise<void>((resolve) => void stranger.listen(place.socket, resolve));
    expect(await reach(place, 'line')).toEqual({
      absent: false,
      why: 'somebody else listens in the place of the daemon',
    });
    await new Promise((resolve) => stranger.close(resolve));
  }
});
