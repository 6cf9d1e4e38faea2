import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createScreen } from './screen.ts';
import { createTerminal, type KeyInput } from './terminal.ts';

const ESC = String.fromCharCode(27);

/** A keyboard and a screen; `settle` lets everything happen that was typed. */
const makeTerminal = () => {
  const keys = Object.assign(new EventEmitter(), {
    raw: false,
    setRawMode(raw: boolean) {
      keys.raw = raw;
    },
    resume() {},
    pause() {},
  });
  const output = new PassThrough();
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const terminal = createTerminal(keys as unknown as KeyInput, Object.assign(output, { columns: 20, isTTY: true }));
  return {
    terminal,
    keys,
    type: async (text: string) => {
      keys.emit('data', Buffer.from(text));
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    },
    shown: () => shown,
  };
};

describe('a terminal', () => {
  test('reads a line, and holds the keyboard no longer than that', async () => {
    const { terminal, keys, type } = makeTerminal();
    const line = terminal.read({ prompt: '> ' });
    expect(keys.raw).toBe(true);
    await type('ab\u007fc');
    await type('\r');
    expect(await line).toEqual({ line: 'ac' });
    expect([keys.raw, keys.listenerCount('data')]).toEqual([false, 0]);
  });

  test('gives each of many lines to its own reading, with either line end', async () => {
    const { terminal, type } = makeTerminal();
    const first = terminal.read({ prompt: '> ' });
    const stop = terminal.listen(() => {});
    await type('one\r\ntwo\rthr');
    expect(await first).toEqual({ line: 'one' });
    expect(await terminal.read({ prompt: '> ' })).toEqual({ line: 'two' });
    const third = terminal.read({ prompt: '> ' });
    await type('ee\n');
    expect(await third).toEqual({ line: 'three' });
    stop();
  });

  test('a question that comes while another one is open is answered first, and the other goes on as it was', async () => {
    const { terminal, type, shown } = makeTerminal();
    const outer = terminal.read({ prompt: '> ' });
    await type('half');
    const inner = terminal.read({ prompt: 'sure? ' });
    await type('y\r more\r');
    expect(await inner).toEqual({ line: 'y' });
    expect(await outer).toEqual({ line: 'half more' });
    expect(shown()).toMatch(/half[\s\S]*sure\? [\s\S]*y[\s\S]*> half/);
  });

  test('a question that ends while another one is before it leaves that one alone', async () => {
    const { terminal, type, keys } = makeTerminal();
    const stop = new AbortController();
    const outer = terminal.read({ prompt: '> ', signal: stop.signal });
    const inner = terminal.read({ prompt: 'sure? ' });
    stop.abort();
    expect(await outer).toEqual({ ended: 'aborted' });
    await type('y\r');
    expect(await inner).toEqual({ line: 'y' });
    const both = [terminal.read({ prompt: '> ' }), terminal.read({ prompt: 'sure? ' })];
    keys.emit('end');
    expect(await Promise.all(both)).toEqual([{ ended: 'end' }, { ended: 'end' }]);
  });

  test('Alt-Enter and Ctrl-J say that the answer goes on, also typed ahead; elsewhere they end the line', async () => {
    const { terminal, type } = makeTerminal();
    const ask = () => terminal.read({ prompt: '> ', multiline: true });
    const stop = terminal.listen(() => {}, { pastes: true });
    const first = ask();
    await type('one');
    await type('\n');
    expect(await first).toEqual({ line: 'one', goesOn: true });
    await type('two\x1b\r');
    await type('three');
    await type('\n');
    expect(await ask()).toEqual({ line: 'two', goesOn: true });
    expect(await ask()).toEqual({ line: 'three', goesOn: true });
    // Typed before the terminal gave keys as they are.
    await type('four\n');
    expect(await ask()).toEqual({ line: 'four' });
    await type('five\x1b\r');
    expect(await terminal.read({ prompt: '> ' })).toEqual({ line: 'five' });
    stop();
  });

  test('what is typed while a completion is looked for comes after it, line by line', async () => {
    const { terminal, type } = makeTerminal();
    let found = (_: [string[], string]): void => {};
    const stop = terminal.listen(() => {});
    const complete = () =>
      new Promise<[string[], string]>((resolve) => {
        found = resolve;
      });
    const first = terminal.read({ prompt: '> ', complete });
    await type('a');
    await type('\t');
    await type('c\r');
    await type('d\r');
    found([['ab'], 'a']);
    expect(await first).toEqual({ line: 'abc' });
    expect(await terminal.read({ prompt: '> ' })).toEqual({ line: 'd' });
    stop();
  });

  test('hears Ctrl-C while it listens, which voids what was typed before', async () => {
    const { terminal, type } = makeTerminal();
    let interrupts = 0;
    const stop = terminal.listen(() => {
      interrupts += 1;
    });
    await type('typed ahead\r');
    await type('more\u0003after\r');
    expect(interrupts).toBe(1);
    expect(await terminal.read({ prompt: '> ' })).toEqual({ line: 'after' });
    stop();
  });

  test('takes nothing that was typed before a question that wants a fresh answer', async () => {
    const { terminal, type } = makeTerminal();
    const first = terminal.read({ prompt: '> ' });
    const stop = terminal.listen(() => {});
    await type('read this\ny\ny\n');
    expect(await first).toEqual({ line: 'read this' });
    const answer = terminal.read({ prompt: 'sure? ', fresh: true });
    await type('n\r');
    expect(await answer).toEqual({ line: 'n' });
    stop();
  });

  test('while pastes are heeded, one is part of the answer, before and after a question', async () => {
    const { terminal, type, shown } = makeTerminal();
    const stop = terminal.listen(() => {}, { pastes: true });
    await type(`${ESC}[200~one\rtwo${ESC}[201~`);
    const line = terminal.read({ prompt: '> ', multiline: true });
    await type(`: ${ESC}[200~three\r\nfour${ESC}[201~`);
    await type('\r');
    expect(await line).toEqual({ line: 'one\ntwo: three\nfour' });
    const answer = terminal.read({ prompt: 'sure? ' });
    await type(`${ESC}[200~y\rn\r${ESC}[201~`);
    expect(await answer).toEqual({ line: 'y' });
    stop();
    expect(shown().startsWith(`${ESC}[?2004h`)).toBe(true);
    expect(shown().endsWith(`${ESC}[?2004l`)).toBe(true);
  });

  test('while pastes are heeded, Ctrl-D voids what was typed ahead', async () => {
    const { terminal, type } = makeTerminal();
    const stop = terminal.listen(() => {}, { pastes: true });
    await type('one\r');
    await type(`${ESC}[200~two\r${ESC}[201~`);
    await type('\u0004');
    expect(await terminal.read({ prompt: '> ', multiline: true })).toEqual({ ended: 'end' });
    stop();
  });

  test('a paste that began before a question that wants a fresh answer is none', async () => {
    const { terminal, type } = makeTerminal();
    const stop = terminal.listen(() => {}, { pastes: true });
    await type(`${ESC}[200~y\r`);
    const answer = terminal.read({ prompt: 'sure? ', fresh: true });
    await type(`y\r${ESC}[201~`);
    await type('n\r');
    expect(await answer).toEqual({ line: 'n' });
    stop();
  });

  test('tells that it could not hold all that was typed ahead', async () => {
    const { terminal, type, shown } = makeTerminal();
    const stop = terminal.listen(() => {});
    await type(`${'x\r'.repeat(32 * 1024)}abc`);
    expect(await terminal.read({ prompt: '> ' })).toEqual({ line: 'x' });
    await setImmediate();
    expect(shown()).toContain('toolway: of what was typed ahead, the last 3 bytes are left out');
    stop();
  });

  test.each<[string, string, object]>([
    ['Ctrl-C', 'ab\u0003', { ended: 'interrupt', typed: 'ab' }],
    ['Ctrl-D', '\u0004', { ended: 'end' }],
  ])('%s ends a question', async (_, typed, reply) => {
    const { terminal, type } = makeTerminal();
    const line = terminal.read({ prompt: '> ' });
    await type(typed);
    expect(await line).toEqual(reply);
  });

  test('a question ends with its signal, and with the keyboard', async () => {
    const { terminal, keys } = makeTerminal();
    const asker = new AbortController();
    const line = terminal.read({ prompt: '> ', signal: asker.signal });
    asker.abort();
    expect(await line).toEqual({ ended: 'aborted' });
    expect(await terminal.read({ prompt: '> ', signal: asker.signal })).toEqual({ ended: 'aborted' });
    const other = terminal.read({ prompt: '> ' });
    keys.emit('end');
    expect(await other).toEqual({ ended: 'end' });
    expect(await terminal.read({ prompt: '> ' })).toEqual({ ended: 'end' });
  });

  test('writes above a line that takes several rows, and draws it again', async () => {
    const { terminal, type, shown } = makeTerminal();
    const line = terminal.read({ prompt: '> ' });
    await type('x'.repeat(45));
    const before = shown().length;
    terminal.above('news');
    await setImmediate();
    expect(shown().slice(before)).toBe(`\r${ESC}[2A${ESC}[Jnews\n> ${'x'.repeat(45)}${ESC}[8G`);
    await type(`${ESC}[D`.repeat(30));
    const moved = shown().length;
    terminal.above('more');
    await setImmediate();
    expect(shown().slice(moved)).toBe(`\r${ESC}[Jmore\n> ${'x'.repeat(45)}${ESC}[2A${ESC}[18G`);
    await type('\r');
    expect(await line).toEqual({ line: 'x'.repeat(45) });
  });

  test('offers the earlier lines', async () => {
    const { terminal, type } = makeTerminal();
    const line = terminal.read({ prompt: '> ', history: ['newest', 'oldest'] });
    await type(`${ESC}[A`);
    await type(`${ESC}[A`);
    await type('\r');
    expect(await line).toEqual({ line: 'oldest' });
  });

  test('a completion that fails offers nothing', async () => {
    const { terminal, type } = makeTerminal();
    const line = terminal.read({ prompt: '> ', complete: () => Promise.reject(new Error('no')) });
    await type('a');
    await type('\t');
    await type('b\r');
    expect(await line).toEqual({ line: 'ab' });
  });
});

describe('the screen', () => {
  test('one conversation at a time, and the line at the bottom makes room', async () => {
    const said: string[] = [];
    const terminal = {
      read: async ({ prompt }: { prompt: string }) => {
        said.push(prompt);
        await setImmediate();
        return { line: 'x' };
      },
      above: (text: string) => void said.push(text),
      listen: () => () => {},
      query: async () => undefined,
    };
    const stderr = { isTty: true, write: async (text: string | Uint8Array) => void said.push(`stderr ${text}`) };
    const screen = createScreen({ stderr, terminal: async () => terminal });
    await screen.note('before');
    const leave = screen.add({ pause: async () => void said.push('pause'), resume: () => void said.push('resume') });
    const talk = (name: string) =>
      screen.converse(async (ask) => {
        await ask({ prompt: `${name}1` });
        await ask({ prompt: `${name}2` });
      });
    await Promise.all([talk('a'), talk('b')]);
    await screen.note('meanwhile');
    leave();
    await screen.note('after');
    expect(said).toEqual([
      'stderr before\n',
      ...['pause', 'a1', 'a2', 'resume'],
      ...['pause', 'b1', 'b2', 'resume'],
      ...['pause', 'meanwhile', 'resume'],
      'after',
    ]);
  });

  test('nobody is asked where there is no terminal', async () => {
    const screen = createScreen({ stderr: { isTty: false, write: async () => {} } });
    expect(screen.interactive).toBe(false);
    await expect(screen.converse(async () => 1)).rejects.toThrow('no terminal');
  });
});
