import { describe, expect, test } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { RequestOptions } from '../options.ts';

const world = async () => {
  const server = scriptedServer({ echo: () => text('hi') });
  server.capabilities = { tools: {}, resources: {} };
  const toolkit = await toolkitOf({ s: server });
  return { server, toolkit };
};

describe('a limit that is no length of time', () => {
  test.each<[string, unknown]>([
    ['not a number', Number.NaN],
    ['nothing', 0],
    ['below nothing', -1],
    ['text', '5000'],
    ['null', null],
  ])('because it is %s is told at once, and nothing is sent', async (_what, value) => {
    const { server, toolkit } = await world();
    const before = server.latest().sent.length;
    for (const limits of [{ timeoutMs: value }, { totalTimeoutMs: value }] as RequestOptions[]) {
      const asked = [
        () => toolkit.callTool('s.echo', {}, limits),
        () => toolkit.callTool('echo', {}, limits),
        () => toolkit.callTool('s.echo', {}, { ...limits, fallback: () => ({ content: [] }) }),
        () => toolkit.readResource('a:b', limits),
        () => toolkit.readResource('a:b', { ...limits, server: 's' }),
        () => toolkit.getPrompt('s.greet', {}, limits),
        () => toolkit.listTools(limits),
        () => toolkit.listResources({ ...limits, server: 's' }),
        () => toolkit.server('s').callTool('echo', {}, limits),
        () => toolkit.server('s').ping(limits),
      ];
      for (const ask of asked) {
        const error = await failure(ask());
        expect(error, String(ask)).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
        expect(error.message).toMatch(/imeoutMs must be a number above 0/);
      }
    }
    expect(await failure(toolkit.waitForConnection('s', { timeoutMs: value as number }))).toMatchObject({
      code: 'invalid_arguments',
    });
    expect(server.latest().sent).toHaveLength(before);
  });

  test('is none where there is no end', async () => {
    const { toolkit } = await world();
    const endless = { timeoutMs: Number.POSITIVE_INFINITY, totalTimeoutMs: Number.POSITIVE_INFINITY };
    expect(await toolkit.callTool('s.echo', {}, endless)).toEqual(text('hi'));
    expect(await toolkit.callTool('s.echo', {}, { timeoutMs: undefined } as RequestOptions)).toEqual(text('hi'));
  });
});

describe('an option that is not what it must be', () => {
  test.each<[string, unknown, string]>([
    ['signal', 'x', 'an AbortSignal'],
    ['signal', {}, 'an AbortSignal'],
    ['onProgress', 5, 'a function'],
    ['retry', 'x', 'false or { attempts } from 1'],
    ['retry', {}, 'false or { attempts } from 1'],
    ['retry', { attempts: 0 }, 'false or { attempts } from 1'],
    ['retry', { attempts: Number.NaN }, 'false or { attempts } from 1'],
    ['cache', true, 'false or { ttlMs } from 0'],
    ['cache', { ttlMs: -1 }, 'false or { ttlMs } from 0'],
  ])('%s: %j is told at once, and nothing is sent', async (name, value, must) => {
    const { server, toolkit } = await world();
    const before = server.latest().sent.length;
    const wanted = { [name]: value };
    const outcomes = [await toolkit.tryCall('s.echo', {}, wanted)];
    outcomes.push(...(await toolkit.batch([{ name: 's.echo', options: wanted }])));
    const errors = [
      await failure(toolkit.callTool('s.echo', {}, wanted)),
      await failure(toolkit.callTool('echo', {}, wanted)),
      await failure(toolkit.queue('s.echo', {}, wanted)),
      await failure(toolkit.broadcast('echo', {}, wanted)),
      await failure(toolkit.listTools(wanted)),
      await failure(toolkit.readResource('a:b', { ...wanted, server: 's' })),
      ...outcomes.map(({ error }) => error),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
      expect(error?.message).toContain(`${name} must be ${must}, not `);
    }
    expect(server.latest().sent).toHaveLength(before);
  });

  test('is none in a batch, or in place of all options, either', async () => {
    const { toolkit } = await world();
    const asked = [
      toolkit.batch([{ name: 's.echo' }], { signal: 'x' as never }),
      toolkit.callTool('s.echo', {}, 5 as never),
      toolkit.callTool('s.echo', {}, null as never),
    ];
    for (const ask of asked) expect(await failure(ask)).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
  });

  test('keeps none that fits from being taken', async () => {
    const { toolkit } = await world();
    const { signal } = new AbortController();
    const fitting = { signal, onProgress: () => {}, retry: { attempts: 1 }, cache: { ttlMs: 0 } };
    for (const wanted of [fitting, { retry: false, cache: false } as const])
      expect(await toolkit.callTool('s.echo', {}, wanted)).toEqual(text('hi'));
  });
});

test('a call whose time is over before it can be written is not written', async () => {
  const server = scriptedServer({ echo: () => text('hi') });
  const toolkit = await toolkitOf({ s: server });
  toolkit.use((next) => async (call) => {
    // No timer runs meanwhile.
    for (const until = performance.now() + 30; performance.now() < until; );
    return next(call);
  });
  const error = await failure(toolkit.callTool('s.echo', {}, { timeoutMs: 10 }));
  expect(error).toMatchObject({ code: 'timeout', executed: 'no', limit: 10 });
  expect(server.latest().requests('tools/call')).toEqual([]);
});
