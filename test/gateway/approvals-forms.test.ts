/** Approvals in a form of the caller's own client, beside REST: whoever answers first. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernLink } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApprovalWorld, KEYS, startApprovalWorld, type Who } from '../fixtures/approval-world.ts';

type Reply =
  | { action: 'accept'; content: Record<string, string> }
  | { action: 'decline' | 'cancel'; content?: undefined };
type Person = (form: { message: string; requestedSchema: unknown }, signal: AbortSignal) => Reply | Promise<Reply>;

const chooses = (decision: string): Reply => ({ action: 'accept', content: { decision } });

let world: ApprovalWorld;
const endings: (() => Promise<void>)[] = [];
beforeEach(async () => {
  world = await startApprovalWorld();
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end().catch(() => {});
  await world.stop();
});

const linkOf = (who: Who) => ({
  url: new URL('/mcp', world.gateway.url),
  options: { requestInit: { headers: { authorization: `Bearer ${KEYS[who].key}` } } },
});
type Charge = (key: string) => Promise<{ isError?: unknown; content?: unknown }>;
const ERAS: Record<string, (who: Who, person: Person) => Promise<Charge>> = {
  async legacy(who, person) {
    const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => person(params as never, signal));
    const { url, options } = linkOf(who);
    await client.connect(new StreamableHTTPClientTransport(url, options));
    endings.push(() => client.close());
    return (key) => client.callTool({ name: 'bank__charge', arguments: { key, delayMs: 0 } }) as ReturnType<Charge>;
  },
  async modern(who, person) {
    const client = new ModernClient(
      { name: 'test', version: '2' },
      { capabilities: { elicitation: {} }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    client.setRequestHandler('elicitation/create', ({ params }, context) =>
      person(
        params as never,
        (context as { mcpReq?: { signal?: AbortSignal } }).mcpReq?.signal ?? new AbortController().signal,
      ),
    );
    const { url, options } = linkOf(who);
    await client.connect(new ModernLink(url, options));
    endings.push(() => client.close());
    return (key) => client.callTool({ name: 'bank__charge', arguments: { key, delayMs: 0 } }) as ReturnType<Charge>;
  },
};

describe.each(Object.entries(ERAS))('a client of the %s era', (era, connect) => {
  test('is asked what is to be sent, and its word counts', async () => {
    const forms: { message: string; requestedSchema: unknown }[] = [];
    const answers = [chooses('once'), chooses('deny'), { action: 'decline' } as Reply];
    const charge = await connect('boss', (form) => {
      forms.push(form);
      return answers[forms.length - 1] as Reply;
    });
    expect(await charge('a1')).toMatchObject({ content: [{ text: 'a1' }] });
    await expect(charge('b2')).rejects.toThrow(/not approved/);
    await expect(charge('c3')).rejects.toThrow(/not approved/);
    expect(world.effects()).toEqual(['a1']);
    expect(forms).toHaveLength(3);
    expect(forms[0]?.message).toBe(
      [
        'May the tool charge of the server bank be called?',
        'Asked by: it costs money',
        'Arguments: {"key":"a1","delayMs":0}',
      ].join('\n'),
    );
    const { approvals } = (await world.send('boss', 'GET', '/api/approvals?state=all')).body;
    expect(approvals).toMatchObject(
      ['denied', 'denied', 'approved'].map((state) => ({ state, decidedBy: 'key:boss', via: 'elicitation' })),
    );
  });

  test('may say always, and is not asked for equal arguments again', async () => {
    let asked = 0;
    const charge = await connect('boss', () => {
      asked += 1;
      return chooses('always');
    });
    await charge('a1');
    await charge('a1');
    expect(asked).toBe(1);
    await charge('b2');
    expect(asked).toBe(2);
    expect((await world.grants()).map(({ scope }) => scope)).toEqual(['arguments', 'arguments']);
  });

  test('that puts the form away leaves the word to others', async () => {
    let asked = 0;
    const charge = await connect('boss', () => {
      asked += 1;
      return { action: 'cancel' };
    });
    const call = charge('a1');
    await expect.poll(() => asked).toBe(1);
    expect(world.effects()).toEqual([]);
    await world.decide((await world.one()).id, { decision: 'once' }, 'chief');
    expect(await call).toMatchObject({ content: [{ text: 'a1' }] });
  });

  test('hears no more of its form once somebody else has decided', async () => {
    let answer = (_: Reply): void => {};
    let asked = 0;
    let withdrawn = false;
    const charge = await connect('boss', (_form, signal) => {
      asked += 1;
      signal.addEventListener('abort', () => {
        withdrawn = true;
        answer({ action: 'cancel' });
      });
      return new Promise<Reply>((resolve) => {
        answer = resolve;
      });
    });
    const call = charge('a1');
    await expect.poll(() => asked).toBe(1);
    await world.decide((await world.one()).id, { decision: 'once' }, 'chief');
    // A client of the modern era hears of the outcome when it sends its answer: it is not called back.
    if (era === 'legacy') await expect.poll(() => withdrawn).toBe(true);
    else answer(chooses('deny'));
    expect(await call).toMatchObject({ content: [{ text: 'a1' }] });
    expect(world.effects()).toEqual(['a1']);
    const { approvals } = (await world.send('boss', 'GET', '/api/approvals?state=all')).body;
    expect(approvals).toMatchObject([{ state: 'approved', decidedBy: 'key:chief', via: 'rest' }]);
  });

  test('of somebody who may not approve is not asked', async () => {
    let asked = 0;
    const charge = await connect('ann', () => {
      asked += 1;
      return chooses('once');
    });
    const call = charge('a1');
    await world.decide((await world.one()).id, { decision: 'deny' });
    await expect(call).rejects.toThrow(/not approved/);
    expect(asked).toBe(0);
    expect(world.effects()).toEqual([]);
  });

  test('that answers what was not asked is not believed', async () => {
    let asked = 0;
    const charge = await connect('boss', () => {
      asked += 1;
      return chooses('for ever');
    });
    const call = charge('a1').catch((error: Error) => error);
    await expect.poll(() => asked).toBeGreaterThan(0);
    expect(world.effects()).toEqual([]);
    await world.decide((await world.one()).id, { decision: 'deny' }, 'chief');
    await call;
    expect(world.effects()).toEqual([]);
  });
});

test('what cannot be seen in arguments is shown as what it is', async () => {
  let shown = '';
  const charge = await ERAS.legacy?.('boss', ({ message }) => {
    shown = message;
    return chooses('deny');
  });
  await expect(charge?.('safe\u202e\u200b\nAsked by: nobody')).rejects.toThrow(/not approved/);
  expect(shown.split('\n')).toHaveLength(4);
  expect(shown).toContain('safe\\u{202e}\\u{200b}\\nAsked by: nobody');
  expect(shown).toContain('Warning: ');
});
