import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPastedTexts, createPastes, MAX_PASTE_BYTES } from './pastes.ts';
import { createTypedAhead, MAX_HELD_BYTES } from './typed-ahead.ts';

const makePastes = (isOn = true) => {
  const came: unknown[] = [];
  const pastes = createPastes({
    isOn: () => isOn,
    onTyped: (bytes) => void came.push(bytes.toString()),
    onPasted: ({ bytes, lost, entered }) => void came.push([bytes.toString(), lost, entered]),
  });
  return {
    came,
    drop: pastes.drop,
    take(...chunks: string[]): void {
      for (const each of chunks) pastes.take(Buffer.from(each));
    },
  };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what is pasted', () => {
  test('is what stands between the marks, wherever they are cut', () => {
    const { came, take } = makePastes();
    take('a\x1b', '[20', '0~one\rtw', 'o\x1b[2', '01~', 'b\r');
    expect(came).toEqual(['a', ['one\rtwo', 0, false], 'b\r']);
  });

  test('without marks is lines that come at once, in pieces that follow each other closely', () => {
    const { came, take } = makePastes();
    take('one\rtw', 'o\rthree', '\r');
    expect(came).toEqual([]);
    vi.advanceTimersByTime(40);
    take('four\r', 'five\r\n', '\r\r');
    expect(came).toEqual([['one\rtwo\rthree', 0, true], 'four\r', 'five\r\n', '\r\r']);
  });

  test('is nothing where nobody heeds it', () => {
    const { came, take } = makePastes(false);
    take('one\rtwo\r', '\x1b');
    expect(came).toEqual(['one\rtwo\r', '\x1b']);
  });

  test('leaves a key that begins like a mark what it is', () => {
    const { came, take } = makePastes();
    take('\x1b');
    vi.advanceTimersByTime(40);
    take('\x1b[A');
    expect(came).toEqual(['\x1b', '\x1b[A']);
  });

  test.each(['\x03', '\x04'])('does not swallow the key %j where the end of it never comes', (key) => {
    const { came, take } = makePastes();
    take('\x1b[200~one\rtwo', key, 'a');
    take('one\rtwo\r', key);
    vi.advanceTimersByTime(40);
    expect(came).toEqual([key, 'a', key]);
  });

  test('is dropped where it began before it was wanted', () => {
    const { came, take, drop } = makePastes();
    take('\x1b[200~y\r');
    drop();
    take('y\r\x1b[201~');
    take('y\ry\r');
    drop();
    vi.advanceTimersByTime(40);
    take('n\r');
    expect(came).toEqual(['n\r']);
  });

  test(`has at most ${MAX_PASTE_BYTES} bytes`, () => {
    const { came, take } = makePastes();
    take(`\x1b[200~${'x'.repeat(MAX_PASTE_BYTES)}`, 'yz\x1b[201~');
    expect(came).toEqual([['x'.repeat(MAX_PASTE_BYTES), 2, false]]);
  });
});

describe('in the line', () => {
  const typed = (text: string, lost = 0) => {
    const texts = createPastedTexts();
    const line = texts.typed({ bytes: Buffer.from(text), lost, entered: false });
    return { line, filled: texts.filled(`> ${line} [pasted text 9: 2 lines]`) };
  };
  test.each<[string, number, string, string]>([
    ['one word\r\n', 0, 'one word', 'one word'],
    ['a\r\nb\rc\n', 0, '[pasted text 1: 3 lines]', 'a\nb\nc\n'],
    ['a\tb', 0, '[pasted text 1: 3 characters]', 'a\tb'],
    ['$& $1\n.', 0, '[pasted text 1: 2 lines]', '$& $1\n.'],
    ['abc', 7, '[pasted text 1: 3 characters, cut: the last 7 bytes are left out]', 'abc'],
  ])('%j is shown in short, and sent as it was', (text, lost, line, sent) => {
    expect(typed(text, lost)).toEqual({ line, filled: `> ${sent} [pasted text 9: 2 lines]` });
  });
});

describe('what is typed ahead', () => {
  const paste = (text: string) => ({ bytes: Buffer.from(text), lost: 0, entered: false });
  test('is kept in its order, up to its bounds, and what is left out is counted', () => {
    const ahead = createTypedAhead();
    ahead.add(Buffer.from('a'));
    ahead.addPaste(paste('x'.repeat(MAX_PASTE_BYTES + 1)));
    ahead.addPaste(paste('yy'));
    ahead.add(Buffer.alloc(MAX_HELD_BYTES, 'b'));
    const { items, lost } = ahead.take();
    expect(lost).toBe(3);
    expect(items.map((each) => ('bytes' in each ? [each.bytes.length, each.lost] : each.length))).toEqual([
      1,
      [MAX_PASTE_BYTES, 1],
      MAX_HELD_BYTES - 1,
    ]);
    expect(ahead.take()).toEqual({ items: [], lost: 0 });
  });
});
