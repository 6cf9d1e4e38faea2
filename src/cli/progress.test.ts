import { describe, expect, test } from 'vitest';
import { cli } from '../../test/fixtures/cli/world.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createProgressLine, durationName, progressText } from './progress.ts';

const ESC = String.fromCharCode(27);
const CLEAR = `\r${ESC}[2K`;

const makeLine = ({ isTty = true, enabled = true } = {}) => {
  const clock = createFakeClock();
  const written: string[] = [];
  const sink = { isTty, columns: 60, write: async (text: string | Uint8Array) => void written.push(String(text)) };
  let status: { pause(): Promise<void>; resume(): void } | undefined;
  const screen = {
    add(line: NonNullable<typeof status>) {
      status = line;
      return () => {
        status = undefined;
      };
    },
  };
  const line = createProgressLine({ sink, screen, enabled, name: 's.do', clock });
  return { clock, written, line, status: () => status };
};

test.each<[number, string]>([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1:00 min'],
  [125, '2:05 min'],
  [3_725, '1:02:05 h'],
])('%d seconds are %s', (seconds, name) => {
  expect(durationName(seconds)).toBe(name);
});

describe('a call that reports nothing', () => {
  test('shows after 300 ms that it runs, and for how long, and nothing when it is over', async () => {
    const { clock, written, line } = makeLine();
    await clock.advance(299);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written.at(-1)).toMatch(/^\r.\[2K\S s\.do 0 s$/);
    await clock.advance(2_000);
    expect(written.at(-1)).toMatch(/^\r.\[2K\S s\.do 2 s$/);
    await line.end();
    expect([written.at(-1), clock.pendingTimers]).toEqual([CLEAR, 0]);
  });

  test('that is over by then shows nothing at all', async () => {
    const { clock, written, line } = makeLine();
    await clock.advance(200);
    await line.end();
    expect([written, clock.pendingTimers]).toEqual([[], 0]);
  });

  test.each([{ isTty: false }, { enabled: false }])('shows nothing with %j', async (options) => {
    const { clock, written, line } = makeLine(options);
    line.update({ progress: 1 });
    await clock.advance(1_000);
    await line.end();
    expect(written).toEqual([]);
  });
});

describe('a call that reports', () => {
  test('shows its rate over the last reports, and what is left', async () => {
    const { clock, written, line } = makeLine();
    for (let progress = 0; progress <= 5; progress += 1) {
      line.update({ progress, total: 20 });
      await clock.advance(1_000);
    }
    expect(written).toHaveLength(6);
    expect(written[1]).toBe(`${CLEAR}[#-------------------]   5 % 1/20 1.0/s 19 s left`);
    expect(written.at(-1)).toBe(`${CLEAR}[#####---------------]  25 % 5/20 1.0/s 15 s left`);
    await line.end();
  });

  test.each<[string, number[], string]>([
    ['goes back', [5, 1], '1/20'],
    ['stands still', [5, 5], '5/20'],
    ['has gone too far', [5, 30], '30/20 25/s'],
  ])('shows no time left where it %s', async (_, steps, end) => {
    const { clock, written, line } = makeLine();
    for (const progress of steps) {
      line.update({ progress, total: 20 });
      await clock.advance(1_000);
    }
    expect(written.at(-1)?.endsWith(end)).toBe(true);
    await line.end();
  });

  test('takes its line away while somebody else writes', async () => {
    const { clock, written, line, status } = makeLine();
    line.update({ progress: 1 });
    await clock.settle();
    await status()?.pause();
    expect(written.at(-1)).toBe(CLEAR);
    line.update({ progress: 2 });
    await clock.advance(1_000);
    expect(written.at(-1)).toBe(CLEAR);
    status()?.resume();
    await clock.settle();
    expect(written.at(-1)).toBe(`${CLEAR}2`);
    await line.end();
    expect(status()).toBeUndefined();
  });

  test('has its message after the rate', () => {
    expect(progressText({ progress: 1, total: 2, message: 'm' }, 80, 0.5)).toBe(
      '[##########----------]  50 % 1/2 0.50/s 2 s left m',
    );
  });
});

test.each([
  ['a terminal', {}, true],
  ['a dumb terminal, which would show the escape sequences', { TERM: 'dumb' }, false],
])('a call on %s', async (_, env, isDrawn) => {
  const { err, code } = await cli(['--stdio', 'x', 'call', 'work'], {
    tty: true,
    env,
    servers: {
      adhoc: {
        tools: [{ name: 'work', inputSchema: {} }],
        async call(_tool, _args, { onProgress }) {
          onProgress?.({ progress: 1, total: 2 });
          return { content: [] };
        },
      },
    },
  });
  expect([code, err.includes('50 % 1/2'), err === '']).toEqual([0, isDrawn, !isDrawn]);
});
