import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { until } from '../../test/fixtures/faults/drive.ts';
import { FIXTURES } from '../../test/fixtures/faults/worlds.ts';
import { offered } from '../../test/fixtures/kit-offer.ts';
import type { Toolkit } from '../api.ts';
import { createToolkit } from '../node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import { createFakeClock } from './fake-clock.ts';
import { record } from './record.ts';
import { replay } from './replay.ts';
import { createTestServer, type TestServer } from './server/test-server.ts';
import { createTestToolkit } from './test-toolkit.ts';

const folder = mkdtempSync(join(tmpdir(), 'toolway-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
let files = 0;
const freshFile = (): string => {
  files += 1;
  return join(folder, `session-${files}.jsonl`);
};
const toolkitOn = async (config: ServerConfig, options: ToolkitOptions = {}): Promise<Toolkit> => {
  const toolkit = await createToolkit({ connect: 'wait', ...options, mcpServers: { s: config } });
  cleanups.push(() => toolkit.close({ drainMs: 0 }));
  return toolkit;
};
const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const eras = ['modern', 'legacy'] as const;
const LINKS: [string, (server: TestServer) => Promise<ServerConfig>][] = [
  ['memory', async ({ config }) => config],
  ['http', async (server) => (await server.serveHttp()).config],
  ['sse', async (server) => (await server.serveHttp({ sse: true })).config],
  ['websocket', async (server) => (await server.serveWebSocket()).config],
];
const COLUMNS = eras.flatMap((era) =>
  LINKS.filter(([link]) => link !== 'sse' || era === 'legacy').map(([link, reach]) => ({ link, era, reach })),
);

const handlers: ToolkitOptions = {
  onElicit: () => ({ action: 'accept', content: { name: 'Ada' } }),
  onSample: () => ({ role: 'assistant', model: 'm', content: { type: 'text', text: 'so' } }),
  roots: [{ uri: 'file:///root' }],
};

/** Does a bit of everything, and says what came of it. */
const session = async (config: ServerConfig): Promise<unknown[]> => {
  const toolkit = await toolkitOn(config, handlers);
  const steps: unknown[] = [];
  const outcomes = [
    (await toolkit.listTools()).map(({ name, inputSchema }) => [name, inputSchema]),
    await toolkit.callTool('s.add', { a: 1, b: 2 }),
    await toolkit.callTool('s.add', { b: 4, a: 3 }),
    await toolkit.callTool('s.fail'),
    await toolkit.callTool('s.steps', {}, { onProgress: (step) => steps.push(step) }),
    await toolkit.callTool('s.ask'),
    await toolkit.callTool('s.think'),
    await toolkit.callTool('s.echo', { text: 'twice' }),
    await toolkit.callTool('s.echo', { text: 'twice' }),
    await toolkit.readResource('test://item/7'),
    await toolkit.getPrompt('greet', { who: 'you' }),
    await toolkit.readResource('test://nothing').catch(({ code, rpcCode, message }) => ({ code, rpcCode, message })),
    steps,
    toolkit.status().s?.instructions,
    toolkit.status().s?.era,
  ];
  await toolkit.close();
  return outcomes;
};

describe.each(COLUMNS)('a session over $link, $era', ({ era, reach }) => {
  test('is replayed as it was, without its server', async () => {
    const server = createTestServer({ ...offered, era });
    cleanups.push(() => server.close());
    let echoes = 0;
    server.setTool('echo', ({ text }) => {
      echoes += 1;
      return `${text} ${echoes}`;
    });
    const file = freshFile();
    const live = await session(record(await reach(server), { file }));
    await server.close();
    expect(await session(replay(file))).toEqual(live);
    expect(JSON.stringify(live)).toContain('twice 2');
  });

  test('its changes and its log come where they came', async () => {
    const server = createTestServer({ ...offered, era });
    cleanups.push(() => server.close());
    const file = freshFile();
    const run = async (config: ServerConfig, change: () => void) => {
      const logs: unknown[] = [];
      const toolkit = await toolkitOn(config, { onLog: ({ data }) => logs.push(data) });
      await toolkit.callTool('s.echo', { text: 'before' });
      await toolkit.callTool('s.chat');
      change();
      const names = async () => (await toolkit.listTools()).map(({ name }) => name);
      await expect.poll(names, { timeout: 10_000 }).toContain('new');
      const said = (await toolkit.callTool('s.new')).content;
      await until(() => logs.length > 0);
      await toolkit.close();
      return [logs, said];
    };
    const live = await run(record(await reach(server), { file }), () => server.setTool('new', () => 'I am new'));
    expect(await run(replay(file), () => {})).toEqual(live);
  });
});

describe.each(FIXTURES.filter(({ column }) => column === 'stdio' || column === 'json'))('$name', (fixture) => {
  test('a call whose link broke fails again in the same way', async () => {
    const world = await fixture.start();
    cleanups.push(() => world.close());
    const file = freshFile();
    const run = async (config: ServerConfig) => {
      const toolkit = await toolkitOn(config, {});
      const { content } = await toolkit.callTool('s.echo', { value: 'é🙂\u2028' });
      const failure = await toolkit.callTool('s.cut', { key: 'k', where: 'before' }).catch((error: unknown) => error);
      const { code, executed } = failure as { code: string; executed: string };
      await toolkit.close();
      return [content, code, executed];
    };
    const live = await run(record(world.config, { file }));
    expect(live.slice(1)).toEqual(['outcome_unknown', 'unknown']);
    expect(await run(replay(file))).toEqual(live);
    expect(world.effects()).toEqual(['k']);
  });
});

const recorded = async (use: (toolkit: Toolkit) => Promise<unknown>, config: ServerConfig = {}): Promise<string> => {
  const server = createTestServer({ ...offered, era: 'modern' });
  const file = freshFile();
  const toolkit = await toolkitOn({ ...record(server.config, { file }), ...config });
  await use(toolkit);
  await toolkit.close();
  return file;
};

describe('a recording', () => {
  test('is one line of JSON for each thing that happened, with its time', async () => {
    const file = await recorded((toolkit) => toolkit.callTool('s.add', { a: 1, b: 2 }));
    const [header, opened, ...others] = linesOf(file);
    expect(header).toMatchObject({ recording: 'toolway', version: 1, recordedAt: expect.stringMatching(/^\d{4}-/) });
    expect(opened).toMatchObject({ type: 'opened', link: 1, transport: 'memory' });
    expect(others.at(-1)).toMatchObject({ type: 'closed', by: 'client' });
    const times = others.map(({ at }) => at as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const call = others.find(({ message }) => (message as { method?: string })?.method === 'tools/call');
    expect(call).toMatchObject({ type: 'sent', message: { params: { name: 'add', arguments: { a: 1, b: 2 } } } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('holds no secret of the configuration, wherever it turns up', async () => {
    const secret = 'canary-0123456789';
    const server = createTestServer({
      tools: { leak: (_args, { headers }) => `it was ${headers.authorization}, ${headers['x-plain']}` },
    });
    cleanups.push(() => server.close());
    const { url } = await server.serveHttp();
    const file = freshFile();
    const headers = { Authorization: 'Bearer ${TOKEN}', 'X-Plain': 'plain-text-value' };
    const config = record({ url, headers }, { file, env: { TOKEN: secret }, secrets: ['plain-text-value'] });
    expect(config).not.toHaveProperty('headers');
    const toolkit = await toolkitOn(config);
    expect(JSON.stringify(await toolkit.callTool('s.leak'))).toContain(secret);
    await toolkit.close();
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('it was Bearer ***, ***');
    for (const hidden of [secret, 'plain-text-value', url, Buffer.from(secret).toString('base64')])
      expect(text).not.toContain(hidden);
  });

  test('keeps what the configuration says of calls', () => {
    const config = record({ command: 'x', retrySafe: ['a'], timeoutMs: 5 }, { file: freshFile() });
    expect(config).toMatchObject({ retrySafe: ['a'], timeoutMs: 5 });
    expect(config).not.toHaveProperty('command');
  });
});

describe('a replay', () => {
  test('of a call that was not recorded fails, and names the nearest one', async () => {
    const file = await recorded(async (toolkit) => {
      await toolkit.callTool('s.add', { a: 1, b: 2 });
      await toolkit.callTool('s.echo', { text: 'hello' });
    });
    const toolkit = await toolkitOn(replay(file));
    const failure = await toolkit.callTool('s.add', { a: 1, b: 3 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'server_error', rpcCode: -32_600, executed: 'no' });
    expect((failure as Error).message).toContain(
      `tools/call {"arguments":{"a":1,"b":3},"name":"add"} is not recorded in ${file}; the nearest that is: ` +
        'tools/call {"arguments":{"a":1,"b":2},"name":"add"} (line ',
    );
    await expect(toolkit.getPrompt('greet', { who: 'x' })).rejects.toThrow('prompts/get');
  });

  test('of a call that was not recorded so often fails; other requests repeat their last answer', async () => {
    const file = await recorded(async (toolkit) => {
      await toolkit.callTool('s.add', { a: 1, b: 2 });
      await toolkit.readResource('test://fixed');
    });
    const toolkit = await toolkitOn(replay(file));
    await toolkit.callTool('s.add', { a: 1, b: 2 });
    await expect(toolkit.callTool('s.add', { a: 1, b: 2 })).rejects.toThrow('was recorded 1 times');
    for (let i = 0; i < 2; i += 1) expect((await toolkit.readResource('test://fixed')).contents).toHaveLength(1);
  });

  test('of a call that was never answered is never answered', async () => {
    const file = await recorded((toolkit) =>
      toolkit.callTool('s.wait', {}, { timeoutMs: 300 }).catch((error: unknown) => error),
    );
    const toolkit = await toolkitOn(replay(file));
    await expect(toolkit.callTool('s.wait', {}, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
  });

  test('takes the time that the recording took, where it is told to', async () => {
    const file = await recorded((toolkit) => toolkit.callTool('s.add', { a: 1, b: 2 }));
    // As if the answer had taken ten seconds.
    const lines = linesOf(file).map((line) => {
      const isAnswer = JSON.stringify(line.message ?? '').includes('"sum"');
      return JSON.stringify(isAnswer ? { ...line, at: (line.at as number) + 10_000 } : line);
    });
    writeFileSync(file, `${lines.join('\n')}\n`);
    const clock = createFakeClock();
    const toolkit = await createTestToolkit(
      { mcpServers: { s: replay(file, { timing: 'recorded', clock }) } },
      { clock },
    );
    cleanups.push(() => toolkit.close());
    // The handshake takes its time, too.
    await clock.advance(1_000);
    expect(toolkit.status().s?.state).toBe('connected');
    let sum: unknown;
    void toolkit.callTool('s.add', { a: 1, b: 2 }).then(({ structuredContent }) => {
      sum = structuredContent;
    });
    await clock.advance(9_900);
    expect(sum).toBeUndefined();
    await clock.advance(5_000);
    expect(sum).toEqual({ sum: 3 });
  });

  test.each([
    ['a file that is not there', undefined, /cannot be read/],
    ['another file', '{"a":1}\n', /no recording of toolway/],
    ['nothing', '', /no recording of toolway/],
    ['a later format', '{"recording":"toolway","version":2}\n', /format 2/],
    ['half a line', '{"recording":"toolway","version":1}\n{"at":', /line 2 is no JSON/],
  ])('of %s is refused', (_name, text, why) => {
    const file = freshFile();
    if (text !== undefined) writeFileSync(file, text);
    expect(() => replay(file)).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringMatching(why) }),
    );
  });
});
