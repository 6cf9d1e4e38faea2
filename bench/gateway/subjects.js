// The gateways, each started with the same server behind it: server-everything over stdio.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toolwayFile } from '../lib/toolway-dist.js';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const EVERYTHING = file('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const UPSTREAM = { command: process.execPath, args: [EVERYTHING, 'stdio'] };
const UPSTREAM_WORDS = [UPSTREAM.command, ...UPSTREAM.args];
const KEY = 'bench-key-of-a-gateway-0123456789';
const peer = (path) => file(`node_modules/${path}`);
const START_MS = 60_000;

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
};

/** What each is started with, in a folder that it has for itself. */
const LAUNCHES = {
  raw: () => ({ args: [file('raw-bridge.js'), ...UPSTREAM_WORDS], prints: true }),
  // Everything that the goals speak of is on: a key, a policy with a rule, metrics and history.
  toolway(home, port) {
    const config = join(home, 'toolway.json');
    const policy = { default: 'deny', rules: [{ server: 'everything', tool: 'echo', action: 'allow' }] };
    const access = {
      apiKeys: [{ name: 'bench', sha256: createHash('sha256').update(KEY).digest('hex'), scopes: ['call'] }],
    };
    writeFileSync(config, JSON.stringify({ mcpServers: { everything: UPSTREAM }, policy, gateway: access }));
    return {
      args: [toolwayFile('cli/main.js'), 'serve', '--config', config, '--port', String(port)],
      ready: '/readyz',
    };
  },
  'mcp-hub'(home, port) {
    const config = join(home, 'hub.json');
    writeFileSync(config, JSON.stringify({ mcpServers: { everything: UPSTREAM } }));
    return { args: [peer('mcp-hub/dist/cli.js'), '--port', String(port), '--config', config], ready: '/api/health' };
  },
  'mcp-proxy': (_home, port) => ({
    args: [
      peer('mcp-proxy/dist/bin/mcp-proxy.mjs'),
      '--host',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--',
      ...UPSTREAM_WORDS,
    ],
    ready: '/ping',
  }),
  supergateway(_home, port) {
    const stdio = ['--stdio', UPSTREAM_WORDS.join(' '), '--outputTransport', 'streamableHttp', '--stateful'];
    const rest = ['--port', `${port}`, '--logLevel', 'none', '--healthEndpoint', '/healthz'];
    return { args: [peer('supergateway/dist/index.js'), ...stdio, ...rest], ready: '/healthz' };
  },
};

/** What the face of a subject takes beside the call. */
const HEADERS = { toolway: { authorization: `Bearer ${KEY}` } };

/**
 * Starts one, and waits until it answers. `nodeFlags` are for Node itself.
 * @param {keyof typeof LAUNCHES} name
 * @param {{ nodeFlags?: string[] }} [options]
 */
export const startGateway = async (name, { nodeFlags = [] } = {}) => {
  const home = mkdtempSync(join(tmpdir(), 'toolway-bench-'));
  const port = await freePort();
  const { args, ready, prints = false } = LAUNCHES[name](home, port);
  const state = join(home, 'state');
  mkdirSync(state);
  const env = { PATH: process.env.PATH, HOME: home, TOOLWAY_STATE_DIR: state, NODE_ENV: 'production' };
  const child = spawn(process.execPath, [...nodeFlags, ...args], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-4_000);
    });
  const gone = once(child, 'exit');
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await Promise.race([gone, sleep(20_000).then(() => child.kill('SIGKILL'))]);
    await gone;
    rmSync(home, { recursive: true, force: true });
  };
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}\n${said}`);
    if (prints) return said.includes('\n');
    const answer = await fetch(`http://127.0.0.1:${port}${ready}`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  };
  try {
    const end = performance.now() + START_MS;
    while (!(await isReady())) {
      if (performance.now() > end) throw new Error(`${name} did not begin to answer\n${said}`);
      await sleep(50);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const url = prints ? said.trim() : `http://127.0.0.1:${port}`;
  return { pid: child.pid, url, headers: HEADERS[name] ?? {}, close };
};
