/** What clients want to hear of, where each session or each principal has servers of its own. */
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { connectClient, PROBE, startGateway, textOf, type WorldOptions } from '../fixtures/mcp-gateway.ts';
import { until } from '../fixtures/servers/launch.ts';

const touch = { name: 'a__touch', arguments: {} };

const world = async (isolation: NonNullable<WorldOptions['isolation']>, scopeIdleMs = 100) => {
  const gateway = await startGateway({ a: PROBE }, { isolation, options: { limits: { scopeIdleMs } } });
  const told: string[] = [];
  gateway.toolkit.on('connected', ({ scope }) => told.push(`connected ${scope}`));
  gateway.toolkit.on('disconnected', ({ scope }) => told.push(`disconnected ${scope}`));
  const heard: Record<string, number> = {};
  const connect = (name: string) =>
    connectClient(gateway, {}, (client) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => {
        heard[name] = (heard[name] ?? 0) + 1;
      });
    });
  return { gateway, told, heard, connect };
};
/** Longer than connections are kept that nobody uses. */
const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 400));

describe('what a client has subscribed to', () => {
  test('keeps the connection of its principal for as long as one of its clients wants to hear, and no longer', async () => {
    const { told, heard, connect } = await world('perPrincipal');
    const [one, two] = [await connect('one'), await connect('two')];
    for (const client of [one, two]) await client.subscribeResource({ uri: 'probe://one' });
    await wait();
    expect(told).toEqual(['connected alice']);
    expect(textOf(await one.callTool(touch))).toBe('probe://one');
    await until(() => heard.one === 1 && heard.two === 1, 'both have heard of it');
    await one.unsubscribeResource({ uri: 'probe://one' });
    await wait();
    expect(textOf(await one.callTool(touch))).toBe('probe://one');
    await until(() => heard.two === 2, 'the other has heard of it');
    expect([told, heard.one]).toEqual([['connected alice'], 1]);
    await two.unsubscribeResource({ uri: 'probe://one' });
    await until(() => told.length > 1, 'nobody uses it any more');
    expect(told).toEqual(['connected alice', 'disconnected alice']);
  });

  test('is let go of with its session, which starts no server for that', async () => {
    const { gateway, told, connect } = await world('perSession', 60_000);
    const client = await connect('one');
    await client.subscribeResource({ uri: 'probe://one' });
    expect(told).toHaveLength(1);
    await (client.transport as unknown as { terminateSession(): Promise<void> }).terminateSession();
    await until(() => told.length === 2, 'its server is gone');
    await wait();
    expect(told.map((one) => one.split(' ')[0])).toEqual(['connected', 'disconnected']);
    expect(gateway.toolkit.calls()).toEqual([]);
  });

  test('of its principal is taken back when its session ends', async () => {
    const { told, connect, gateway } = await world('perPrincipal', 60_000);
    const [one, two] = [await connect('one'), await connect('two')];
    await one.subscribeResource({ uri: 'probe://one' });
    expect(textOf(await two.callTool(touch))).toBe('probe://one');
    await (one.transport as unknown as { terminateSession(): Promise<void> }).terminateSession();
    await until(async () => textOf(await two.callTool(touch)) === '', 'the server was told');
    expect(told).toEqual(['connected alice']);
    expect(gateway.toolkit.calls()).toEqual([]);
  });
});
