/** Roots that change, where each session or each principal has servers of its own. */
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { connectClient, type GatewayWorld, LINKS, PROBE, startGateway, textOf } from '../fixtures/mcp-gateway.ts';
import { until } from '../fixtures/servers/launch.ts';

const call = (name: string) => ({ name, arguments: {} });
const rooted = async (client: Client): Promise<string> => textOf(await client.callTool(call('a__rooted')));

type Link = (typeof LINKS)[number];

/** A client with one root, which has made its server ready by a call. */
const clientOf = async (
  gateway: GatewayWorld,
  root: string,
  { as = 'alice', link }: { as?: string; link?: Link } = {},
) => {
  const capabilities = { roots: { listChanged: true } };
  const asked: string[] = [];
  const client = await connectClient(gateway, { as, capabilities, ...(link && { link }) }, (one) => {
    one.setRequestHandler(ListRootsRequestSchema, () => {
      asked.push(root);
      return { roots: [{ uri: `file:///${root}` }] };
    });
  });
  await client.callTool(call('a__echo'));
  return { client, asked };
};

describe.each(LINKS)('a client over %s whose roots change', (link) => {
  test('is asked for them by the servers of its session, while it calls nothing', async () => {
    const gateway = await startGateway({ a: PROBE }, { isolation: 'perSession' });
    const one = await clientOf(gateway, 'one', { link });
    const two = await clientOf(gateway, 'two', { link });
    await one.client.sendRootsListChanged();
    await until(async () => (await rooted(one.client)) === 'file:///one', 'its server has its roots');
    expect(await rooted(two.client)).toBe('');
    await two.client.sendRootsListChanged();
    await until(async () => (await rooted(two.client)) === 'file:///two', 'its server has its roots');
    expect(await rooted(one.client)).toBe('file:///one');
    expect([one.asked, two.asked]).toEqual([['one'], ['two']]);
  });
});

test('servers of a principal ask that of its clients for roots which said last that they changed', async () => {
  const gateway = await startGateway({ a: PROBE }, { isolation: 'perPrincipal' });
  const one = await clientOf(gateway, 'one');
  const two = await clientOf(gateway, 'two');
  const bert = await clientOf(gateway, 'berts', { as: 'bert' });
  await two.client.sendRootsListChanged();
  await until(() => two.asked.length === 1, 'the second is asked');
  await one.client.sendRootsListChanged();
  await until(async () => (await rooted(two.client)) === 'file:///two file:///one', 'the server has both');
  expect([one.asked, two.asked, bert.asked]).toEqual([['one'], ['two'], []]);
  expect(await rooted(bert.client)).toBe('');
});

test('nobody is asked by servers that all share, nor by one that has not been started', async () => {
  let refused = 0;
  const roots = () => {
    refused += 1;
    throw new Error('nobody is there to be asked');
  };
  const shared = await startGateway({ a: PROBE }, { options: { roots } });
  const { client, asked } = await clientOf(shared, 'here');
  await client.sendRootsListChanged();
  await until(() => refused > 0, 'the server has heard of it');
  expect(asked).toEqual([]);

  const isolated = await startGateway({ a: PROBE }, { isolation: 'perSession' });
  const capabilities = { roots: { listChanged: true } };
  const idle = await connectClient(isolated, { capabilities });
  const scopes: string[] = [];
  isolated.toolkit.on('connected', ({ scope }) => scopes.push(scope));
  await idle.sendRootsListChanged();
  await idle.ping();
  expect(scopes).toEqual([]);
});
