// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references of configurations.
import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { serverAlias } from './alias.ts';
import { readEnvironment } from './environment.ts';
import { mergeConfigs, overrideServers } from './merge.ts';
import { isServerName } from './names.ts';
import { nearest } from './nearest.ts';
import { parseConfig } from './parse.ts';

const parseOne = async (server: unknown) => {
  const { servers, problems } = await parseConfig({ mcpServers: { s: server } });
  return { server: servers.s as ServerConfig, problems };
};
const said = (problems: { level: string; path: string; message: string }[]) =>
  problems.map(({ level, path, message }) => `${level} ${path} ${message}`);

/** What the server fails with when it is used. */
const failureOf = async (server: ServerConfig): Promise<ToolwayError> => {
  if (typeof server.transport !== 'function') throw new Error('this server would start');
  const transport = server.transport;
  return (async () => transport())().then(
    () => Promise.reject(new Error('it connected')),
    (error: ToolwayError) => error,
  );
};

describe('spellings', () => {
  const command = { command: 'x' };
  const url = { url: 'http://h/mcp' };
  test.each<[unknown, Partial<ServerConfig>]>([
    [
      { ...command, type: 'stdio' },
      { ...command, transport: 'stdio' },
    ],
    [
      { ...url, type: 'streamable-http' },
      { ...url, transport: 'http' },
    ],
    [
      { ...url, type: 'streamableHttp' },
      { ...url, transport: 'http' },
    ],
    [
      { ...url, transport: 'streamable_http' },
      { ...url, transport: 'http' },
    ],
    [
      { ...url, transport: 'ws' },
      { ...url, transport: 'websocket' },
    ],
    [
      { ...url, type: 'sse' },
      { ...url, transport: 'sse' },
    ],
    [{ serverUrl: 'http://h' }, { url: 'http://h' }],
    [{ httpUrl: 'http://h' }, { url: 'http://h', transport: 'http' }],
    [
      { ...command, enabled: false },
      { ...command, disabled: true },
    ],
    [
      { ...command, alwaysAllow: ['a'] },
      { ...command, autoApprove: ['a'] },
    ],
    [
      { ...command, autoApprove: '*' },
      { ...command, autoApprove: ['*'] },
    ],
    [
      { ...command, excludeTools: ['a'] },
      { ...command, disabledTools: ['a'] },
    ],
    [
      { ...command, includeTools: ['a'] },
      { ...command, enabledTools: ['a'] },
    ],
    [
      { ...command, enabled_tools: ['a'] },
      { ...command, enabledTools: ['a'] },
    ],
    [
      { ...command, args: ['-p', 3000, true] },
      { ...command, args: ['-p', '3000', 'true'] },
    ],
    [
      { ...command, env: { PORT: 80, ON: true } },
      { ...command, env: { PORT: '80', ON: 'true' } },
    ],
    [
      { ...command, timeout: 30 },
      { ...command, timeoutMs: 30_000 },
    ],
    [
      { ...command, timeout: 600_000 },
      { ...command, timeoutMs: 600_000 },
    ],
    [
      { ...command, auto_reconnect: true, max_retries: 5, retry_delay: 1.5, health_check_interval: 30 },
      { ...command, autoReconnect: true, maxRetries: 5, retryDelayMs: 1500, healthCheckIntervalMs: 30_000 },
    ],
    [
      { ...command, startup_timeout_sec: 10, tool_timeout_sec: 60 },
      { ...command, connectTimeoutMs: 10_000, timeoutMs: 60_000 },
    ],
    [
      { ...command, env_vars: ['A'], env: { B: 'b' } },
      { ...command, env: { A: '${A}', B: 'b' } },
    ],
    [
      { ...url, bearer_token_env_var: 'T', http_headers: { X: 'y' }, env_http_headers: { Z: 'V' } },
      { ...url, headers: { Authorization: 'Bearer ${T}', X: 'y', Z: '${V}' } },
    ],
    [
      { ...url, headers: null, rate_limit: { perSecond: 5 } },
      { ...url, rateLimit: { perSecond: 5 } },
    ],
  ])('%j', async (written, read) => {
    expect(await parseOne(written)).toEqual({ server: read, problems: [] });
  });

  test.each(['mcpServers', 'servers', 'mcp_servers'])('the root key %s', async (root) => {
    const { servers, problems } = await parseConfig({ [root]: { a: { command: 'x' } } });
    expect({ ...servers }).toEqual({ a: { command: 'x' } });
    expect(problems).toEqual([]);
  });
});

describe('what is wrong', () => {
  test.each([
    [{ command: 'x', watchPaths: [] }, 'note /mcpServers/s/watchPaths is not a field of Toolway'],
    [{ command: 'x', oauth: {} }, 'warning /mcpServers/s/oauth has no effect in this version'],
    [
      { url: 'http://a', serverUrl: 'http://b' },
      'warning /mcpServers/s/serverUrl says the same as url; this one counts',
    ],
  ])('%j is used all the same', async (written, problem) => {
    const { server, problems } = await parseOne(written);
    expect(said(problems)).toEqual([problem]);
    expect(typeof server.transport).not.toBe('function');
  });

  test.each([
    ['x', '/mcpServers/s must be an object, not a string'],
    [{}, '/mcpServers/s needs a command or a url'],
    [{ command: 'x', url: 'http://h' }, '/mcpServers/s has both a command and a url'],
    [{ command: 'x', type: 'http' }, '/mcpServers/s has a command, which transport http cannot use'],
    [{ url: 'http://h', type: 'stdio' }, '/mcpServers/s has a url, which transport stdio cannot use'],
    [{ url: 'file:///etc/passwd' }, '/mcpServers/s has a url of the scheme file:, not http(s) or ws(s)'],
    [{ url: 'not a url' }, '/mcpServers/s has a url that cannot be parsed'],
    [{ command: '' }, '/mcpServers/s/command must not be empty'],
    [
      { url: 'http://h', proxy: 'socks5://p' },
      '/mcpServers/s/proxy must be the URL of an HTTP proxy, http://… or https://…',
    ],
    [{ command: 'x', args: 'a b' }, '/mcpServers/s/args must be a list of strings, not a string'],
    [{ command: 'x', args: ['a', {}] }, '/mcpServers/s/args/1 must be a string, not an object'],
    [{ command: 'x', env: { 'A/B': [] } }, '/mcpServers/s/env/A~1B must be a string, not a list'],
    [{ command: 'x', timeoutMs: '5' }, '/mcpServers/s/timeoutMs must be a number of milliseconds above 0, not "5"'],
    [{ command: 'x', maxRetries: -1 }, '/mcpServers/s/maxRetries must be a whole number of 0 or more, not -1'],
    [{ command: 'x', type: 'pigeon' }, '/mcpServers/s/type must be one of stdio, http, sse, websocket, not "pigeon"'],
    [{ comand: 'x', url: 'http://h' }, '/mcpServers/s/comand is not a field; did you mean command?'],
    [{ command: 'x', rateLimit: {} }, '/mcpServers/s/rateLimit needs perSecond: it is an object { perSecond, burst? }'],
  ])('%j fails alone, when it is used', async (written, problem) => {
    const { server, problems } = await parseOne(written);
    expect(said(problems)).toEqual([`error ${problem}`]);
    const error = await failureOf(server);
    expect(error).toBeInstanceOf(ToolwayError);
    expect(error).toMatchObject({ code: 'invalid_config', server: 's', executed: 'no' });
  });

  test('a wrong server does not touch the others, and stays disabled if it was', async () => {
    const { servers } = await parseConfig({ mcpServers: { bad: { args: 5, disabled: true }, good: { command: 'x' } } });
    expect(servers.good).toEqual({ command: 'x' });
    expect(servers.bad?.disabled).toBe(true);
  });

  test.each([
    [[], 'error  a configuration must be an object, not a list'],
    [{ mcpServers: [] }, 'error /mcpServers must be an object of servers by name, not a list'],
    [
      { files: { command: 'x' } },
      'error  holds no servers: none of mcpServers, servers, mcp_servers, context_servers is there',
    ],
    [{ mcpServers: {}, polcy: {} }, 'error /polcy is not a field; did you mean policy?'],
    [{ mcpServers: {}, default: {} }, 'warning /default is not a field; did you mean defaults?'],
    [{ mcpServers: {}, pinFle: 'pins.json' }, 'error /pinFle is not a field; did you mean pinFile?'],
    [{ limits: { maxQueu: 1 } }, 'warning /limits/maxQueu is not a limit; did you mean maxQueue?'],
    [{ limits: { maxQueue: 'a' } }, 'error /limits/maxQueue must be a whole number of 0 or more, not "a"'],
    [{ defaults: { timeoutMs: 0 } }, 'error /defaults/timeoutMs must be a number of milliseconds above 0, not 0'],
  ])('in the file %j', async (file, problem) => {
    expect(said((await parseConfig(file)).problems)).toEqual([problem]);
  });
});

describe('names', () => {
  test('a usable name is kept, any other gets an alias that is usable', async () => {
    const bad = ['my server', 'a__b', 'end_', '_x', '', 'ü'.repeat(40), 'a'.repeat(33), '__proto__', 'a.b', '-'];
    for (const name of bad) {
      expect(isServerName(name)).toBe(false);
      expect(isServerName(await serverAlias(name))).toBe(true);
    }
    expect(await serverAlias('my server')).toMatch(/^my-server-[0-9a-f]{4}$/);
    expect(await serverAlias('my server')).not.toBe(await serverAlias('my/server'));
  });

  test('a file may call its servers what it likes', async () => {
    const file = JSON.parse(
      '{"mcpServers":{"__proto__":{"command":"x"},"constructor":{"command":"y"},"my server":{"command":"z"}}}',
    );
    const { servers, aliases, problems } = await parseConfig(file);
    expect(problems).toEqual([]);
    expect(Object.values(servers).map(({ command }) => command)).toEqual(['x', 'y', 'z']);
    expect(Object.values(aliases)).toEqual(['__proto__', 'my server']);
    expect(servers.constructor).toEqual({ command: 'y' });
  });

  test('two servers of one name fail both', async () => {
    const alias = await serverAlias('my server');
    const { servers, problems } = await parseConfig({
      servers: { [alias]: { command: 'x' }, 'my server': { command: 'y' } },
    });
    expect(said(problems)).toEqual([`error /servers/my server the name ${alias} is taken`]);
    expect((await failureOf(servers[alias] as ServerConfig)).code).toBe('invalid_config');
  });

  test.each([
    ['lsit', ['list']],
    ['comand', ['command']],
    ['xyzzy', []],
    ['Ping', ['ping']],
    ['l'.repeat(1_000_000), []],
  ])('the nearest of a few', (word, found) => {
    expect(nearest(word, ['list', 'ping', 'command', 'read'])).toEqual(found);
  });
});

describe('layers', () => {
  test('a later layer replaces whole servers, in their place', async () => {
    const user = await parseConfig({
      mcpServers: { a: { command: 'x', args: ['1'] }, b: { command: 'y' } },
      limits: { maxQueue: 1 },
    });
    const project = await parseConfig({ mcpServers: { a: { url: 'http://h' } }, limits: { maxDepth: 2 } });
    const merged = mergeConfigs([user, project]);
    expect(Object.entries(merged.servers)).toEqual([
      ['a', { url: 'http://h' }],
      ['b', { command: 'y' }],
    ]);
    expect(Object.keys(merged.origins.a ?? {})).toEqual(['url']);
    expect(Object.keys(merged.rootOrigins)).toEqual(['limits/maxQueue', 'limits/maxDepth']);
    expect(merged.limits).toEqual({ maxQueue: 1, maxDepth: 2 });
    expect({ ...overrideServers(merged, (server) => ({ ...server, maxRetries: 0 })).b }).toEqual({
      command: 'y',
      maxRetries: 0,
    });
  });

  test.each([
    [{}, {}, undefined],
    [{ MCP_SERVER_URL: 'http://h' }, { default: { url: 'http://h' } }, undefined],
    [
      { MCP_SERVER_URL: 'ws://h', MCP_TRANSPORT: 'WebSocket' },
      { default: { url: 'ws://h', transport: 'websocket' } },
      undefined,
    ],
    [{ MCP_TIMEOUT: '30' }, {}, 30_000],
    [{ MCP_TIMEOUT: '2500' }, {}, 2500],
    [{ MCP_TIMEOUT: '30', TOOLWAY_TIMEOUT_MS: '500' }, {}, 500],
    [{ MCP_SERVER_URL: '', MCP_TIMEOUT: '' }, {}, undefined],
  ])('the environment %j', (env, servers, timeoutMs) => {
    const layer = readEnvironment(env);
    expect({ ...layer.servers }).toEqual(servers);
    expect(layer.overrides.timeoutMs).toBe(timeoutMs);
    expect(layer.problems).toEqual([]);
  });

  test('the environment says how often calls are tried, and which variable said so', () => {
    const { overrides, overrideOrigins } = readEnvironment({ MCP_RETRY_ATTEMPTS: '5', MCP_TIMEOUT: '3' });
    expect(overrides).toEqual({ retry: { attempts: 5 }, timeoutMs: 3_000 });
    expect(overrideOrigins).toEqual({
      retry: { kind: 'variable', name: 'MCP_RETRY_ATTEMPTS' },
      timeoutMs: { kind: 'variable', name: 'MCP_TIMEOUT' },
    });
  });

  test.each([
    [{ MCP_RETRY_ATTEMPTS: '1.5' }, 'error MCP_RETRY_ATTEMPTS must be a whole number of 1 or more, not "1.5"'],
    [{ MCP_RETRY_ATTEMPTS: '0' }, 'error MCP_RETRY_ATTEMPTS must be a whole number of 1 or more, not "0"'],
    [{ TOOLWAY_TIMEOUT_MS: ' ' }, 'error TOOLWAY_TIMEOUT_MS must be a number of milliseconds above 0, not " "'],
    [{ MCP_TIMEOUT: 'soon' }, 'error MCP_TIMEOUT must be a number of milliseconds above 0, not "soon"'],
    [{ MCP_SERVER_URL: 'h:1' }, 'error MCP_SERVER_URL must be an http(s) or ws(s) URL'],
    [{ MCP_SERVER_URL: 'http://h', MCP_TRANSPORT: 'stdio' }, 'error MCP_TRANSPORT stdio has no URL'],
  ])('the environment %j is wrong', (env, problem) => {
    expect(said(readEnvironment(env).problems)).toEqual([problem]);
  });
});
