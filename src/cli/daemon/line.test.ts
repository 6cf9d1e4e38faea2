import { expect, test } from 'vitest';
import { FRAME, type Frame, frameOf, type Wish } from './frames.ts';
import { createRemoteInput, MAX_STDIN_BYTES } from './input.ts';
import { createRemoteLine } from './line.ts';

/** A line whose other end takes nothing once it has `unread` bytes before it. */
const lineWith = (unread = 0) => {
  const sent: Buffer[] = [];
  const stream = { isTty: false };
  const remote = createRemoteLine({
    line: {
      words: [],
      cwd: '/',
      env: {},
      stdout: { ...stream },
      stderr: { isTty: true, columns: 80 },
      hasTerminal: true,
    },
    wire: {
      async send(frame) {
        sent.push(Buffer.from(frame));
      },
      unread: () => unread,
    },
    version: '0',
    toolkit: () => Promise.reject(new Error('none')),
  });
  const frame = (kind: number, body = ''): Frame => ({ kind, body: frameOf(kind, body).subarray(5) });
  return { remote, sent, frame };
};

test('remarks are dropped while the other end does not read, results never', async () => {
  const { remote, sent } = lineWith(2 * 1024 * 1024);
  await remote.context.stderr.write('a remark');
  expect(sent).toEqual([]);
  await remote.context.stdout.write('x'.repeat(200_000));
  expect(sent.map((frame) => frame.readUInt8(4))).toEqual(Array(4).fill(FRAME.stdout));
});

test('stdin is asked for when somebody reads it, and beyond 64 MiB refused', async () => {
  const wishes: Wish[] = [];
  const input = createRemoteInput((wish) => wishes.push(wish));
  expect(wishes).toEqual([]);
  const text = input.text();
  const refused = expect(text).rejects.toMatchObject({ code: 'message_too_large', limit: MAX_STDIN_BYTES });
  const chunk = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent <= MAX_STDIN_BYTES; sent += chunk.length) input.take(chunk);
  input.take(Buffer.alloc(0));
  await refused;
  expect(wishes[0]).toEqual({ stdin: 'read' });
});

test('the size of the terminal follows that of the other end', () => {
  const { remote, frame } = lineWith();
  expect(remote.context.stderr.columns).toBe(80);
  remote.take(frame(FRAME.size, JSON.stringify({ stdout: 40, stderr: 120 })));
  expect([remote.context.stdout.columns, remote.context.stderr.columns]).toEqual([undefined, 120]);
});

test('a page is opened at the other end, which says what came of it', async () => {
  const { remote, sent, frame } = lineWith();
  const opened = remote.context.openUrl('https://example.com');
  expect(sent.map((bytes) => bytes.subarray(5).toString())).toEqual(['{"open":"https://example.com","id":1}']);
  remote.take(frame(FRAME.opened, '{"id":1,"error":"there is no browser"}'));
  await expect(opened).rejects.toThrow('there is no browser');
});
