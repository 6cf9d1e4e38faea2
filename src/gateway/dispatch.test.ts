import { expect, test } from 'vitest';
import { createHandClock } from '../../test/fixtures/hand-clock.ts';
import type { Toolkit } from '../api.ts';
import { createKnown } from './access/known.ts';
import { createMeter } from './access/meter.ts';
import type { Grant } from './access/options.ts';
import { missingCredentials } from './credentials/missing.ts';
import { createDispatch, type Dispatch } from './dispatch.ts';
import type { Caller } from './principal.ts';
import { createMemoryStore } from './store/memory.ts';

const worldFor = (grant: Grant, perDay: number) => {
  const asked: string[] = [];
  const note = (what: string) => async () => void asked.push(what);
  const toolkit = {
    callTool: note('tool'),
    getPrompt: note('prompt'),
    readResource: note('resource'),
    status: () => ({ s: {} }),
    has: () => true,
  };
  const clock = createHandClock();
  const metering = { clock, today: () => clock.now(), counters: createMemoryStore().counters };
  const meter = createMeter('key:a', { quota: { perDay } }, metering);
  const { caller } = createKnown({ id: 'key:a', scopes: grant.scopes, meter, alive: () => true });
  const closing = new AbortController();
  const dispatch = createDispatch({
    toolkit: toolkit as unknown as Toolkit,
    closing: closing.signal,
    isolationOf: () => 'shared',
  });
  return { asked, caller, dispatch, closing };
};

const WAYS: [string, (dispatch: Dispatch, caller: Caller) => Promise<unknown>][] = [
  ['tool', (dispatch, caller) => dispatch.callTool(caller, { server: 's', name: 't' }, {})],
  ['prompt', (dispatch, caller) => dispatch.getPrompt(caller, { server: 's', name: 'p' })],
  ['resource', (dispatch, caller) => dispatch.readResource(caller, 'file:///a', { server: 's' })],
];

test.each(WAYS)('a %s is paid for by each call, whatever request holds it', async (what, ask) => {
  const { asked, caller, dispatch } = worldFor({}, 2);
  await ask(dispatch, caller);
  await ask(dispatch, caller);
  await expect(ask(dispatch, caller)).rejects.toMatchObject({ code: 'rate_limited', executed: 'no', limit: 2 });
  expect(asked).toEqual([what, what]);
});

test.each(WAYS)('a %s is refused once the gateway closes', async (what, ask) => {
  const { asked, caller, dispatch, closing } = worldFor({}, 2);
  await ask(dispatch, caller);
  closing.abort();
  await expect(ask(dispatch, caller)).rejects.toMatchObject({ code: 'closed', executed: 'no' });
  expect(asked).toEqual([what]);
});

test.each(WAYS)('S26 a %s needs the permission to call, whatever face asks for it', async (_, ask) => {
  const { asked, caller, dispatch } = worldFor({ scopes: ['read', 'approve'] }, 2);
  await expect(ask(dispatch, caller)).rejects.toMatchObject({ code: 'forbidden', executed: 'no' });
  expect(asked).toEqual([]);
});

test.each(WAYS)('a %s is not asked for again by whoever lost its key while it gave a credential', async (_, ask) => {
  let asked = 0;
  const refuse = async () => {
    asked += 1;
    throw missingCredentials('s', 'it is wanted', 'https://gateway.example/credentials/s');
  };
  const toolkit = {
    callTool: refuse,
    getPrompt: refuse,
    readResource: refuse,
    status: () => ({ s: {} }),
    has: () => true,
  };
  let alive = true;
  const { caller } = createKnown({ id: 'key:a', meter: { request: () => 0 }, alive: () => alive });
  const dispatch = createDispatch({
    toolkit: toolkit as unknown as Toolkit,
    isolationOf: () => 'perPrincipal',
    async askForCredentials() {
      alive = false;
      return true;
    },
  });
  await expect(ask(dispatch, caller)).rejects.toMatchObject({ code: 'forbidden', executed: 'no' });
  expect(asked).toBe(1);
});
