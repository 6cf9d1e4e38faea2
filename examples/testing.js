/** Tests an application that uses Toolway, without any real server: `node examples/testing.js`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createToolkit } from 'toolway/node';
import {
  createEffectLog,
  createFakeClock,
  createFaultProxy,
  createTestServer,
  createTestToolkit,
  record,
  replay,
} from 'toolway/testing';

/**
 * The application: orders something, and says what became of it.
 * @param {import('toolway/node').Toolkit} toolkit @param {string} item
 */
const order = async (toolkit, item) => {
  try {
    const { structuredContent } = await toolkit.callTool('shop.order', { item });
    return `ordered: ${/** @type {{ number: string }} */ (structuredContent).number}`;
  } catch (/** @type {any} */ error) {
    return error.executed === 'no'
      ? `not ordered: ${error.code}`
      : `it may be ordered, look before you retry: ${error.code}`;
  }
};

/** A shop that notes each order it takes. @param {import('toolway/testing').EffectLog} [effectLog] */
const openShop = (effectLog) =>
  createTestServer({
    effectLog,
    tools: {
      order: {
        description: 'Orders an item',
        inputSchema: { type: 'object', properties: { item: { type: 'string' } }, required: ['item'] },
        run: ({ item }) => ({ number: `${item}-1` }),
      },
    },
  });

test('an order is placed', async () => {
  const shop = openShop();
  const toolkit = await createToolkit({ mcpServers: { shop: shop.config } });
  assert.equal(await order(toolkit, 'tea'), 'ordered: tea-1');
  assert.deepEqual(
    shop.calls.map((call) => call.arguments),
    [{ item: 'tea' }],
  );
  await toolkit.close();
});

test('an order whose answer is lost on the way is not placed twice', async () => {
  const effects = createEffectLog();
  const shop = openShop(effects);
  const { url } = await shop.serveHttp();
  const proxy = await createFaultProxy({ target: url });
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { shop: { url: proxy.url } } });
  await proxy.add({ type: 'reset_peer', stream: 'downstream' });
  assert.equal(await order(toolkit, 'tea'), 'it may be ordered, look before you retry: outcome_unknown');
  effects.assertAtMostOnce();
  assert.equal(effects.effects().length, 1);
  await toolkit.close();
  await proxy.close();
  await shop.close();
});

test('a shop that does not answer is given up after a minute', async () => {
  const clock = createFakeClock();
  const shop = openShop();
  shop.misbehave({ type: 'silent', tool: 'order' });
  const toolkit = await createTestToolkit({ connect: 'wait', mcpServers: { shop: shop.config } }, { clock });
  const outcome = order(toolkit, 'tea');
  await shop.request('tools/call');
  await clock.advance(60_000);
  assert.equal(await outcome, 'it may be ordered, look before you retry: timeout');
  await toolkit.close();
});

test('a session with a real shop is replayed without it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'toolway-example-'));
  const file = join(folder, 'shop.jsonl');
  const real = await createToolkit({ mcpServers: { shop: record(openShop().config, { file }) } });
  assert.equal(await order(real, 'tea'), 'ordered: tea-1');
  await real.close();

  const toolkit = await createToolkit({ mcpServers: { shop: replay(file) } });
  assert.equal(await order(toolkit, 'tea'), 'ordered: tea-1');
  assert.match(await order(toolkit, 'coffee'), /^not ordered: server_error/);
  await toolkit.close();
  await rm(folder, { recursive: true });
});
