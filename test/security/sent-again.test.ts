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
