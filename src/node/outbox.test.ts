import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createOutbox } from './outbox.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream that takes one write and finishes it when `accept()` is called, or at once when it is `fast`. */
const peer = ({ fast = false } = {}) => {
  const writes: string[] = [];
  let done: (() => void) | undefined;
  const stream = new Writable({
    decodeStrings: false,
    highWaterMark: 16 * 1024,
    write(chunk: string, _encoding, callback) {
      writes.push(chunk);
      if (fast) callback();
      else done = callback;
    },
  });
  const accept = async (): Promise<void> => {
    const finish = done;
    done = undefined;
    finish?.();
    await turn();
  };
  return { stream, writes, accept };
};

test('what is pushed in one turn leaves in one write', async () => {
  const { stream, writes } = peer({ fast: true });
  const outbox = createOutbox(stream);
  for (const line of ['a', 'b', 'c']) outbox.push(line);
  expect(writes).toEqual([]);
  await turn();
  outbox.push('d');
  await turn();
  expect(writes).toEqual(['a\nb\nc\n', 'd\n']);
});

test('flush() does not wait for the end of the turn', () => {
  const { stream, writes } = peer({ fast: true });
  const outbox = createOutbox(stream);
  outbox.push('a');
  outbox.flush();
  expect(writes).toEqual(['a\n']);
});

describe('while the stream is full', () => {
  const long = 'x'.repeat(40_000);

  test('lines wait, in their order, and one listener serves all', async () => {
    const { stream, writes, accept } = peer();
    const outbox = createOutbox(stream);
    for (let i = 0; i < 100; i += 1) {
      outbox.push(`${i}${long}`, i);
      if (i % 10 === 0) await turn();
    }
    expect(writes).toHaveLength(1);
    expect(stream.listenerCount('drain')).toBe(1);
    for (let i = 0; i < 100; i += 1) await accept();
    expect(writes.join('')).toBe(Array.from({ length: 100 }, (_, i) => `${i}${long}\n`).join(''));
    expect(stream.listenerCount('drain')).toBe(1);
  });

  test('requests that were not written are known, and those that were are not among them', async () => {
    const { stream, writes, accept } = peer();
    const outbox = createOutbox(stream);
    for (let id = 0; id < 10; id += 1) outbox.push(long, id);
    outbox.push('a notification');
    await turn();
    await accept();
    expect(writes).toHaveLength(2);
    expect(outbox.giveUp()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    await accept();
    await accept();
    expect(writes).toHaveLength(2);
    expect(outbox.giveUp()).toEqual([]);
  });

  test('what waits is bounded', async () => {
    const { stream, accept } = peer();
    const outbox = createOutbox(stream, { maxWaitingChars: 100_000 });
    outbox.push(long);
    await turn();
    expect([outbox.push(long), outbox.push(long), outbox.push(long)]).toEqual([true, true, false]);
    await accept();
    expect(outbox.push(long)).toBe(true);
  });
});

test('nothing is written to a stream that has ended', async () => {
  const { stream, writes } = peer({ fast: true });
  const outbox = createOutbox(stream);
  stream.destroy();
  outbox.push('a', 1);
  await turn();
  expect(writes).toEqual([]);
  expect(outbox.giveUp()).toEqual([1]);
});
