import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Arrival, lab, leaving } from '../../test/fixtures/shared-calls.ts';
import type { CallInit } from '../call.ts';
import { ToolwayError } from '../errors.ts';

const SAFE = { retrySafe: ['find*'] };
const answered = (arrival: Arrival | undefined, text: string): void =>
  arrival?.answer({ content: [{ type: 'text', text }] });

describe('equal calls in flight', () => {
  test('of an ordinary tool are as many calls', () => {
    const { tool, arrivals } = lab({ config: { ...SAFE, cache: { tools: ['look'] } } });
    const made = [tool('write', { a: 1 }), tool('write', { a: 1 })];
    expect(arrivals.map(({ call }) => call)).toEqual(made.map(({ call }) => call));
  });

  test.each([
    ['retrySafe', SAFE],
    ['cache.tools', { cache: { tools: ['find'] } }],
  ])('of a tool that %s names are one', async (_, config) => {
    const { tool, arrivals } = lab({ config });
    const made = [tool('find', { a: 1, b: 2 }), tool('find', { b: 2, a: 1 }), tool('find', { a: 1, b: 2 })];
    expect(arrivals).toHaveLength(1);
    answered(arrivals[0], 'found');
    for (const { outcome } of made) expect(await outcome).toEqual({ content: [{ type: 'text', text: 'found' }] });
    expect(made.map(({ call }) => call.merged)).toEqual([false, true, true]);
    expect(made.map(({ call }) => call.cached)).toEqual([false, false, false]);
  });

  test('are one for resources, prompts and completions, and for no other method', () => {
    const { make, arrivals } = lab();
    for (const method of ['resources/read', 'prompts/get', 'completion/complete', 'logging/setLevel']) {
      for (let time = 0; time < 2; time += 1) make(method, { name: 'x', uri: 'x' });
    }
    expect(arrivals.map(({ call }) => call.method)).toEqual([
      'resources/read',
      'prompts/get',
      'completion/complete',
      'logging/setLevel',
      'logging/setLevel',
    ]);
  });

  test.each<[string, Partial<CallInit>]>([
    ['another principal', { principal: 'ann' }],
    ['another scope', { scope: 'x' }],
    ['another server', { server: 't' }],
    ['_meta of their own', { meta: { trace: 1 } }],
    ['another number of attempts', { retry: { attempts: 9 } }],
    ['no attempt but one', { retry: false }],
    ['another definition of the tool', { tool: { name: 'find', inputSchema: { type: 'object' } } }],
    ['no wish to share', { cache: false }],
    ['an idempotency key', { idempotencyKey: 'k', meta: { 'toolway/idempotencyKey': 'k' } }],
  ])('with %s are two', async (_, other) => {
    const { tool, arrivals, clock } = lab({ config: SAFE });
    tool('find');
    tool('find', {}, other);
    await clock.settle();
    expect(arrivals).toHaveLength(2);
  });

  test('with the same _meta and the same attempts are one, which carries both', () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const wanted = { meta: { trace: 1 }, retry: { attempts: 2 }, principal: 'ann', scope: 'x' };
    const first = tool('find', {}, wanted);
    tool('find', {}, { ...wanted, meta: { trace: 1 } });
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]?.call).toMatchObject({ ...wanted, id: first.call.id });
  });

  test('are one whatever trace each belongs to: the request is of the first one’s', () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const traceOf = (n: number) => ({ traceparent: `00-${n}`, tracestate: `a=${n}`, baggage: `b=${n}` });
    for (const n of [1, 2, 3]) tool('find', {}, { meta: traceOf(n) });
    expect(arrivals.map(({ call }) => call.meta)).toEqual([traceOf(1)]);
    tool('find', {}, { meta: { ...traceOf(4), other: 1 } });
    expect(arrivals).toHaveLength(2);
  });

  test('are two where the second comes behind the answer to the first', async () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const first = tool('find');
    answered(arrivals[0], 'one');
    await first.outcome;
    const second = tool('find');
    expect(arrivals).toHaveLength(2);
    answered(arrivals[1], 'two');
    expect(await second.outcome).toEqual({ content: [{ type: 'text', text: 'two' }] });
    expect(second.call.merged).toBe(false);
  });

  test('are two where the server told of a change after the first had left', async () => {
    const { read, arrivals, changes } = lab();
    const before = read('a');
    changes.tell({ server: 's', what: 'resources', uri: 'a' });
    const after = read('a');
    expect(arrivals).toHaveLength(2);
    arrivals[0]?.answer({ contents: ['old'] });
    arrivals[1]?.answer({ contents: ['new'] });
    expect(await before.outcome).toEqual({ contents: ['old'] });
    expect(await after.outcome).toEqual({ contents: ['new'] });
  });

  test('that have not left are one, whatever the server tells', async () => {
    const { read, arrivals, changes, connect, clock } = lab({ waits: true });
    read('a');
    changes.tell({ server: 's', what: 'everything' });
    read('a');
    connect();
    await clock.settle();
    expect(arrivals).toHaveLength(1);
  });

  test('have results of their own: nobody changes another one', async () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const made = [tool('find'), tool('find'), tool('find')];
    answered(arrivals[0], 'found');
    for (const { outcome } of made) {
      const result = await outcome;
      expect(result.content).toEqual([{ type: 'text', text: 'found' }]);
      (result.content as { text: string }[]).forEach((block) => {
        block.text = 'spoilt';
      });
    }
  });

  test('fail together, and the next one is a call again', async () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const made = [tool('find'), tool('find')];
    arrivals[0]?.fail(new ToolwayError('server_error', 'broken', { executed: 'unknown' }));
    for (const { failure } of made) expect(await failure).toMatchObject({ code: 'server_error' });
    tool('find');
    expect(arrivals).toHaveLength(2);
  });
});

describe('a caller that leaves', () => {
  test('is told so at once, and the others wait on, be it the first one', async () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const { signal, leave } = leaving();
    const first = tool('find', {}, { signal });
    const second = tool('find');
    leave();
    expect(await first.failure).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(arrivals[0]?.stopped).toBeUndefined();
    answered(arrivals[0], 'found');
    expect(await second.outcome).toMatchObject({ content: [{ text: 'found' }] });
  });

  test('and is the last one takes the request back; whoever comes then makes a call', async () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const [one, two] = [leaving(), leaving()];
    const made = [tool('find', {}, { signal: one.signal }), tool('find', {}, { signal: two.signal })];
    one.leave();
    two.leave();
    const third = tool('find');
    expect(arrivals[0]?.stopped).toMatchObject({ code: 'cancelled' });
    expect(arrivals).toHaveLength(2);
    answered(arrivals[1], 'found');
    for (const { failure } of made) expect(await failure).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(await third.outcome).toMatchObject({ content: [{ text: 'found' }] });
    expect(third.call.merged).toBe(false);
  });

  test('before anything was sent knows that nothing was, when it is the last one; else the others see to it', async () => {
    const { tool, arrivals } = lab({ config: SAFE, waits: true });
    const [one, two] = [leaving(), leaving()];
    const made = [tool('find', {}, { signal: one.signal }), tool('find', {}, { signal: two.signal })];
    one.leave();
    two.leave();
    expect(await made[0]?.failure).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(await made[1]?.failure).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(arrivals).toEqual([]);
  });

  test('in vain is told the reason in the words of whoever knows it', async () => {
    const { tool, clock } = lab({
      config: SAFE,
      waits: true,
      explain: (_call, cause) => new ToolwayError('connect_timeout', 'no connection', { executed: 'no', cause }),
    });
    const short = tool('find', {}, { timeoutMs: 10 });
    tool('find');
    await clock.advance(10);
    expect(await short.failure).toMatchObject({ code: 'connect_timeout', executed: 'no' });
  });
});

describe('the time of callers that share a call', () => {
  test('is of each its own, and of the call the longest there is', async () => {
    const { tool, arrivals, clock } = lab({ config: SAFE });
    const short = tool('find', {}, { timeoutMs: 10, totalTimeoutMs: 20 });
    const shared = arrivals[0]?.call;
    expect([shared?.dueAt, shared?.endsAt]).toEqual([10, 20]);
    await clock.advance(5);
    const long = tool('find', {}, { timeoutMs: 100, totalTimeoutMs: 200 });
    expect([shared?.dueAt, shared?.endsAt]).toEqual([105, 205]);
    await clock.advance(5);
    expect(await short.failure).toMatchObject({ code: 'timeout', limit: 10 });
    expect(arrivals[0]?.stopped).toBeUndefined();
    await clock.advance(95);
    expect(await long.failure).toMatchObject({ code: 'timeout', limit: 100 });
    expect(arrivals[0]?.stopped).toMatchObject({ code: 'timeout' });
  });

  test('ends with the last of those who are left', async () => {
    const { tool, arrivals } = lab({ config: SAFE });
    const { signal, leave } = leaving();
    tool('find', {}, { totalTimeoutMs: 20 });
    tool('find', {}, { totalTimeoutMs: 200, signal });
    expect(arrivals[0]?.call.endsAt).toBe(200);
    leave();
    expect(arrivals[0]?.call.endsAt).toBe(20);
  });

  test('starts again for each with progress, which all of them hear', async () => {
    const { tool, arrivals, clock } = lab({ config: SAFE });
    const heard: string[] = [];
    const listening = (name: string) => ({
      onProgress: () => void heard.push(name),
      timeoutMs: 10,
      totalTimeoutMs: 25,
    });
    const made = [
      tool('find', {}, listening('a')),
      tool('find', {}, listening('b')),
      tool('find', {}, { timeoutMs: 10 }),
    ];
    expect(arrivals).toHaveLength(1);
    for (const at of [8, 8]) {
      await clock.advance(at);
      arrivals[0]?.call.progress({ progress: at }, clock.now());
    }
    expect(heard).toEqual(['a', 'b', 'a', 'b']);
    expect(made.map(({ call }) => call.dueAt)).toEqual([25, 25, 26]);
    arrivals[0]?.call.touch(20);
    expect(made.map(({ call }) => call.dueAt)).toEqual([25, 25, 30]);
    expect(arrivals[0]?.call.dueAt).toBe(30);
    answered(arrivals[0], 'found');
    await Promise.all(made.map(({ outcome }) => outcome));
  });
});

test('callers that share a call are as far as it is', async () => {
  const { tool, arrivals, connect, clock } = lab({ config: SAFE, waits: true });
  const made = [tool('find'), tool('find')];
  const states = () => made.map(({ call }) => `${call.state} ${call.attempt}`);
  expect(states()).toEqual(['queued 1', 'queued 1']);
  connect();
  await clock.settle();
  const [arrival] = arrivals;
  if (arrival !== undefined) arrival.call.attempt = 2;
  expect(states()).toEqual(['handed_over 2', 'handed_over 2']);
  answered(arrival, 'found');
  await Promise.all(made.map(({ outcome }) => outcome));
  expect(states()).toEqual(['answering 2', 'answering 2']);
});

test('a thousand callers share one call, and cost no more than a thousand copies', async () => {
  const { tool, arrivals } = lab({ config: SAFE });
  const made = Array.from({ length: 1_000 }, () => tool('find'));
  answered(arrivals[0], 'found');
  const results = await Promise.all(made.map(({ outcome }) => outcome));
  expect(arrivals).toHaveLength(1);
  expect(new Set(results).size).toBe(1_000);
});

/** What may happen next: a call for one of three things, one that ends, one caller that leaves, time, a change. */
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      what: fc.nat({ max: 2 }),
      timeoutMs: fc.constantFrom(20, 60_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const) }) },
);

const whatOf = ({ call }: Arrival): number => (call.params.arguments as { what: number }).what;

test('in any order of calls, answers, failures and leavings each caller gets its own answer, and nothing runs without a caller', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.boolean(), async (events, merges) => {
      const { tool, arrivals, clock, changes } = lab(merges ? { config: SAFE } : {});
      const overtaken = new Set<Arrival>();
      const made: { what: number; leave: () => void; done: Promise<string> }[] = [];
      const open = (): Arrival[] =>
        arrivals.filter((each) => each.stopped === undefined && each.call.state === 'handed_over');
      for (const step of events) {
        if (step.kind === 'call') {
          const { signal, leave } = leaving();
          const joinable = open().some((each) => whatOf(each) === step.what && !overtaken.has(each));
          const before = arrivals.length;
          const { outcome } = tool('find', { what: step.what }, { signal, timeoutMs: step.timeoutMs });
          expect(arrivals.length - before).toBe(merges && joinable ? 0 : 1);
          const done = outcome.then(
            (result) => `answer to ${result.what}`,
            (error: ToolwayError) => error.code,
          );
          made.push({ what: step.what, leave, done });
        } else if (step.kind === 'leave') made[step.which % Math.max(1, made.length)]?.leave();
        else if (step.kind === 'pass') await clock.advance(step.ms);
        else if (step.kind === 'change') {
          changes.tell({ server: 's', what: 'tools' });
          for (const each of open()) overtaken.add(each);
        } else {
          const waiting = open();
          const arrival = waiting[step.which % Math.max(1, waiting.length)];
          if (step.kind === 'fail') arrival?.fail(new ToolwayError('server_error', 'broken', { executed: 'unknown' }));
          else arrival?.answer({ what: whatOf(arrival) });
          await clock.settle();
        }
      }
      for (const arrival of open()) arrival.answer({ what: whatOf(arrival) });
      const outcomes = await Promise.all(made.map(({ done }) => done));
      for (const [index, outcome] of outcomes.entries()) {
        expect([`answer to ${made[index]?.what}`, 'server_error', 'cancelled', 'timeout']).toContain(outcome);
      }
      // Whoever waits for nothing that runs, or runs for nobody, is a defect.
      expect(open()).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
