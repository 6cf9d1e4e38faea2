import { describe, expect, test } from 'vitest';
import { modernGateway, type PostOptions } from '../../../../test/fixtures/modern-posts.ts';
import { createTestServer } from '../../../testing/index.ts';
import { decodeHeaderValue } from './header-value.ts';

const gateway = () =>
  modernGateway({ s: createTestServer({ tools: { echo: ({ text }) => String(text), größe: () => 'groß' } }) });
const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const call = { name: 's__echo', arguments: { text: 'hi' } };

describe('a request of the modern era is refused with', () => {
  test.each<[string, number, number, PostOptions]>([
    ['no protocol version in its headers', 400, -32020, { headers: { 'mcp-protocol-version': null } }],
    ['another protocol version there than in _meta', 400, -32020, { meta: { [VERSION]: '2027-01-01' } }],
    ['no Mcp-Method', 400, -32020, { headers: { 'mcp-method': null } }],
    ['an Mcp-Method in another case', 400, -32020, { headers: { 'mcp-method': 'TOOLS/CALL' } }],
    ['no Mcp-Name', 400, -32020, { headers: { 'mcp-name': null } }],
    ['another Mcp-Name', 400, -32020, { headers: { 'mcp-name': 's__other' } }],
    ['an Mcp-Name that cannot be read', 400, -32020, { headers: { 'mcp-name': '=?base64?!!!?=' } }],
    ['no protocol version in _meta', 400, -32602, { meta: { [VERSION]: undefined } }],
    ['no capabilities in _meta', 400, -32602, { meta: { [CAPABILITIES]: undefined } }],
    ['a log level that is none', 400, -32602, { meta: { 'io.modelcontextprotocol/logLevel': 'loud' } }],
    ['a progress token that is none', 400, -32602, { meta: { progressToken: {} } }],
    ['an id that is null', 400, -32600, { id: null, message: { jsonrpc: '2.0', id: null, method: 'tools/call' } }],
    ['an id that is no integer', 400, -32600, { id: 1.5 }],
    ['others in one body', 400, -32600, { message: [{ jsonrpc: '2.0', id: 1, method: 'tools/call' }] }],
    ['the form of an answer', 400, -32600, { message: { jsonrpc: '2.0', id: 1, result: {} } }],
    ['no JSON-RPC at all', 400, -32600, { message: 'hello' }],
  ])('%s', async (_, status, code, options) => {
    const { body, ...posted } = await (await gateway()).post('tools/call', call, options);
    expect({ status: posted.status, code: body.error?.code }).toEqual({ status, code });
  });

  test('a version that is not spoken, and is told which are', async () => {
    const meta = { [VERSION]: '2099-01-01' };
    const { post } = await gateway();
    expect(await post('tools/list', {}, { meta, headers: { 'mcp-protocol-version': '2099-01-01' } })).toMatchObject({
      status: 400,
      body: { id: 1, error: { code: -32022, data: { supported: ['2026-07-28'], requested: '2099-01-01' } } },
    });
  });

  test.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'nonsense', '__proto__'])(
    'the method %s, which is not there',
    async (method) => {
      const { post } = await gateway();
      expect(await post(method)).toMatchObject({ status: 404, body: { id: 1, error: { code: -32601 } } });
    },
  );
});

describe('a request of the modern era', () => {
  test('is carried out', async () => {
    const { post } = await gateway();
    const { status, headers, body } = await post('tools/call', call);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toMatchObject({
      jsonrpc: '2.0',
      id: 1,
      result: {
        resultType: 'complete',
        content: [{ type: 'text', text: 'hi' }],
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'toolway' } },
      },
    });
  });

  test('may have its name encoded in the header', async () => {
    const { post } = await modernGateway(
      { s: createTestServer({ tools: { größe: () => 'groß' } }) },
      { wanted: { server: 's' } },
    );
    const headers = { 'mcp-name': '=?base64?Z3LDtsOfZQ==?=' };
    const message = {
      ...{ jsonrpc: '2.0', id: 7, method: 'tools/call' },
      params: { name: 'größe', _meta: { [VERSION]: '2026-07-28', [CAPABILITIES]: {} } },
    };
    const { body } = await post('tools/call', {}, { headers, message });
    expect(body.result?.content).toEqual([{ type: 'text', text: 'groß' }]);
  });

  test('that is a notification is taken in, and answered with nothing', async () => {
    const { post } = await gateway();
    const message = { jsonrpc: '2.0', method: 'notifications/whatever' };
    expect(await post('notifications/whatever', {}, { message })).toMatchObject({ status: 202, events: [] });
  });

  test('passes the _meta of its client on, without what is between the two of us', async () => {
    const server = createTestServer({ tools: { echo: () => 'hi' } });
    const { post } = await modernGateway({ s: server });
    const meta = { traceparent: '00-1', 'example.com/x': 1, 'io.modelcontextprotocol/clientInfo': { name: 'c' } };
    await post('tools/call', { name: 's__echo' }, { meta });
    expect(server.calls[0]?.meta).toMatchObject({ traceparent: '00-1', 'example.com/x': 1 });
    expect(server.calls[0]?.meta['io.modelcontextprotocol/clientInfo']).not.toEqual({ name: 'c' });
  });
});

describe('the value of a header', () => {
  test.each<[string, string | undefined]>([
    ['plain', 'plain'],
    ['=?base64?SGVsbG8=?=', 'Hello'],
    ['=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
    ['SGVsbG8=', 'SGVsbG8='],
    ['=?base64?SGVsbG8?=', undefined],
    ['=?base64?SGVs!!!bG8=?=', undefined],
    ['=?base64?/w==?=', undefined],
    ['=?base64??=', ''],
    ['gr\u00f6\u00dfe', undefined],
  ])('%s means %s', (value, meaning) => {
    expect(decodeHeaderValue(value)).toBe(meaning);
  });
});
