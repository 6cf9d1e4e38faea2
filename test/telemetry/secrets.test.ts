/** Whatever a server does with the secret it was given, nothing that Toolway says of itself tells it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/api.ts';
import type { EventName } from '../../src/events.ts';
import { createToolkit } from '../../src/node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../../src/options.ts';
import { until } from '../fixtures/faults/drive.ts';

const SECRET = 'canary+4711/w%rd';
const FORMS = [SECRET, 'canary', encodeURIComponent(SECRET), Buffer.from(SECRET).toString('base64').slice(4, -4)];
const LEAKY = fileURLToPath(new URL('../fixtures/telemetry/leaky.js', import.meta.url));
const EVENTS: EventName[] = ['disconnected', 'reconnecting', 'failed', 'tool_call_error', 'log', 'warning'];

const open: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(open.splice(0).map((close) => close())));

/** A toolkit on one server, and all that it says. */
const watched = async (config: ServerConfig, options: ToolkitOptions = {}) => {
  const said: unknown[][] = [];
  const hear = (message: string, facts: unknown) => void said.push(['logger', message, facts]);
  const toolkit: Toolkit = await createToolkit({
    env: { THE_SECRET: SECRET },
    log: { write: (line) => void said.push(['log', line]), level: 'debug' },
    logger: { debug: hear, info: hear, warn: hear, error: hear },
    ...options,
    mcpServers: { s: { maxRetries: 0, ...config } },
  });
  open.push(() => toolkit.close({ drainMs: 0 }));
  for (const event of EVENTS) toolkit.on(event, (told) => void said.push([event, told]));
  const all = (): string => {
    const status = toolkit.status();
    return inspect([said, JSON.stringify(said), status, JSON.stringify(status)], { depth: Infinity, showHidden: true });
  };
  const call = async (tool: string): Promise<void> => {
    const outcome = await toolkit.callTool(`s.${tool}`).catch((error: unknown) => error);
    said.push(['caller', outcome, outcome instanceof Error ? [outcome.message, outcome.stack] : '']);
  };
  return { toolkit, said, all, call };
};
const expectSilence = (all: string): void => {
  expect(FORMS.filter((form) => all.includes(form))).toEqual([]);
  expect(all).toContain('***');
};

describe('a child process that tells its secret', () => {
  const config = { command: process.execPath, args: [LEAKY], env: { SECRET: '${THE_SECRET}' } };

  test('in the error that it answers with', async () => {
    const { all, call, toolkit, said } = await watched(config);
    await call('fail');
    expect(all()).toContain('it is ***');
    said.push(['ping', await toolkit.ping('s').catch((error: unknown) => error)]);
    expect(said.at(-1)).toMatchObject(['ping', { code: 'server_error' }]);
    expectSilence(all());
  });

  test('on stdout and in its log', async () => {
    const { call, all, toolkit, said } = await watched(config);
    const isTold = () => ['log', 'warning'].every((event) => said.some((entry) => (entry as unknown[])[0] === event));
    toolkit.on('tool_call_success', () => {});
    await toolkit.callTool('s.noise');
    await until(isTold);
    expectSilence(all());
    await call('fail');
  });

  test('on its way, of which the caller hears as it is, and the log does not', async () => {
    const { said, toolkit, all } = await watched(config);
    let heard = '';
    await toolkit.callTool('s.progress', {}, { onProgress: ({ message = '' }) => (heard += message) });
    expect(heard).toContain(SECRET);
    expect(said.filter(([, line]) => String(line).includes('tool_call_progress'))).toHaveLength(1);
    expectSilence(all());
  });

  test('on stderr, as it dies', async () => {
    const { all, call, toolkit } = await watched({ ...config, autoReconnect: false });
    await call('die');
    await until(() => toolkit.status().s?.state !== 'connected');
    await call('echo');
    expect(all()).toMatch(/stderr: '[^']*it is \*\*\*/);
    expectSilence(all());
  });

  test('to its caller in a result, who gets it as it is', async () => {
    const { toolkit } = await watched(config);
    expect((await toolkit.callTool('s.echo')).structuredContent).toMatchObject({ secret: SECRET });
  });

  test('that has it under a name that says so, not from a variable', async () => {
    const { all, call } = await watched({ ...config, env: { SECRET } });
    await call('fail');
    expectSilence(all());
  });
});

describe('an HTTP server that tells the header it was sent', () => {
  test.each(['Bearer ${THE_SECRET}', `Bearer ${SECRET}`])('%s, as it refuses everything', async (Authorization) => {
    const server = createServer((request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`bad header ${request.headers.authorization}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(async () => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?token=${encodeURIComponent(SECRET)}`;
    const { all, call, toolkit } = await watched({ url, transport: 'http', headers: { Authorization } });
    await call('echo');
    await toolkit.reconnect('s').catch(() => {});
    expect(all()).toContain('bad header Bearer ***');
    expectSilence(all());
  });

  test('whose header cannot be sent, as it holds a line end', async () => {
    const config = {
      url: 'http://127.0.0.1:9/mcp',
      transport: 'http',
      headers: { 'X-Token': `${SECRET}\n1` },
    } as const;
    const { all, call } = await watched(config);
    await call('echo');
    expect(FORMS.filter((form) => all().includes(form))).toEqual([]);
  });
});

test('a handler of the user that fails with a secret is reported without it', async () => {
  const { toolkit, call, all } = await watched({ command: process.execPath, args: [LEAKY], env: { SECRET } });
  toolkit.on('tool_call_success', () => {
    throw new Error(`sent ${SECRET}`);
  });
  await toolkit.callTool('s.echo');
  await call('fail');
  expect(all()).toContain('sent ***');
  expectSilence(all());
});
