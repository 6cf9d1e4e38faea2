import { describe, expect, test, vi } from 'vitest';
import { ToolwayError } from '../errors.ts';
import { createEmitter } from '../events.ts';
import type { Logger, LogSeverity } from '../options.ts';
import { createLog } from './log.ts';

const setUp = ({ level, logger }: { level?: LogSeverity; logger?: Logger } = {}) => {
  const raw: string[] = [];
  const sink = { write: (line: string) => void raw.push(line), ...(level === undefined ? {} : { level }) };
  const log = createLog({ sink, logger, now: () => Date.UTC(2030, 0, 2, 3, 4, 5, 6) });
  const events = createEmitter(() => {});
  log.attach(events);
  return { ...log, events, raw, lines: () => raw.map((line) => JSON.parse(line)) };
};
const call = { id: 'c1', server: 'a', scope: '', method: 'tools/call', tool: 't' };
const time = '2030-01-02T03:04:05.006Z';

describe('the log', () => {
  test('writes one line of JSON per event, with its time, level and facts', () => {
    const { events, lines, raw } = setUp();
    events.emit('connected', { server: 'a', scope: 's', era: 'legacy', protocolVersion: '2025-11-25', connectMs: 12 });
    events.emit('tool_call_success', {
      ...call,
      result: { content: [] },
      durationMs: 3.500_000_1,
      attempts: 1,
      cached: false,
    });
    expect(lines()).toEqual([
      {
        time,
        level: 'info',
        event: 'connected',
        server: 'a',
        scope: 's',
        era: 'legacy',
        protocolVersion: '2025-11-25',
        connectMs: 12,
      },
      {
        time,
        level: 'info',
        event: 'tool_call_success',
        ...{ ...call, scope: undefined },
        durationMs: 3.5,
        attempts: 1,
        cached: false,
        isError: false,
      },
    ]);
    expect(raw.join('')).not.toContain('\n');
    expect(raw[0]).toMatch(/^\{"time":"[^"]+","level":"info","event":"connected",/);
  });

  test('tells of a failed call what failed and why', () => {
    const { events, lines } = setUp();
    const error = new ToolwayError('server_error', 'no', {
      server: 'a',
      tool: 't',
      executed: 'yes',
      rpcCode: -1,
      data: { a: 1 },
    });
    events.emit('tool_call_error', { ...call, error, durationMs: 3, attempts: 1 });
    expect(lines()).toEqual([
      {
        time,
        level: 'error',
        event: 'tool_call_error',
        id: 'c1',
        method: 'tools/call',
        durationMs: 3,
        attempts: 1,
        ...{ server: 'a', tool: 't' },
        code: 'server_error',
        executed: 'yes',
        rpcCode: -1,
        reason: 'a.t: no',
      },
    ]);
  });

  test('holds neither arguments nor results', () => {
    const { events, raw } = setUp({ level: 'debug' });
    events.emit('tool_call_start', { ...call, arguments: { card: 'private' } });
    events.emit('tool_call_success', {
      ...call,
      result: { content: [{ type: 'text', text: 'private' }] },
      durationMs: 1,
      attempts: 1,
      cached: false,
    });
    expect(raw).toHaveLength(2);
    expect(raw.join()).not.toContain('private');
  });

  test('writes what is severe enough, and listens to nothing else', () => {
    const { events, lines } = setUp({ level: 'warn' });
    events.emit('tools_changed', { server: 'a', scope: '' });
    events.emit('disconnected', { server: 'a', scope: '' });
    for (const level of ['notice', 'warning'] as const)
      events.emit('log', { server: 'a', scope: '', level, data: level });
    expect(lines().map(({ event, data }) => data ?? event)).toEqual(['disconnected', 'warning']);
    expect(events.heard('tool_call_success')).toBe(false);
    expect(setUp().events.heard('tool_call_start')).toBe(false);
    expect(setUp({ level: 'debug' }).events.heard('tool_call_start')).toBe(true);
  });

  test('writes what a server logs at the level that the server gave it', () => {
    const { events, lines } = setUp();
    events.emit('log', { server: 'a', scope: '', level: 'critical', logger: 'db', data: { x: 1 } });
    expect(lines()).toEqual([{ time, level: 'error', event: 'log', server: 'a', source: 'db', data: { x: 1 } }]);
  });

  test('is a logger, and passes on to the user’s own', () => {
    const own = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const { logger, lines } = setUp({ logger: own });
    logger.error('a handler failed', { server: 'a', error: new TypeError('boom') });
    logger.debug('quiet');
    expect(lines()).toEqual([
      { time, level: 'error', message: 'a handler failed', server: 'a', error: { name: 'TypeError', reason: 'boom' } },
    ]);
    expect(own.error).toHaveBeenCalledExactlyOnceWith('a handler failed', {
      server: 'a',
      error: expect.any(TypeError),
    });
    expect(own.debug).toHaveBeenCalledExactlyOnceWith('quiet', {});
  });

  test('nothing that is said can take the place of what the log says', () => {
    const { logger, lines } = setUp();
    logger.info('real', { time: 'x', level: 'x', message: 'x' });
    expect(lines()).toEqual([{ time, level: 'info', message: 'real' }]);
  });

  test('cuts long texts, and a line of more than 32 000 characters down to its beginning', () => {
    const { logger, lines } = setUp();
    logger.info('long', { a: 'x'.repeat(3_000) });
    logger.info('longer', { a: Array.from({ length: 100 }, () => 'x'.repeat(1_000)) });
    expect(lines()[0].a).toBe(`${'x'.repeat(2_000)}…`);
    expect(lines()[1]).toEqual({ time, level: 'info', message: 'longer', cut: true });
  });

  test('writes what has no JSON as well as it can', () => {
    const { logger, lines } = setUp();
    const round: Record<string, unknown> = {};
    round.self = round;
    logger.info('round', { round });
    logger.info('big', { n: 2n ** 70n });
    expect(lines()).toEqual([
      { time, level: 'info', message: 'round', cut: true },
      { time, level: 'info', message: 'big', n: '1180591620717411303424' },
    ]);
  });

  test('no control character reaches a terminal', () => {
    const { events, raw, lines } = setUp();
    const data = '\u001b[2J \u009b31m \u2028 \n';
    events.emit('log', { server: 'a', scope: '', level: 'info', data });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    expect(raw[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
    expect(lines()[0].data).toBe(data);
  });
});
