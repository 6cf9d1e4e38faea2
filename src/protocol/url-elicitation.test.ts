import { describe, expect, test } from 'vitest';
import { callFor, settled } from '../../test/fixtures/scripted-peer.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { createServerRequests } from './server-requests.ts';
import type { ElicitResult } from './types.ts';
import { visitUrls } from './url-elicitation.ts';

const asking = (...ids: (string | undefined)[]): ToolwayError =>
  new ToolwayError('server_error', 'visit', {
    rpcCode: -32042,
    data: {
      elicitations: ids.map((elicitationId) => ({
        mode: 'url',
        message: 'please',
        url: 'https://example.com/',
        ...(elicitationId === undefined ? {} : { elicitationId }),
      })),
    },
  });

const world = (
  error: ToolwayError,
  answer: () => ElicitResult | Promise<ElicitResult> = () => ({ action: 'accept' }),
) => {
  const timers: { ms: number; fire: () => void; cancelled: boolean }[] = [];
  const clock: Clock = {
    now: () => 0,
    after(ms, fire) {
      const timer = { ms, fire, cancelled: false };
      timers.push(timer);
      return {
        cancel: () => {
          timer.cancelled = true;
        },
        keepAlive: () => {},
      };
    },
  };
  const requests = createServerRequests({
    clock: systemClock,
    handlers: { onElicit: answer },
    server: 's',
    scope: '',
    report: () => {},
  });
  const call = callFor('tools/call');
  let state: unknown = 'waiting';
  const over = visitUrls({ requests, clock }, call, error).then(
    () => {
      state = 'visited';
    },
    (thrown: unknown) => {
      state = thrown;
    },
  );
  const complete = (id: unknown): void => {
    for (const hear of requests.completions) hear(id);
  };
  return { call, timers, requests, complete, over, state: () => state };
};
/** The answers are loaded on demand, which takes more than one turn. */
const asked = async (timers: unknown[]): Promise<void> => {
  while (timers.length === 0) await settled();
};

describe('a call that needs visits to URLs', () => {
  test('goes on when the server says that all of them are done', async () => {
    const { complete, timers, over, state, requests } = world(asking('a', 'b'));
    await asked(timers);
    complete('a');
    complete('another');
    await settled();
    expect(state()).toBe('waiting');
    complete('b');
    await over;
    expect([state(), timers[0]?.cancelled, requests.completions.size]).toEqual(['visited', true, 0]);
  });

  test('goes on after a while where the server says nothing', async () => {
    const { timers, over, state } = world(asking('a'));
    await asked(timers);
    await settled();
    expect([state(), timers[0]?.ms]).toEqual(['waiting', 2_000]);
    timers[0]?.fire();
    await over;
    expect(state()).toBe('visited');
  });

  test('goes on at once where it was done before the user had answered, or has no id', async () => {
    let answer: (given: ElicitResult) => void = () => {};
    let isAsked: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const early = world(asking('a'), () => {
      isAsked();
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    await reached;
    early.complete('a');
    answer({ action: 'accept' });
    await early.over;
    expect(early.state()).toBe('visited');
    const nameless = world(asking(undefined));
    await nameless.over;
    expect(nameless.state()).toBe('visited');
  });

  test('ends with its own end, and with a refusal', async () => {
    const { call, timers, over, state, requests } = world(asking('a'));
    await asked(timers);
    call.stop(new ToolwayError('timeout', 'too late'));
    await over;
    expect([(state() as ToolwayError).code, timers[0]?.cancelled, requests.completions.size]).toEqual([
      'timeout',
      true,
      0,
    ]);
    const declined = world(asking('a'), () => ({ action: 'decline' }));
    await declined.over;
    expect(declined.state()).toMatchObject({ code: 'denied', executed: 'unknown' });
    expect(declined.timers).toEqual([]);
  });
});
