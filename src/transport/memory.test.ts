import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport as OldMemory } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server as OldServer } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport as OldTransport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import {
  fromJsonSchema,
  InMemoryTransport,
  McpServer,
  type Transport as OfficialTransport,
} from '@modelcontextprotocol/server';
import { describe, expect, test, vi } from 'vitest';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import { createMemoryPair } from '../testing/index.ts';
import type { Transport } from './transport.ts';

const request = (id: number): JsonRpcMessage => ({ jsonrpc: '2.0', id, method: 'echo', params: { n: id } });

const listen = (transport: Transport) => {
  const heard: unknown[] = [];
  transport.onmessage = (message) => heard.push(message);
  transport.onclose = () => heard.push('closed');
  return heard;
};
const opened = async () => {
  const [near, far] = createMemoryPair();
  const [nearHeard, farHeard] = [listen(near), listen(far)];
  await Promise.all([near.start(), far.start()]);
  return { near, far, nearHeard, farHeard };
};

describe('two ends in memory', () => {
  test('carry messages both ways, in order and never within send', async () => {
    const { near, far, nearHeard, farHeard } = await opened();
    const sent = [1, 2, 3].map((id) => near.send(request(id)));
    expect(farHeard).toEqual([]);
    await Promise.all([...sent, far.send(request(9))]);
    expect(farHeard).toEqual([1, 2, 3].map(request));
    expect(nearHeard).toEqual([request(9)]);
    expect([near.kind, far.kind]).toEqual(['memory', 'memory']);
  });

  test('share no object, and say what JSON says', async () => {
    const { near, farHeard } = await opened();
    const params = { list: [1], date: new Date(0), none: undefined, not: Number.NaN };
    const sending = near.send({ jsonrpc: '2.0', id: 1, method: 'x', params });
    params.list.push(2);
    await sending;
    expect(farHeard).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'x', params: { list: [1], date: '1970-01-01T00:00:00.000Z', not: null } },
    ]);
  });

  test('what is sent before the other end has started waits for it', async () => {
    const [near, far] = createMemoryPair();
    await near.start();
    await near.send(request(1));
    await near.send(request(2));
    const heard = listen(far);
    await Promise.resolve();
    expect(heard).toEqual([]);
    await far.start();
    await near.send(request(3));
    expect(heard).toEqual([1, 2, 3].map(request));
  });

  test('a message that is sent in answer comes after those that were sent before', async () => {
    const { near, far, nearHeard } = await opened();
    far.onmessage = (message) => void far.send({ jsonrpc: '2.0', id: (message as { id: number }).id, result: {} });
    await Promise.all([near.send(request(1)), near.send(request(2)), far.send(request(7))]);
    await vi.waitFor(() => expect(nearHeard).toHaveLength(3));
    expect(nearHeard.map((message) => (message as { id: number }).id)).toEqual([7, 1, 2]);
  });

  test('a handler that throws is reported, and the next message is delivered', async () => {
    const { near, far } = await opened();
    const heard: unknown[] = [];
    far.onerror = ({ message }) => heard.push(message);
    far.onmessage = (message) => {
      heard.push('id' in message && message.id);
      throw new Error('boom');
    };
    await Promise.all([near.send(request(1)), near.send(request(2))]);
    expect(heard).toEqual([1, 'boom', 2, 'boom']);
  });
});

describe('closing one end', () => {
  test('closes the other, once, after what was sent to it', async () => {
    const { near, nearHeard, farHeard, far } = await opened();
    void near.send(request(1));
    await near.close();
    expect(farHeard).toEqual([request(1), 'closed']);
    expect(nearHeard).toEqual(['closed']);
    await Promise.all([near.close(), far.close()]);
    expect(farHeard).toEqual([request(1), 'closed']);
    expect(nearHeard).toEqual(['closed']);
  });

  test('drops what the closed end has not heard', async () => {
    const { near, far, nearHeard } = await opened();
    void far.send(request(1));
    await near.close();
    expect(nearHeard).toEqual(['closed']);
  });

  test('closes one that has not started, and it can no more be started', async () => {
    const [near, far] = createMemoryPair();
    const heard = listen(far);
    await near.start();
    await near.send(request(1));
    await near.close();
    expect(heard).toEqual(['closed']);
    await expect(far.start()).rejects.toMatchObject({ code: 'closed', executed: 'no' });
  });

  test('a request afterwards fails as one that was not sent; without a listener, and for all else, send rejects', async () => {
    const { near, far } = await opened();
    await near.close();
    const failed: unknown[] = [];
    near.onfail = (id, { code, executed }) => failed.push({ id, code, executed });
    await near.send(request(1));
    expect(failed).toEqual([{ id: 1, code: 'closed', executed: 'no' }]);
    const notSent = { code: 'closed', executed: 'no' };
    await expect(near.send({ jsonrpc: '2.0', method: 'x' })).rejects.toMatchObject(notSent);
    await expect(far.send(request(1))).rejects.toMatchObject(notSent);
  });

  test('what is no JSON fails as one that was not sent', async () => {
    const { near } = await opened();
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const sending = near.send({ jsonrpc: '2.0', id: 1, method: 'x', params: cyclic });
    await expect(sending).rejects.toMatchObject({ code: 'invalid_arguments', executed: 'no' });
  });
});

describe('the official SDKs', () => {
  const handshake: JsonRpcMessage = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  };
  const call: JsonRpcMessage = {
    jsonrpc: '2.0',
    id: 2,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: 'hi' } },
  };
  const converse = async (transport: Transport, heard: unknown[]): Promise<void> => {
    await transport.start();
    await transport.send(handshake);
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    await transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await transport.send(call);
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(heard[0]).toMatchObject({ id: 1, result: { protocolVersion: '2025-06-18', serverInfo: { name: 'echo' } } });
    expect(heard[1]).toMatchObject({ id: 2, result: { content: [{ type: 'text', text: 'hi' }] } });
  };
  const echoServer = (): McpServer => {
    const server = new McpServer({ name: 'echo', version: '1' });
    const inputSchema = fromJsonSchema<{ text: string }>({ type: 'object', properties: { text: { type: 'string' } } });
    server.registerTool('echo', { inputSchema }, async ({ text }) => ({ content: [{ type: 'text', text }] }));
    return server;
  };

  test('McpServer of version 2 answers over one end, and is closed with the other', async () => {
    const [near, far] = createMemoryPair();
    const heard = listen(near);
    const server = echoServer();
    let closed = 0;
    server.server.onclose = () => {
      closed += 1;
    };
    await server.connect(far);
    await converse(near, heard);
    await near.close();
    expect(closed).toBe(1);
    expect(heard).toHaveLength(3);
  });

  test('Server of version 1 answers over one end, and its close closes the other', async () => {
    const [near, far] = createMemoryPair();
    const heard = listen(near);
    const server = new OldServer({ name: 'echo', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
      content: [{ type: 'text', text: String(params.arguments?.text) }],
    }));
    await server.connect(far);
    await converse(near, heard);
    await server.close();
    expect(heard[2]).toBe('closed');
  });

  test('a client of version 2 talks to a server of version 2 through us', async () => {
    const [near, far] = createMemoryPair();
    const client = new Client({ name: 'test', version: '1' });
    await Promise.all([echoServer().connect(far), client.connect(near)]);
    const result = await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
    expect(result.content).toEqual([{ type: 'text', text: 'hi' }]);
    await client.close();
  });

  test('their transports are ours and ours are theirs, by type and at work', async () => {
    const [theirNear, theirFar] = InMemoryTransport.createLinkedPair();
    const [oldNear, oldFar] = OldMemory.createLinkedPair();
    const asOurs: [Transport, Transport][] = [
      [theirNear, theirFar],
      [oldNear, oldFar],
    ];
    for (const [near, far] of asOurs) {
      const heard = listen(far);
      await Promise.all([near.start(), far.start()]);
      await near.send(request(1));
      await vi.waitFor(() => expect(heard).toEqual([request(1)]));
      await near.close();
    }
    const [near, far] = createMemoryPair();
    const official: OfficialTransport = near;
    const old: OldTransport = far;
    const heard = listen(far);
    await Promise.all([official.start(), old.start()]);
    await official.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
    expect(heard).toEqual([{ jsonrpc: '2.0', id: 1, method: 'ping' }]);
  });
});
