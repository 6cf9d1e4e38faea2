import { describe, expect, test } from 'vitest';
import { restApp } from '../../../test/fixtures/rest-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, toolkitOf } from '../../../test/fixtures/toolkits.ts';
import type { JsonObject } from '../../protocol/types.ts';

const STREAM = { accept: 'text/event-stream' };

/** The events of a stream, read to its end. */
const eventsOf = async (response: Response): Promise<{ event: string; data: JsonObject }[]> =>
  (await response.text())
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      return { event, data: JSON.parse(data) as JsonObject };
    });

/** A tool that reports progress twice before it answers, one that fails, and one that the test answers. */
const world = () => {
  const server = scriptedServer({
    steps: (_, { id, params }) => {
      const { progressToken } = (params?._meta ?? {}) as { progressToken: number };
      for (const progress of [1, 2]) {
        const params = { progressToken, progress, total: 2, message: `step ${progress}` };
        server.latest().say({ jsonrpc: '2.0', method: 'notifications/progress', params });
      }
      server.latest().say({ jsonrpc: '2.0', id, result: text('done') });
      return undefined;
    },
    broken: () => ({ ...text('no paper'), isError: true }),
    fails: () => ({ error: { code: -32000, message: 'out of paper' } }),
    slow: () => undefined,
  });
  return server;
};

describe('a call as a stream of events', () => {
  test('says its progress in order, and then its result', async () => {
    const app = restApp(await toolkitOf({ s: world() }));
    const answer = await app.post('/api/tools/s/steps', {}, STREAM);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(await eventsOf(answer)).toEqual([
      { event: 'progress', data: { progress: 1, total: 2, message: 'step 1' } },
      { event: 'progress', data: { progress: 2, total: 2, message: 'step 2' } },
      { event: 'result', data: { content: [{ type: 'text', text: 'done' }] } },
    ]);
  });

  test('says a failure as an event, never as a second status', async () => {
    const app = restApp(await toolkitOf({ s: world() }));
    const failed = await app.post('/api/tools/s/fails', {}, STREAM);
    expect(failed.status).toBe(200);
    expect(await eventsOf(failed)).toMatchObject([{ event: 'error', data: { code: 'server_error', status: 502 } }]);
    const broken = await app.post('/api/tools/s/broken', {}, STREAM);
    expect(await eventsOf(broken)).toMatchObject([
      { event: 'error', data: { code: 'tool_error', status: 422, content: [{ type: 'text', text: 'no paper' }] } },
    ]);
  });

  test('cancels the call when it is closed, or when the client leaves', async () => {
    const toolkit = await toolkitOf({ s: world() });
    const app = restApp(toolkit);
    const closed = await app.post('/api/tools/s/slow', {}, STREAM);
    await expect.poll(() => toolkit.calls()).toHaveLength(1);
    await closed.body?.cancel();
    await expect.poll(() => toolkit.calls()).toEqual([]);
    const client = new AbortController();
    await app.post('/api/tools/s/slow', {}, STREAM, client.signal);
    await expect.poll(() => toolkit.calls()).toHaveLength(1);
    client.abort();
    await expect.poll(() => toolkit.calls()).toEqual([]);
  });

  test('shows every 15 seconds that it is alive', async () => {
    const { toolkit, clock } = await clockedToolkitOf({ s: world() });
    const answer = await restApp(toolkit, { clock }).post('/api/tools/s/slow', {}, STREAM);
    const reader = answer.body?.getReader();
    await clock.advance(15_000);
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(':\n\n');
    await clock.advance(15_000);
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(':\n\n');
    await reader?.cancel();
  });
});
