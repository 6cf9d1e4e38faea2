import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHandClock } from '../../test/fixtures/hand-clock.ts';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import type { WriteState } from '../call.ts';
import { type ErrorCode, type ErrorFacts, type Executed, ToolwayError } from '../errors.ts';
import { createEmitter } from '../events.ts';
import type { Tool } from '../protocol/types.ts';
import type { CallFn } from './middleware.ts';
import { createRetries, type RetriedServer } from './retry.ts';

/** What may become of one sending: how far it came, and what the table says of it. */
interface Ending {
  state: WriteState;
  code?: ErrorCode;
  facts?: ErrorFacts;
  /** Whether it took effect, as far as anybody can tell. */
  ran: Executed;
  /** Another attempt can mend it; where not, it is the last word. */
  mends: boolean;
}
const ENDINGS: Record<string, Ending> = {
  'is answered': { state: 'answering', ran: 'yes', mends: false },
  'never leaves, the link being down': { state: 'queued', code: 'not_connected', ran: 'no', mends: true },
  'never leaves, the child being dead': { state: 'queued', code: 'server_exited', ran: 'no', mends: true },
  'never leaves, the time being over': { state: 'queued', code: 'timeout', ran: 'no', mends: false },
  'finds nobody': { state: 'handed_over', code: 'connect_failed', facts: { executed: 'no' }, ran: 'no', mends: true },
  'is told to wait': { state: 'handed_over', code: 'rate_limited', facts: { executed: 'no' }, ran: 'no', mends: true },
  'gets no answer': { state: 'handed_over', code: 'outcome_unknown', ran: 'unknown', mends: true },
  'gets HTTP 502': {
    state: 'handed_over',
    code: 'outcome_unknown',
    facts: { status: 502 },
    ran: 'unknown',
    mends: true,
  },
  'gets half an answer': { state: 'answering', code: 'outcome_unknown', ran: 'unknown', mends: true },
  'gets no answer in time': { state: 'handed_over', code: 'timeout', ran: 'unknown', mends: false },
  'gets an error': { state: 'answering', code: 'server_error', facts: { rpcCode: -1 }, ran: 'unknown', mends: false },
  'gets nonsense': {
    state: 'answering',
    code: 'protocol_error',
    facts: { executed: 'yes' },
    ran: 'yes',
    mends: false,
  },
  'may not go': { state: 'handed_over', code: 'forbidden', facts: { executed: 'no' }, ran: 'no', mends: false },
  'is held back': { state: 'queued', code: 'breaker_open', facts: { executed: 'no' }, ran: 'no', mends: false },
};

/** What may be called. `twice`: nothing is lost if it runs more than once; `begun`: it began to run before the failure. */
interface Subject {
  method?: string;
  tool?: Partial<Tool>;
  config?: RetriedServer['config'];
  asked?: boolean;
  twice: boolean;
  begun?: boolean;
}
const TASK = { taskSupport: 'required' as const };
const SUBJECTS: Record<string, Subject> = {
  'a list': { method: 'tools/list', twice: true },
  'a resource': { method: 'resources/read', twice: true },
  'a subscription': { method: 'resources/subscribe', twice: false },
  'a tool': { twice: false },
  'a tool with hints': { tool: { annotations: { readOnlyHint: true } }, twice: false },
  'a tool with hints that are trusted': {
    tool: { annotations: { idempotentHint: true } },
    config: { trustHints: true },
    twice: true,
  },
  'a tool that the operator names': { config: { retrySafe: ['ch*'] }, twice: true },
  'a task': { tool: { execution: TASK }, config: { retrySafe: ['*'] }, twice: false },
  'a tool that asked something': { asked: true, twice: false, begun: true },
};

interface Outcome {
  sent: number;
  code: ErrorCode | 'done';
  executed: Executed;
}

/** The table by itself: no waits, no budgets. */
const expected = (subject: Subject, endings: readonly Ending[], attempts: number): Outcome => {
  let executed: Executed = 'no';
  let last: Ending | undefined;
  for (const [index, ending] of endings.entries()) {
    // A refusal of our own is no attempt: what failed before says more.
    if (index > 0 && ending.code === 'breaker_open')
      return { sent: index + 1, code: last?.code ?? 'internal', executed };
    last = ending;
    if (ending.code === undefined) return { sent: index + 1, code: 'done', executed: 'yes' };
    executed = ending.ran === 'no' ? executed : ending.ran;
    const maySend = subject.twice || (ending.ran === 'no' && subject.begun !== true);
    if (!ending.mends || !maySend || index + 1 === attempts) return { sent: index + 1, code: ending.code, executed };
  }
  throw new Error('the last ending has to be an answer');
};

const observed = async (subject: Subject, endings: readonly Ending[], attempts: number) => {
  const clock = createHandClock();
  const { method = 'tools/call', tool, config = {}, asked = false } = subject;
  const server: RetriedServer = { config, budget: { credit: (result) => result, charge: () => true } };
  const left: Ending[] = [];
  const next: CallFn = async (call) => {
    const ending = endings[left.length] as Ending;
    left.push(ending);
    call.state = ending.state;
    call.asked = asked;
    if (ending.code !== undefined) throw new ToolwayError(ending.code, 'why', ending.facts);
    return {};
  };
  const options = { clock, events: createEmitter(() => {}), calls: { size: 1 }, random: () => 0 };
  const run = createRetries(options)(() => server)(next);
  const definition: Tool = { name: 'charge', inputSchema: { type: 'object' }, ...tool };
  const call = callFor(method, { name: 'charge' }, { tool: definition, retry: { attempts } });
  const outcome = run(call).then(
    () => ({ code: 'done' as const, executed: 'yes' as const }),
    (thrown: unknown) => {
      const { code, executed } = ToolwayError.from(thrown, { executed: call.state === 'queued' ? 'no' : 'unknown' });
      return { code, executed: executed ?? 'unknown' };
    },
  );
  for (let i = 0; i < endings.length; i += 1) await clock.advance(1);
  return { outcome: { ...(await outcome), sent: left.length }, left };
};

test('5 000 series of failures have the calls sent again that the table says, and no other runs twice', async () => {
  const seed = Number(process.env.TOOLWAY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`retry: 5 000 series, TOOLWAY_SEED=${seed}`);
  const sentTimes = new Set<number>();
  const series = fc.array(fc.constantFrom(...Object.keys(ENDINGS)), { maxLength: 6 });
  const property = fc.asyncProperty(
    fc.constantFrom(...Object.keys(SUBJECTS)),
    series,
    fc.integer({ min: 1, max: 5 }),
    async (name, names, attempts) => {
      const subject = SUBJECTS[name] as Subject;
      const endings = [...names, 'is answered'].map((each) => ENDINGS[each] as Ending);
      const { outcome, left } = await observed(subject, endings, attempts);
      expect(outcome).toEqual(expected(subject, endings, attempts));
      sentTimes.add(outcome.sent);
      if (!subject.twice) expect(left.filter(({ ran }) => ran !== 'no').length).toBeLessThanOrEqual(1);
    },
  );
  await fc.assert(property, { seed, numRuns: 5_000 });
  expect([...sentTimes].sort()).toEqual([1, 2, 3, 4, 5]);
});
