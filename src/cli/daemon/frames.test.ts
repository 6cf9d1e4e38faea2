import { expect, test } from 'vitest';
import { createFrameReader, FRAME, frameOf, jsonFrame } from './frames.ts';

const read = (reader: ReturnType<typeof createFrameReader>, bytes: Buffer): string[] =>
  reader.push(bytes).map(({ kind, body }) => `${kind} ${body}`);

test('frames come out as they went in, wherever the bytes are cut', () => {
  const bytes = Buffer.concat([frameOf(FRAME.stdout, 'ä€'), frameOf(FRAME.stdin), jsonFrame(FRAME.exit, 130)]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const reader = createFrameReader(100);
    const found = [...read(reader, bytes.subarray(0, cut)), ...read(reader, bytes.subarray(cut))];
    expect(found).toEqual(['5 ä€', '7 ', '12 130']);
  }
  const slow = createFrameReader(100);
  expect([...bytes].flatMap((byte) => read(slow, Buffer.from([byte])))).toEqual(['5 ä€', '7 ', '12 130']);
});

test('a frame beyond the limit is refused before its body has come', () => {
  const reader = createFrameReader(3);
  expect(read(reader, frameOf(FRAME.stdout, 'abc'))).toEqual(['5 abc']);
  const head = frameOf(FRAME.stdout, 'abcd').subarray(0, 5);
  expect(() => reader.push(head)).toThrow(expect.objectContaining({ code: 'message_too_large', limit: 3 }));
  const other = createFrameReader(3);
  other.allow(4);
  expect(read(other, frameOf(FRAME.stdout, 'abcd'))).toEqual(['5 abcd']);
});
