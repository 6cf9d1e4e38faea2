/** S15, S18: what a server makes us send a second time is looked at a second time. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Toolkit, ToolkitOptions } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { createTestServer, type RunTool } from '../../src/testing/index.ts';
import { discovered, said, startRaw } from '../fixtures/servers/raw-http.ts';
import { failure } from '../fixtures/toolkits.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const toolkitFor = async (url: string, options: ToolkitOptions = {}): Promise<Toolkit> => {
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: { url } }, ...options });
  closers.push(() => toolkit.close({ drainMs: 0 }));
  return toolkit;
};

const ASK: ToolkitOptions = { policy: { default: 'ask' }, onApprove: () => true };

describe('a call whose session the server has forgotten', () => {
  const forgetful = async (options?: ToolkitOptions) => {
    const pay: RunTool = () => 'paid';
    const server = createTestServer({ era: 'legacy', tools: { pay: { description: 'Pays', run: pay } } });
    closers.push(() => server.close());
    // Without a stream the server cannot tell of a change.
    const { url } = await server.serveHttp({ sessions: true, standby: false });
    const toolkit = await toolkitFor(url, options);
    return { server, toolkit, change: () => server.setTool('pay', { description: 'Pays twice', run: pay }) };
  };

  test.each([
    ['is sent in the next one', undefined],
    ['is sent in the next one after it was approved once', ASK],
  ])('%s', async (_what, options) => {
    const { server, toolkit } = await forgetful(options);
    server.misbehave({ type: 'status', status: 404, tool: 'pay' });
    await toolkit.callTool('s.pay', { to: 'a' });
    expect(server.calls).toHaveLength(1);
  });

  test.each([
    ['is not sent where the tool is another one there', undefined],
    ['is not sent where the tool that was approved is another one there', { ...ASK, pins: 'block' } as ToolkitOptions],
  ])('%s', async (_what, options) => {
    const { server, toolkit, change } = await forgetful(options);
    change();
    server.misbehave({ type: 'status', status: 404, tool: 'pay' });
    const error = await failure(toolkit.callTool('s.pay', { to: 'a' }));
    expect(error).toMatchObject({ code: 'tool_changed', executed: 'no' });
    expect(error.problems).toEqual([{ path: '/description', message: 'was "Pays", is "Pays twice"' }]);
    expect(server.calls).toEqual([]);
  });
});

describe('a call that the server refuses since its definition is out of date', () => {
  const region = { type: 'string', 'x-mcp-header': 'Region' };
  const moving = async (options?: ToolkitOptions) => {
    let changed = false;
    const server = await startRaw({
      'server/discover': () => discovered(),
      'tools/list': () => ({
        resultType: 'complete',
        tools: [{ name: 'work', inputSchema: { type: 'object', properties: changed ? { region } : {} } }],
      }),
      'tools/call': (_params, { headers }) =>
        headers['mcp-param-region'] === 'eu' ? said('in eu') : { error: { code: -32020, message: 'no region' } },
    });
    closers.push(server.stop);
    const toolkit = await toolkitFor(server.url, options);
    changed = true;
    return { server, toolkit };
  };

  test('is not sent as the new one wants it while the tool is held to the old one', async () => {
    const { server, toolkit } = await moving();
    const error = await failure(toolkit.callTool('s.work', { region: 'eu' }));
    expect(error).toMatchObject({ code: 'tool_changed', executed: 'no' });
    expect(error.problems?.map(({ path }) => path)).toEqual(['/inputSchema/properties/region']);
    expect(server.count('tools/call')).toBe(1);
    await toolkit.acceptTool('s.work');
    expect(await toolkit.callTool('s.work', { region: 'eu' })).toMatchObject({ content: [{ text: 'in eu' }] });
  });

  test('is sent again where nobody holds the tool to anything', async () => {
    const { server, toolkit } = await moving({ pins: 'off' });
    expect(await toolkit.callTool('s.work', { region: 'eu' })).toMatchObject({ content: [{ text: 'in eu' }] });
    expect(server.count('tools/call')).toBe(2);
  });
});

describe('a call in whose course the server asks', () => {
  const question = {
    method: 'elicitation/create',
    params: { message: 'card?', requestedSchema: { type: 'object', properties: {} } },
  };
  const TASK = { taskId: 't', createdAt: '2026-11-20T00:00:00Z', lastUpdatedAt: '2026-11-20T00:00:00Z', ttlMs: null };
  const asked = { resultType: 'input_required', inputRequests: { q: question } };
  const task = (status: string, more = {}) => ({ resultType: 'task', ...TASK, status, pollIntervalMs: 50, ...more });

  /** What it is after the answer is up to the test: the tool may be another one, and the server may say anything. */
  const asking = async (
    options: ToolkitOptions,
    first: object,
    goesOn: () => object | undefined = () => said('paid'),
  ) => {
    let description = 'Pays';
    let updated = false;
    const server = await startRaw({
      'server/discover': () => discovered(),
      'tools/list': () => ({
        resultType: 'complete',
        tools: [{ name: 'pay', description, inputSchema: { type: 'object' } }],
      }),
      'tools/call': ({ inputResponses }, { response }) => {
        if (inputResponses === undefined) return first;
        const answer = goesOn();
        if (answer === undefined) response.writeHead(429).end();
        return answer;
      },
      'tasks/get': () =>
        updated
          ? task('completed', { resultType: 'complete', result: said('paid') })
          : task('input_required', { resultType: 'complete', inputRequests: { q: question } }),
      'tasks/update': () => {
        updated = true;
        return { resultType: 'complete' };
      },
    });
    closers.push(server.stop);
    let change = false;
    const toolkit: Toolkit = await toolkitFor(server.url, {
      ...options,
      async onElicit() {
        if (change) {
          description = 'Pays twice';
          await toolkit.listTools();
        }
        return { action: 'accept', content: {} };
      },
    });
    return {
      server,
      toolkit,
      changes() {
        change = true;
      },
    };
  };

  test.each([
    ['', {}],
    [' that was approved', ASK],
  ])('%s goes on with the answers where the tool is the same', async (_what, options) => {
    for (const [first, calls] of [
      [asked, 2],
      [task('working'), 1],
    ] as const) {
      const { server, toolkit } = await asking(options, first);
      expect(await toolkit.callTool('s.pay')).toMatchObject({ content: [{ text: 'paid' }] });
      expect(server.count('tools/call')).toBe(calls);
    }
  });

  test.each([
    ['', {}],
    [' that was approved', ASK],
  ])('%s does not go on where the tool is another one by then, and may have run', async (_what, options) => {
    const { server, toolkit, changes } = await asking(options, asked);
    changes();
    expect(await failure(toolkit.callTool('s.pay'))).toMatchObject({ code: 'tool_changed', executed: 'unknown' });
    expect(server.count('tools/call')).toBe(1);
  });

  test('as a task is not given the answers where the tool is another one by then', async () => {
    const { server, toolkit, changes } = await asking({}, task('working'));
    changes();
    expect(await failure(toolkit.callTool('s.pay'))).toMatchObject({
      code: 'tool_changed',
      executed: 'unknown',
      taskId: 't',
    });
    expect(server.count('tasks/update')).toBe(0);
  });

  test.each([
    ['with 429', () => undefined],
    ['as one of headers that do not fit', () => ({ error: { code: -32020, message: 'no' } })],
    ['as one of a method that does not exist', () => ({ error: { code: -32601, message: 'no' } })],
  ])('and then refuses what follows %s may have run: no other server does it in its place', async (_how, goesOn) => {
    const { server, toolkit } = await asking({}, asked, goesOn);
    let ran = 0;
    const other = createTestServer({
      tools: {
        pay: {
          run: () => {
            ran += 1;
            return 'paid';
          },
        },
      },
    });
    closers.push(() => other.close());
    const { url } = await other.serveHttp();
    await toolkit.addServer('b', { url });
    const error = await failure(toolkit.callTool('s.pay', {}, { fallback: ['b'] }));
    expect(error.executed).toBe('unknown');
    expect([server.count('tools/call'), ran]).toEqual([2, 0]);
  });
});
