import { describe, expect, test } from 'vitest';
import { type LabOptions, lab } from '../../test/fixtures/shared-calls.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';

const PUBLIC = { ttlMs: 1_000, cacheScope: 'public' };
const DAY = 86_400_000;

/** A server whose resources say how often they were read. */
const resources = (hints: object = PUBLIC, limits: LabOptions = {}) => {
  const world = lab({
    ...limits,
    answers: (call, number) => ({ contents: [{ uri: call.params.uri, text: `read ${number}` }], ...hints }),
  });
  return { ...world, reads: () => world.arrivals.length };
};

/** A server whose tools say how often they ran. */
const tools = (
  cache: { ttlMs?: number; tools: string[] },
  answer: (number: number) => JsonObject | ToolwayError = (number) => ({ content: [], structuredContent: { number } }),
  more: LabOptions = {},
) => {
  const world = lab({ config: { cache }, answers: (_call, number) => answer(number), ...more });
  return { ...world, runs: () => world.arrivals.length };
};

describe('an answer of a resource', () => {
  test('is kept for as long as the server says, and not a moment longer', async () => {
    const { read, reads, clock } = resources();
    const first = read('a');
    const told = await first.outcome;
    await clock.advance(999);
    const second = read('a');
    expect(await second.outcome).toEqual(told);
    expect([reads(), first.call.cached, second.call.cached]).toEqual([1, false, true]);
    await clock.advance(1);
    await read('a').outcome;
    expect(reads()).toBe(2);
  });

  test.each([
    {},
    { ttlMs: 0 },
    { ttlMs: -1, cacheScope: 'public' },
    { ttlMs: '9' },
    { ttlMs: Number.NaN },
    { ttlMs: null },
  ])('with the hint %j is never kept', async (hints) => {
    const { read, reads } = resources(hints);
    await read('a').outcome;
    await read('a').outcome;
    expect(reads()).toBe(2);
  });

  test('is kept for a day at most', async () => {
    const { read, reads, clock } = resources({ ttlMs: 10 * DAY });
    await read('a').outcome;
    await clock.advance(DAY - 1);
    await read('a').outcome;
    expect(reads()).toBe(1);
    await clock.advance(1);
    await read('a').outcome;
    expect(reads()).toBe(2);
  });

  test('that is private stays with its principal, and none leaves its scope or its server', async () => {
    const { read, reads } = resources({ ttlMs: 1_000, cacheScope: 'private' });
    for (const who of [{ principal: 'ann' }, { principal: 'bob' }, {}, { principal: '' }]) {
      await read('a', who).outcome;
      await read('a', who).outcome;
    }
    expect(reads()).toBe(4);
    await read('a', { principal: 'ann', scope: 'elsewhere' }).outcome;
    await read('a', { principal: 'ann', server: 't' }).outcome;
    expect(reads()).toBe(6);
  });

  test('that is public serves all principals of its scope, and no other scope', async () => {
    const { read, reads } = resources(PUBLIC);
    for (const principal of ['ann', 'bob', undefined]) await read('a', { principal }).outcome;
    expect(reads()).toBe(1);
    await read('a', { scope: 'elsewhere' }).outcome;
    expect(reads()).toBe(2);
  });

  test('is a copy: what one caller does to it is not seen by the next', async () => {
    const { read } = resources();
    for (let time = 0; time < 3; time += 1) {
      const mine = await read('a').outcome;
      expect(mine.contents).toHaveLength(1);
      (mine.contents as unknown[]).length = 0;
    }
  });

  test('that came with questions to the caller is not kept', async () => {
    const { read, arrivals } = lab();
    for (let time = 0; time < 2; time += 1) {
      const { outcome } = read('a');
      const arrival = arrivals[time];
      if (arrival === undefined) expect.unreachable('it was kept');
      else {
        arrival.call.asked = true;
        arrival.answer({ contents: [], ...PUBLIC });
      }
      await outcome;
    }
  });
});

test('prompts and completions are kept where the server says for how long', async () => {
  for (const method of ['prompts/get', 'completion/complete']) {
    const { make, arrivals } = lab({ answers: () => PUBLIC });
    await make(method, { name: 'p' }).outcome;
    await make(method, { name: 'p' }).outcome;
    await make(method, { name: 'q' }).outcome;
    expect(arrivals).toHaveLength(2);
  }
});

describe('a change that a server tells of', () => {
  test.each([
    ['one resource', { what: 'resources', uri: 'a' }, ['a']],
    ['its resources', { what: 'resources' }, ['a', 'b']],
    ['everything', { what: 'everything' }, ['a', 'b']],
    ['everything of this scope', { what: 'everything', scope: '' }, ['a', 'b']],
    ['everything of another scope', { what: 'everything', scope: 'x' }, []],
    ['its tools', { what: 'tools' }, []],
    ['its prompts', { what: 'prompts' }, []],
  ] as const)('%s: what was read before is forgotten, and nothing else', async (_, change, forgotten) => {
    const { read, arrivals, changes } = resources();
    for (const uri of ['a', 'b']) await read(uri).outcome;
    await read('a', { server: 't' }).outcome;
    changes.tell({ server: 's', ...change });
    for (const uri of ['a', 'b']) await read(uri).outcome;
    await read('a', { server: 't' }).outcome;
    expect(arrivals.slice(3).map(({ call }) => call.params.uri)).toEqual(forgotten);
  });

  test.each([
    ['tools/call', { name: 'x', arguments: {} }, 'tools'],
    ['prompts/get', { name: 'x' }, 'prompts'],
    ['completion/complete', { name: 'x' }, 'prompts'],
    ['completion/complete', { name: 'x' }, 'resources'],
  ] as const)('an answer to %s %j is forgotten with its %s', async (method, params, what) => {
    const { make, arrivals, changes } = lab({
      config: { cache: { tools: ['*'] } },
      answers: () => (method === 'tools/call' ? { content: [] } : { ttlMs: 1_000 }),
    });
    for (let time = 0; time < 2; time += 1) await make(method, params).outcome;
    expect(arrivals).toHaveLength(1);
    changes.tell({ server: 's', what });
    await make(method, params).outcome;
    expect(arrivals).toHaveLength(2);
  });

  test('overtakes answers that are on their way, but not requests that have not left', async () => {
    const { read, arrivals, changes, connect, clock } = lab({ waits: true });
    const waiting = read('a');
    changes.tell({ server: 's', what: 'everything' });
    connect();
    await clock.settle();
    arrivals[0]?.answer({ contents: [], ...PUBLIC });
    await waiting.outcome;
    await read('a').outcome;
    expect(arrivals).toHaveLength(1);

    const sent = read('b');
    await clock.settle();
    changes.tell({ server: 's', what: 'resources', uri: 'b' });
    arrivals[1]?.answer({ contents: [], ...PUBLIC });
    await sent.outcome;
    void read('b');
    await clock.settle();
    expect(arrivals).toHaveLength(3);
  });
});

describe('the result of a tool', () => {
  test('that the operator does not name is never kept, whatever the server or the caller says', async () => {
    const { tool, runs } = tools({ tools: ['find_*'] }, () => ({ content: [], ...PUBLIC }));
    for (let time = 0; time < 2; time += 1) await tool('write', {}, { cache: { ttlMs: 1_000 } }).outcome;
    expect(runs()).toBe(2);
  });

  test('that is named is kept for a minute where nobody says otherwise', async () => {
    const { tool, runs, clock } = tools({ tools: ['find_*'] });
    await tool('find_it').outcome;
    await clock.advance(59_999);
    const second = tool('find_it');
    expect(await second.outcome).toEqual({ content: [], structuredContent: { number: 1 } });
    expect(second.call.cached).toBe(true);
    await clock.advance(1);
    await tool('find_it').outcome;
    expect(runs()).toBe(2);
  });

  test.each([
    ['the operator', { ttlMs: 5_000, tools: ['*'] }, undefined, 5_000],
    ['the caller', { ttlMs: 5_000, tools: ['*'] }, { ttlMs: 50 }, 50],
    ['nobody for longer than a day', { tools: ['*'] }, { ttlMs: 9 * DAY }, DAY],
  ])('is kept for as long as %s says', async (_, cache, own, ms) => {
    const { tool, runs, clock } = tools(cache);
    await tool('x', {}, { cache: own }).outcome;
    await clock.advance(ms - 1);
    await tool('x').outcome;
    expect(runs()).toBe(1);
    await clock.advance(1);
    await tool('x').outcome;
    expect(runs()).toBe(2);
  });

  test.each([[0], [-5], [Number.NaN]])('is not kept for %d ms', async (ttlMs) => {
    const { tool, runs } = tools({ ttlMs, tools: ['*'] });
    await tool('x').outcome;
    await tool('x').outcome;
    expect(runs()).toBe(2);
  });

  test('is neither given nor kept where the caller wants no cache', async () => {
    const { tool, runs } = tools({ tools: ['*'] });
    await tool('x', {}, { cache: false }).outcome;
    await tool('x').outcome;
    await tool('x', {}, { cache: false }).outcome;
    expect(runs()).toBe(3);
    await tool('x').outcome;
    expect(runs()).toBe(3);
  });

  test.each([
    ['says that it failed', { content: [], isError: true }],
    ['rests on answers given on the way', { content: [], ttlMs: 0 }],
    ['is an error', new ToolwayError('server_error', 'no', { executed: 'unknown' })],
  ])('that %s is not kept', async (_, said) => {
    const { tool, runs } = tools({ tools: ['*'] }, () => said);
    for (let time = 0; time < 2; time += 1) await tool('x').outcome.catch(() => {});
    expect(runs()).toBe(2);
  });

  test('that does not fit the output schema is not kept', async () => {
    const checks = { ready: true, compiled: Promise.resolve(), output: (value: unknown) => problems(value) };
    const problems = (value: unknown) =>
      typeof (value as { number?: unknown })?.number === 'number' ? undefined : [{ path: '/number', message: 'wrong' }];
    const answers = [{ content: [] }, { structuredContent: {} }, { structuredContent: { number: 3 } }];
    const { tool, runs } = tools({ tools: ['*'] }, (number) => answers[number - 1] ?? {}, { checks });
    for (let time = 0; time < 5; time += 1) await tool('x').outcome;
    expect(runs()).toBe(3);
  });

  test('that is checked for long keeps no call from being stopped, which says that it ran', async () => {
    const checks = { ready: true, compiled: Promise.resolve(), output: () => new Promise<undefined>(() => {}) };
    const { tool, clock } = tools({ tools: ['*'] }, () => ({ structuredContent: {} }), { checks });
    const { call, failure } = tool('x');
    await clock.settle();
    call.stop(new ToolwayError('cancelled', 'enough'));
    expect(await failure).toMatchObject({ code: 'cancelled', executed: 'yes' });
  });

  test('stays with its principal, also where the server calls it public', async () => {
    const { tool, runs } = tools({ tools: ['*'] }, () => ({ content: [], ...PUBLIC }));
    for (const principal of ['ann', 'bob']) await tool('x', {}, { principal }).outcome;
    expect(runs()).toBe(2);
  });

  test('is the same for the same arguments in any spelling, and for no others', async () => {
    const { tool, runs } = tools({ tools: ['*'] });
    const day = new Date(0);
    await tool('x', { a: 1, b: [1, 2], c: day }).outcome;
    await tool('x', { c: day.toISOString(), b: [1, 2], a: 1.0, d: undefined }).outcome;
    expect(runs()).toBe(1);
    await tool('x', { a: 1, b: [2, 1], c: day }).outcome;
    await tool('x', { a: '1', b: [1, 2], c: day }).outcome;
    await tool('x', { a: 1, b: [1, 2], c: new Date(1) }).outcome;
    await tool('y', { a: 1, b: [1, 2], c: day }).outcome;
    expect(runs()).toBe(5);
  });

  test('of a call that cannot be written as JSON is not kept', async () => {
    const { tool, runs } = tools({ tools: ['*'] });
    for (let time = 0; time < 2; time += 1) await tool('x', { big: 1n }).outcome;
    expect(runs()).toBe(2);
  });
});

describe('what is kept makes room', () => {
  test('by number: first goes what was not asked for longest', async () => {
    const { read, arrivals } = resources(PUBLIC, { maxEntries: 2 });
    for (const uri of ['a', 'b', 'a', 'c', 'a', 'b']) await read(uri).outcome;
    expect(arrivals.map(({ call }) => call.params.uri)).toEqual(['a', 'b', 'c', 'b']);
  });

  test('by bytes, of answers as UTF-8 and of their keys at two for each character', async () => {
    const answer = JSON.stringify({ contents: [{ uri: 'ä', text: 'read 1' }], ...PUBLIC });
    const key = '["s","","resources/read"]{"uri":"ä"}';
    const one = new TextEncoder().encode(answer).length + 2 * key.length;
    for (const [maxBytes, reads] of [
      [2 * one, 2],
      [2 * one - 1, 3],
      [one, 3],
      [one - 1, 3],
    ] as const) {
      const world = resources(PUBLIC, { maxBytes });
      for (const uri of ['ä', 'ö', 'ä']) await world.read(uri).outcome;
      expect(world.reads(), `${maxBytes}`).toBe(reads);
    }
    const mixed = resources(PUBLIC, { maxBytes: 2 * one });
    for (const uri of ['ä', 'x'.repeat(2 * one), 'ä']) await mixed.read(uri).outcome;
    expect(mixed.reads(), 'what is too large for all drives nothing out').toBe(2);
    const tiny = resources(PUBLIC, { maxBytes: one - 1 });
    for (const uri of ['ä', 'ä']) await tiny.read(uri).outcome;
    expect(tiny.reads()).toBe(2);
    const enough = resources(PUBLIC, { maxBytes: one });
    for (const uri of ['ä', 'ä']) await enough.read(uri).outcome;
    expect(enough.reads()).toBe(1);
  });
});

describe('while the server cannot be reached', () => {
  const unreachable = (code: ErrorCode, executed?: 'no' | 'unknown') => new ToolwayError(code, 'gone', { executed });
  const outage = (error: ToolwayError) =>
    tools({ ttlMs: 1_000, tools: ['*'] }, (number) => (number === 1 ? { content: [], _meta: { own: 1 } } : error));

  test.each([
    'not_connected',
    'connect_failed',
    'connect_timeout',
    'spawn_failed',
    'server_exited',
    'breaker_open',
  ] as const)('(%s) an answer that ran out stands in for a day, and says how old it is', async (code) => {
    const { tool, clock } = outage(unreachable(code, 'no'));
    await tool('x').outcome;
    await clock.advance(1_000 + DAY - 1);
    const stale = tool('x');
    expect(await stale.outcome).toEqual({
      content: [],
      _meta: { own: 1, 'toolway/stale': true, 'toolway/ageMs': 1_000 + DAY - 1 },
    });
    expect(stale.call.cached).toBe(true);
    await clock.advance(1);
    expect(await tool('x').failure).toMatchObject({ code });
  });

  test.each([
    ['outcome_unknown', 'unknown'],
    ['timeout', 'unknown'],
    ['connect_failed', 'unknown'],
    ['auth_required', 'no'],
    ['backpressure', 'no'],
    ['closed', 'no'],
    ['server_error', 'no'],
  ] as const)('nothing stands in for %s with executed %s', async (code, executed) => {
    const { tool, clock } = outage(unreachable(code, executed));
    await tool('x').outcome;
    await clock.advance(1_000);
    expect(await tool('x').failure).toMatchObject({ code });
  });

  test('nothing stands in that has changed, before the call or in its course', async () => {
    const { tool, clock, arrivals, changes } = lab({ config: { cache: { ttlMs: 1_000, tools: ['*'] } } });
    for (const when of ['before', 'sent', 'waiting again'] as const) {
      const first = tool(when);
      arrivals.at(-1)?.answer({ content: [] });
      await first.outcome;
      await clock.advance(1_000);
      if (when === 'before') changes.tell({ server: 's', what: 'tools' });
      const second = tool(when);
      const arrival = arrivals.at(-1);
      if (when === 'waiting again' && arrival !== undefined) arrival.call.state = 'queued';
      if (when !== 'before') changes.tell({ server: 's', what: 'tools' });
      arrival?.fail(unreachable('connect_failed', 'no'));
      expect(await second.failure).toMatchObject({ code: 'connect_failed' });
    }
  });

  test('an answer that came by another call meanwhile is as good as ever', async () => {
    const { tool, clock, arrivals } = lab({ config: { cache: { ttlMs: 1_000, tools: ['*'] } } });
    const first = tool('x');
    arrivals[0]?.answer({ content: ['old'] });
    await first.outcome;
    await clock.advance(1_000);
    const [fails, works] = [tool('x'), tool('x', {}, { retry: false })];
    arrivals[2]?.answer({ content: ['new'] });
    await works.outcome;
    arrivals[1]?.fail(unreachable('connect_failed', 'no'));
    expect(await fails.outcome).toEqual({ content: ['new'] });
  });

  test('nothing stands in that was never kept, or that a newer answer has replaced', async () => {
    const gone = unreachable('connect_failed', 'no');
    const never = outage(gone);
    await never.tool('x', {}, { cache: false }).outcome;
    expect(await never.tool('x').failure).toMatchObject({ code: 'connect_failed' });

    const replaced = tools({ ttlMs: 1_000, tools: ['*'] }, (number) =>
      number === 3 ? gone : { content: [], ...(number === 2 ? { ttlMs: 0 } : {}) },
    );
    await replaced.tool('x').outcome;
    await replaced.clock.advance(1_000);
    await replaced.tool('x').outcome;
    expect(await replaced.tool('x').failure).toMatchObject({ code: 'connect_failed' });
  });
});
