/**
 * The official clients of both eras through a gateway as it is served, in front of a server of either era: what a client
 * can see is the same wherever the two eras meet. What the clients of the legacy era see of a legacy server alone is in
 * legacy-clients.test.ts.
 */
import { describe, expect, test } from 'vitest';
import {
  CLIENTS,
  type ClientName,
  connect,
  type OfficialClient,
  PROBES,
  startInterop,
  textOf,
} from '../fixtures/interop-world.ts';
import { until } from '../fixtures/servers/launch.ts';

type Era = keyof typeof PROBES;
const PAIRS: [ClientName, Era][] = [
  ['client 2.4 in the legacy era', 'legacy'],
  ['client 2.4 in the modern era', 'legacy'],
  ['sdk 1.32 over Streamable HTTP', 'modern'],
  ['sdk 1.32 over HTTP+SSE', 'modern'],
  ['sdk 1.32 over WebSocket', 'modern'],
  ['client 2.4 in the legacy era', 'modern'],
  ['client 2.4 in the modern era', 'modern'],
];

describe.each(PAIRS)('%s, in front of a %s server', (which, era) => {
  const isModern = which === 'client 2.4 in the modern era';

  test('sees tools, results, resources and prompts with every field that they have', async () => {
    const world = await startInterop({ a: PROBES[era], b: PROBES[era] });
    const client = await connect(which, world);
    expect(client.version ?? '2025-11-25').toBe(isModern ? '2026-07-28' : '2025-11-25');
    const tools = await client.tools();
    expect(tools.filter(({ name }) => String(name).endsWith('described')).map(({ name }) => name)).toEqual([
      'a__described',
      'b__described',
    ]);
    expect(tools.find(({ name }) => name === 'a__described')).toMatchObject({
      title: 'Described',
      outputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      annotations: { readOnlyHint: true, title: 'Hinted' },
      icons: [{ src: 'data:image/png;base64,AA==', mimeType: 'image/png', sizes: ['1x1'] }],
      _meta: { 'example.com/kept': [1, { two: 2 }] },
    });
    expect(await client.call('b__described', { n: 7 })).toMatchObject({
      content: [{ type: 'text', text: '{"n":7}' }],
      structuredContent: { n: 7 },
      _meta: { 'example.com/answer': true },
    });
    expect(await client.call('a__sour')).toMatchObject({ isError: true });
    expect(await client.read('probe://one')).toMatchObject({ contents: [{ text: 'text of probe://one' }] });
    const prompt = await client.prompt('b__greet', { name: 'Ann' });
    expect(prompt).toMatchObject({ messages: [{ content: { text: 'Greet Ann' } }] });
  });

  test('is told which tool there is not, and what its server says of a failure', async () => {
    const world = await startInterop({ a: PROBES[era] });
    const client = await connect(which, world);
    await expect(client.call('a__nothing')).rejects.toMatchObject({ code: -32602, data: { code: 'unknown_tool' } });
    await expect(client.call('nothing')).rejects.toMatchObject({ code: -32602, data: { code: 'unknown_tool' } });
    // The modern era keeps the codes from -32020 to -32099 for itself.
    const modern = { code: -32000, data: { code: 'server_error', rpcCode: -32050, data: { own: true } } };
    const failed = isModern ? modern : { code: -32050, data: { own: true } };
    await expect(client.call('a__fail')).rejects.toMatchObject(failed);
  });

  test('hears all five steps of a tool that reports its progress', async () => {
    const world = await startInterop({ a: PROBES[era] });
    const client = await connect(which, world);
    const steps: unknown[] = [];
    await client.call('a__steps', {}, { onprogress: (step) => steps.push(step) });
    expect(steps).toEqual([1, 2, 3, 4, 5].map((progress) => ({ progress, total: 5, message: `step ${progress}` })));
  });

  test('cancels a call on its server', async () => {
    const world = await startInterop({ a: PROBES[era] });
    const client = await connect(which, world);
    const controller = new AbortController();
    const waiting = client.call('a__wait', {}, { signal: controller.signal });
    await until(() => world.toolkit.calls().some(({ state }) => state === 'handed_over'), 'the call is at its server');
    controller.abort();
    await expect(waiting).rejects.toThrow();
    await until(async () => textOf(await client.call('a__aborts')) === '1', 'the server heard of it');
    expect(world.toolkit.calls()).toEqual([]);
  });

  test('is asked what its own calls need, and nobody else is', async () => {
    const world = await startInterop({ a: PROBES[era] });
    const [anna, bert] = await Promise.all([connect(which, world, 'anna'), connect(which, world, 'bert')]);
    for (const [name, client] of Object.entries({ anna, bert })) {
      expect(textOf(await client.call('a__sample'))).toBe('model: 8 tokens');
      expect(textOf(await client.call('a__elicit'))).toBe(`accept ${name}`);
      expect(textOf(await client.call('a__roots'))).toBe(`file:///${name}`);
    }
  });

  test('hears of updates, of new tools, and of logs from the level that it wants', async () => {
    const world = await startInterop({ a: PROBES[era] });
    const client = await connect(which, world);
    await client.tools();
    await client.listen('probe://one');
    await client.call('a__touch');
    await until(() => client.heard.updates.length > 0, 'the update arrives');
    expect(client.heard.updates).toEqual(['probe://one']);
    await client.call('a__grow');
    await until(() => client.heard.changes > 0, 'the change arrives');
    expect((await client.tools()).map(({ name }) => name)).toContain('a__grown');
    await client.logFrom('warning');
    await client.call('a__say', { severity: 'info', text: 'soft' });
    await client.call('a__say', { severity: 'error', text: 'loud' });
    await until(() => client.heard.logs.length > 0, 'a log arrives');
    expect(client.heard.logs).toMatchObject([{ level: 'error', logger: 'probe', data: { text: 'loud' } }]);
  });
});

describe.each(CLIENTS)('%s', (which) => {
  const counts = async (anna: OfficialClient, bert: OfficialClient): Promise<string[]> => {
    const seen: string[] = [];
    for (const client of [anna, bert, anna]) seen.push(textOf(await client.call('a__count')));
    return seen;
  };

  test('shares a server with others, or has its own', async () => {
    const shared = await startInterop({ a: PROBES.legacy });
    expect(await counts(await connect(which, shared, 'anna'), await connect(which, shared, 'bert'))).toEqual([
      '1',
      '2',
      '3',
    ]);
    const apart = await startInterop({ a: PROBES.legacy }, { isolation: 'perSession' });
    expect(await counts(await connect(which, apart, 'anna'), await connect(which, apart, 'bert'))).toEqual([
      '1',
      '1',
      '2',
    ]);
  });

  test('is asked what its own call needs while another one is asked too, where each has its own server', async () => {
    const world = await startInterop({ a: PROBES.legacy }, { isolation: 'perSession' });
    const clients = { anna: await connect(which, world, 'anna'), bert: await connect(which, world, 'bert') };
    const asked = Object.entries(clients).flatMap(([name, client]) =>
      [1, 2, 3].map(async () => [textOf(await client.call('a__elicit')), `accept ${name}`]),
    );
    for (const [answered, expected] of await Promise.all(asked)) expect(answered).toBe(expected);
  });

  test('goes on when a server has crashed, while nobody else notices', async () => {
    const world = await startInterop({ a: PROBES.legacy, b: PROBES.legacy });
    const anna = await connect(which, world, 'anna');
    const bert = await connect(which, world, 'bert');
    const elsewhere = bert.call('b__wait', { ms: 1_000 });
    const crashed = await anna.call('a__crash').catch((error: { data: unknown }) => error.data);
    const diedAt = performance.now();
    expect(crashed).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', server: 'a' });
    const down = await world.read('/api/servers/a');
    expect(textOf(await anna.call('a__echo', { text: 'back' }))).toBe('back');
    const recoveredMs = performance.now() - diedAt;
    expect(textOf(await bert.call('a__echo', { text: 'too' }))).toBe('too');
    expect(textOf(await elsewhere)).toBe('waited');
    const up = await world.read('/api/servers/a');
    // What a page of the gateway says was so at that moment: it was down, or it was back with another process.
    expect(up.body).toMatchObject({ connected: true, state: 'connected' });
    if (down.body.connected === false) expect(down.body.state).not.toBe('connected');
    expect((await world.read('/readyz')).status).toBe(200);
    console.log(`${which}: back ${Math.round(recoveredMs)} ms after the crash; meanwhile ${down.body.state}`);
    expect(recoveredMs).toBeLessThan(5_000);
  });
});
