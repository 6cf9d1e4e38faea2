/** MCP clients of both eras whose user has not given the credentials yet that a server wants: they are sent to the page, and the call goes on. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gatewayHandlers } from '../../src/gateway/handlers.ts';
import type { Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type ServedGateway, serveGateway } from '../../src/node/serve.ts';
import { type PersonalServer, startPersonalServer } from '../fixtures/personal-server.ts';

const KEY = 'gateway-key-of-ann-111';
const OTHER = 'gateway-key-of-bob-222';
const TOKEN = 'ann-secret-token-aaaa';

let upstream: PersonalServer;
let toolkit: Toolkit;
let gateway: ServedGateway;
const clients: Client[] = [];

beforeEach(async () => {
  upstream = await startPersonalServer();
  toolkit = await createToolkit({
    ...gatewayHandlers,
    connect: 'wait',
    mcpServers: { web: { url: `${upstream.origin}/mcp`, headers: { authorization: 'Bearer ${principal:TOKEN}' } } },
  });
  gateway = await serveGateway(toolkit, {
    port: 0,
    access: {
      apiKeys: [
        { name: 'ann', key: KEY },
        { name: 'bob', key: OTHER },
      ],
    },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
  await upstream.stop();
});

const give = (key = KEY, token = TOKEN) =>
  fetch(`${gateway.url}/api/credentials/web`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ values: { TOKEN: token } }),
  });

describe('a client of 2025-11-25', () => {
  const connect = async (capabilities: object, prepare: (client: Client) => void = () => {}, key = KEY) => {
    const client = new Client({ name: 'test', version: '1' }, { capabilities });
    clients.push(client);
    prepare(client);
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit }));
    return client;
  };
  const whoami = (client: Client) => client.callTool({ name: 'web__whoami', arguments: {} });

  test('that can be sent to a URL is, and its call goes on once the credential was given', async () => {
    const asked: Record<string, unknown>[] = [];
    const completed: unknown[] = [];
    let changes = 0;
    const client = await connect({ elicitation: { form: {}, url: {} } }, (made) => {
      made.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
        asked.push(params);
        setTimeout(() => void give(OTHER, 'bob-secret-token-bbbb').then(() => give()), 20);
        return { action: 'accept' };
      });
      made.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => void completed.push(params));
      made.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        changes += 1;
      });
    });
    expect(client.getInstructions()).toContain(`${gateway.url}/credentials/web`);
    expect((await client.listTools()).tools).toEqual([]);
    expect(await whoami(client)).toMatchObject({ content: [{ text: 'aaaa' }] });
    expect(asked).toEqual([
      {
        mode: 'url',
        url: `${gateway.url}/credentials/web`,
        elicitationId: expect.stringMatching(/^[0-9a-f]{32}$/),
        message: expect.stringContaining('TOKEN'),
      },
    ]);
    await expect.poll(() => completed).toEqual([{ elicitationId: asked[0]?.elicitationId }]);
    expect(changes).toBeGreaterThan(0);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('web__of_aaaa');
  });

  test('whose user says no, or that shows no URLs, is told where the credential is given', async () => {
    const message = new RegExp(`${gateway.url}/credentials/web`);
    const refusing = await connect({ elicitation: { url: {} } }, (client) =>
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' })),
    );
    const plain = await connect({ elicitation: {} }, (client) =>
      client.setRequestHandler(ElicitRequestSchema, () => {
        throw new Error('it was asked');
      }),
    );
    for (const client of [refusing, plain])
      await expect(whoami(client)).rejects.toMatchObject({
        code: -32000,
        message: expect.stringMatching(message),
        data: { code: 'auth_required', executed: 'no', credentialsUrl: `${gateway.url}/credentials/web` },
      });
    expect(upstream.heard).toEqual([]);
  });

  test('is told of lists that are its own, and of no others', async () => {
    await give();
    const ann = await connect({});
    let heard = 0;
    const bob = await connect(
      {},
      (client) => {
        client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
          heard += 1;
        });
      },
      OTHER,
    );
    const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
    expect(await names(ann)).toContain('web__of_aaaa');
    expect(await names(bob)).toEqual([]);
    await give();
    expect(await names(ann)).toContain('web__of_aaaa');
    expect(heard).toBe(0);
    await give(OTHER, 'bob-secret-token-bbbb');
    expect(await names(bob)).toContain('web__of_bbbb');
    expect(await names(bob)).not.toContain('web__of_aaaa');
    await expect.poll(() => heard).toBeGreaterThan(0);
    // Both are connected, so that nothing but whose they are tells one list from the other.
    for (const [client, own] of [
      [ann, 'aaaa'],
      [bob, 'bbbb'],
      [ann, 'aaaa'],
    ] as const) {
      expect((await names(client)).filter((name) => name.startsWith('web__of_'))).toEqual([`web__of_${own}`]);
      expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual([`of:${own}`]);
      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual([`web__of_${own}`]);
    }
  });
});

describe('a client of 2026-07-28', () => {
  let id = 0;
  const post = async (capabilities: object, more: object = {}) => {
    id += 1;
    const answer = await fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'web__whoami',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: {
          name: 'web__whoami',
          arguments: {},
          ...more,
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
            'io.modelcontextprotocol/clientCapabilities': capabilities,
          },
        },
      }),
    });
    return JSON.parse(await answer.text());
  };

  test('that can be sent to a URL is told of it as input that is required', async () => {
    const { result } = await post({ elicitation: { url: {} } });
    expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    const [[key, question]] = Object.entries(result.inputRequests) as [[string, object]];
    expect(question).toEqual({
      method: 'elicitation/create',
      params: { mode: 'url', url: `${gateway.url}/credentials/web`, message: expect.stringContaining('TOKEN') },
    });
    await give();
    const again = await post(
      { elicitation: { url: {} } },
      { requestState: result.requestState, inputResponses: { [key]: { action: 'accept' } } },
    );
    expect(again.result).toMatchObject({ resultType: 'complete', content: [{ text: 'aaaa' }] });
  });

  test('that shows no URLs is told where the credential is given', async () => {
    const { error } = await post({ elicitation: {} });
    expect(error).toMatchObject({
      code: -32000,
      data: { code: 'auth_required', executed: 'no', credentialsUrl: `${gateway.url}/credentials/web` },
    });
  });
});
