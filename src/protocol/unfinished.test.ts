import { describe, expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import { type ErrorFacts, ToolwayError } from '../errors.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { pause } from '../waits.ts';
import { createServerRequests } from './server-requests.ts';
import type { JsonObject } from './types.ts';
import { finish } from './unfinished.ts';

const QUESTION = { resultType: 'input_required', requestState: 'x' };

/** A call whose server has answered with a question; what follows is answered by `send`. */
const goOn = (send: () => Promise<JsonObject>, look?: () => Promise<void>) => {
  const clock = createFakeClock();
  const requests = createServerRequests({ clock, handlers: {}, server: 's', scope: '', report: () => {} });
  const call = callFor('tools/call', { name: 'pay' });
  call.look = look;
  const options = {
    clock,
    send,
    pause,
    requests,
    maxInputRounds: 3,
    newCall: (method: string) => callFor(method),
    bounded: <T>(own: typeof call, run: (own: typeof call) => Promise<T>): Promise<T> => run(own),
    onTask: () => {},
  };
  return finish(options, QUESTION, call, 'tools/call', {});
};

describe('a call that the server has asked something', () => {
  test.each<[string, ErrorFacts]>([
    ['that nothing was sent', { executed: 'no' }],
    ['nothing', {}],
    ['that it may have run', { executed: 'unknown' }],
  ])('may have run when what follows fails and tells %s', async (_what, facts) => {
    const error = await failure(goOn(async () => Promise.reject(new ToolwayError('not_connected', 'gone', facts))));
    expect(error).toMatchObject({ code: 'not_connected', executed: 'unknown', message: 'gone' });
  });

  test('has run when the answer to what follows makes no sense', async () => {
    const error = new ToolwayError('protocol_error', 'no result', { executed: 'yes' });
    await expect(goOn(() => Promise.reject(error))).rejects.toBe(error);
  });

  test('is looked at before each of its answers is sent', async () => {
    const seen: string[] = [];
    const script: JsonObject[] = [QUESTION, { resultType: 'complete', content: [] }];
    const send = async (): Promise<JsonObject> => {
      seen.push('sent');
      return script.shift() as JsonObject;
    };
    await goOn(send, async () => void seen.push('looked'));
    expect(seen).toEqual(['looked', 'sent', 'looked', 'sent']);
  });
});
