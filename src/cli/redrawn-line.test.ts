import { expect, test } from 'vitest';
import type { Sink } from './command.ts';
import { createRedrawnLine } from './redrawn-line.ts';
import { createScreen } from './screen.ts';

const screenful = () => {
  const written: string[] = [];
  const sink: Sink = { isTty: true, columns: 80, write: async (text) => void written.push(text as string) };
  return { written, sink };
};

test('a line that had nothing to show when it was first drawn is drawn later', async () => {
  const { written, sink } = screenful();
  let text: string | undefined;
  const line = createRedrawnLine({ sink, text: () => text });
  await line.aside(async () => {});
  text = 'writing';
  line.redraw();
  await line.end();
  expect(written.join('')).toContain('writing');
});

test('a line is drawn again after a question that began under a remark', async () => {
  const { written, sink } = screenful();
  let finish = (): void => {};
  const slow = () => new Promise<void>((resolve) => (finish = resolve));
  const terminal = {
    read: async () => ({ line: '' }),
    above() {},
    query: async () => undefined,
    listen: () => () => {},
  };
  const screen = createScreen({ stderr: { ...sink, write: slow }, terminal: async () => terminal });
  const line = createRedrawnLine({ sink, screen, text: () => 'working' });
  line.redraw();
  const noted = screen.note('a remark');
  await screen.converse(async () => {
    finish();
    await noted;
  });
  written.length = 0;
  line.redraw();
  await line.end();
  expect(written.join('')).toContain('working');
});
