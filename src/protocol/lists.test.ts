import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../errors.ts';
import { type ListLimits, walkList } from './lists.ts';
import type { JsonObject } from './types.ts';

const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
const pages = (all: JsonObject[]) => {
  const asked: JsonObject[] = [];
  return {
    asked,
    fetch: async (params: JsonObject) => {
      asked.push(params);
      return all[Math.min(asked.length, all.length) - 1] ?? {};
    },
  };
};
const limits: ListLimits = { maxPages: 64, maxTools: 2_000, maxBytes: 5 * 1024 * 1024 };
const refusal = (fetch: (params: JsonObject) => Promise<JsonObject>, own: Partial<ListLimits> = {}) =>
  walkList('tools', fetch, { ...limits, ...own }).then(
    () => 'no refusal',
    (error: unknown) => error,
  );

describe('walking a list', () => {
  test('reads all pages and sends each cursor back as it came', async () => {
    const server = pages([
      { tools: [tool('a')], nextCursor: 'x=?' },
      { tools: [tool('b')], nextCursor: 'y' },
      { tools: [tool('c')] },
    ]);
    const list = await walkList('tools', server.fetch);
    expect(list.items.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(server.asked).toEqual([{}, { cursor: 'x=?' }, { cursor: 'y' }]);
  });

  test('follows an empty cursor, which is a cursor like any other', async () => {
    const server = pages([{ tools: [tool('a')], nextCursor: '' }, { tools: [tool('b')] }]);
    expect((await walkList('tools', server.fetch)).items).toHaveLength(2);
    expect(server.asked).toEqual([{}, { cursor: '' }]);
  });

  test('stops at a cursor that was seen before', async () => {
    const server = pages([
      { tools: [], nextCursor: 'a' },
      { tools: [], nextCursor: 'b' },
      { tools: [], nextCursor: 'a' },
    ]);
    expect(await refusal(server.fetch)).toMatchObject({ code: 'protocol_error' });
    expect(server.asked).toHaveLength(3);
  });

  test('stops after 64 pages of a list without end', async () => {
    let asked = 0;
    const endless = async () => {
      asked += 1;
      return { tools: [], nextCursor: String(asked) };
    };
    expect(await refusal(endless)).toMatchObject({ code: 'protocol_error', limit: 64 });
    expect(asked).toBe(64);
  });

  test('stops at too many tools and at too many bytes', async () => {
    const many = pages([{ tools: Array.from({ length: 2_001 }, (_, index) => tool(`t${index}`)) }]);
    expect(await refusal(many.fetch)).toMatchObject({ code: 'protocol_error', limit: 2_000 });
    const fat = pages([{ tools: [{ ...tool('a'), description: 'x'.repeat(2_000) }] }]);
    expect(await refusal(fat.fetch, { maxBytes: 1_000 })).toMatchObject({ code: 'protocol_error', limit: 1_000 });
  });

  test('an error on a later page is the error of the list', async () => {
    let asked = 0;
    const broken = async (): Promise<JsonObject> => {
      asked += 1;
      if (asked === 2) throw new ToolwayError('server_error', 'broke', { rpcCode: -32603 });
      return { tools: [], nextCursor: 'a' };
    };
    expect(await refusal(broken)).toMatchObject({ code: 'server_error', rpcCode: -32603 });
  });

  test('starts over, once, when the server no longer knows its cursor', async () => {
    const asked: JsonObject[] = [];
    const forgetful = async (params: JsonObject): Promise<JsonObject> => {
      asked.push(params);
      if (asked.length === 2) throw new ToolwayError('server_error', 'bad cursor', { rpcCode: -32602 });
      return params.cursor === undefined ? { tools: [tool('a')], nextCursor: 'n' } : { tools: [tool('b')] };
    };
    expect((await walkList('tools', forgetful)).items.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(asked).toEqual([{}, { cursor: 'n' }, {}, { cursor: 'n' }]);
  });

  test('ends with the error of the server when it knows no cursor at all', async () => {
    let asked = 0;
    const broken = async (params: JsonObject): Promise<JsonObject> => {
      asked += 1;
      if (params.cursor === undefined) return { tools: [], nextCursor: 'n' };
      throw new ToolwayError('server_error', 'bad cursor', { rpcCode: -32602, data: 'n' });
    };
    expect(await refusal(broken)).toMatchObject({ code: 'server_error', rpcCode: -32602, data: 'n' });
    expect(asked).toBe(4);
  });

  test('holds no longer than its shortest page, and is private when one page is', async () => {
    const server = pages([
      { tools: [], nextCursor: 'a', ttlMs: 5_000, cacheScope: 'public' },
      { tools: [], ttlMs: 1_000, cacheScope: 'private' },
    ]);
    expect(await walkList('tools', server.fetch)).toMatchObject({ ttlMs: 1_000, cacheScope: 'private' });
  });
});
