/**
 * The page about the gateway tells the truth: what it says of `toolway serve` is what that prints, and everything else on it
 * runs against that very gateway. A block of `console` is lines for bash behind `$ `, each with what it prints; `…` stands
 * for anything.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ErrorCode, ToolwayError } from '../src/errors.ts';
import { NEEDS } from '../src/gateway/access/permissions.ts';
import { LIMITS } from '../src/gateway/limits.ts';
import { problemOf } from '../src/gateway/rest/problem.ts';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { until } from './fixtures/servers/launch.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/gateway.md');
const node = process.execPath;
const PRINTED_URL = 'http://127.0.0.1:3333';
const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

let cli: BuiltCli;
let home = '';
/** A gateway that was started. */
interface Served {
  printed: string;
  url: string;
  key: string;
}
let main: Served;
const children: ChildProcess[] = [];

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: `${join(home, 'bin')}:${process.env.PATH}`,
  HOME: home,
  NO_COLOR: '1',
  TMPDIR: home,
  ...(main !== undefined && { KEY: main.key }),
  ...more,
});
/** The page names packages that `npx` would fetch; here they are installed. */
const local = (text: string): string =>
  text.replace(/"?npx"?(,\s*"?args"?: \[)"-y", "@modelcontextprotocol\/server-([a-z]+)"/g, (_, between, name) => {
    const file = join(root, `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`);
    return `${JSON.stringify(node)}${between}${JSON.stringify(file)}`;
  });
const blocks = (language: string, text = page): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);
const here = (text: string, { url } = main): string => text.replaceAll(PRINTED_URL, url);
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const patternOf = (lines: readonly string[]): RegExp =>
  new RegExp(`^${lines.map((line) => `${escaped(line).replaceAll('…', '.*')}\\s*`).join('\\n?')}$`);

/** Starts `toolway serve` on a port of its own; resolves once it listens. */
const serve = async (args: string[], env: Record<string, string> = {}): Promise<Served> => {
  const child = spawn(node, [cli.main, 'serve', '--port', '0', ...args], { cwd: home, env: environment(env) });
  children.push(child);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await until(() => printed.includes('  MCP    ') && printed.endsWith('/mcp\n'), 'it listens', 60_000);
  const [url = '', key = ''] = [/listens on (\S+)/, /key +(\S+)/].map((part) => part.exec(printed)?.[1]);
  return { printed, url, key };
};

interface Example {
  line: string;
  printed: string[];
}
const examplesOf = (text: string): Example[] =>
  blocks('console', text).flatMap((block) => {
    const found: Example[] = [];
    for (const line of block.split('\n').slice(0, -1)) {
      if (line.startsWith('$ ')) found.push({ line: line.slice(2), printed: [] });
      else found.at(-1)?.printed.push(line);
    }
    return found;
  });
/** The sections that have a configuration of their own. */
const sectionOf = (title: string): string => new RegExp(`\\n## ${title}\\n[\\s\\S]*?(?=\\n## )`).exec(page)?.[0] ?? '';
const chat = /\n### A conversation with a model\n[\s\S]*?(?=\n### )/.exec(page)?.[0] ?? '';
const approvals = sectionOf('Approvals');
const credentials = sectionOf('Credentials of each caller');
const [start, ...lines] = examplesOf(
  [chat, approvals, credentials].reduce((rest, section) => rest.replace(section, ''), page),
) as [Example, ...Example[]];

beforeAll(async () => {
  cli = buildCli('gateway-docs');
  home = mkdtempSync(join(tmpdir(), 'toolway-docs-'));
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/toolway'), `#!/bin/sh\nexec '${node}' '${cli.main}' "$@"\n`);
  chmodSync(join(home, 'bin/toolway'), 0o755);
  writeFileSync(join(home, 'mcp.json'), local(blocks('json')[0] ?? ''));
  main = await serve(start.line.replace('toolway serve ', '').split(' '));
}, 120_000);
afterAll(async () => {
  const ends = children.map((child) => {
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    child.kill('SIGTERM');
    return new Promise((resolve) => child.once('exit', resolve));
  });
  await Promise.all(ends);
  cli.remove();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test('serve prints what the page shows, and its link leads a browser to the page of all tools', async () => {
  expect(start.line).toBe('toolway serve --config mcp.json');
  const { printed, url } = main;
  expect(printed).toMatch(patternOf(start.printed.map((line) => here(line))));
  const link = /open +(\S+)/.exec(printed)?.[1] ?? '';
  const signedIn = await fetch(link, { redirect: 'manual' });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const landed = await fetch(new URL(signedIn.headers.get('location') ?? '/', url), { headers: { cookie } });
  expect([landed.status, new URL(landed.url).pathname]).toEqual([200, '/docs']);
  expect((await fetch(`${url}/openapi.json`, { headers: { cookie } })).status).toBe(200);
});

describe.runIf(has('curl'))('a line of the page prints what stands below it', () => {
  const mustPrint = async ({ line, printed }: Example, at: Served): Promise<void> => {
    const env = environment({ KEY: at.key });
    const { stdout } = await run('bash', ['-c', here(line, at)], { cwd: home, env });
    expect(stdout).toMatch(patternOf(printed.map((each) => here(each, at))));
  };

  test.each(lines)('$line', (example) => mustPrint(example, main));

  test.each([
    ['a model answers', chat],
    ['calls wait for approval', approvals],
    ['callers give credentials of their own', credentials],
  ])('where %s', async (name, section) => {
    const file = `${name.replaceAll(' ', '-')}.yaml`;
    writeFileSync(join(home, file), local(blocks('yaml', section)[0] ?? ''));
    const at = await serve(['--config', file]);
    const steps = examplesOf(section);
    expect(steps.length).toBeGreaterThan(3);
    for (const step of steps) await mustPrint(step, at);
  });
});

describe('the programs of the page', () => {
  const program = async (text: string, env: Record<string, string> = {}) => {
    // In the folder of the package, so that it is found under its name.
    const file = join(dirname(dirname(dirname(cli.main))), `example-${process.hrtime.bigint()}.js`);
    writeFileSync(
      file,
      local(
        here(text).replace(/'npx'(, args: \[)'-y', '([^']+)'/, (_, between, name) => {
          return `process.execPath${between}'${join(root, 'node_modules', name, 'dist/index.js')}'`;
        }),
      ),
    );
    const child = spawn(node, [file], { env: environment(env), stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    return { child, out: () => out, code: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
  };
  const [makesKey = '', fetches = '', mounts = '', ...others] = blocks('js');

  test('make a key, and call a tool with fetch', async () => {
    expect(others).toEqual([]);
    const made = await program(makesKey);
    expect(await made.code).toBe(0);
    expect(made.out()).toMatch(/^give away tw_\S{43}\nconfigure [0-9a-f]{64}\n$/);
    const called = await program(fetches);
    expect(await called.code).toBe(0);
    expect(called.out()).toBe('Echo: Hello\n');
  });

  test.runIf(has('python3'))('call a tool with Python', async () => {
    const { stdout } = await run('python3', ['-c', here(blocks('python')[0] ?? '')], { env: environment() });
    expect(stdout).toBe('Echo: Hello\n');
  });

  test('put the gateway into an application of one’s own, which ends in order', async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const mounted = await program(mounts, { PORT: String(port) });
    const origin = `http://127.0.0.1:${port}`;
    const hello = await until(() => fetch(`${origin}/hello`).catch(() => undefined), 'it listens', 30_000);
    expect(await hello.text()).toBe('a page of your own');
    const answer = await fetch(`${origin}/api/tools/everything/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': main.key },
      body: '{"message":"mounted"}',
    });
    expect(await answer.json()).toEqual({ content: [{ type: 'text', text: 'Echo: mounted' }] });
    expect((await fetch(`${origin}/api/tools`)).status).toBe(401);
    mounted.child.kill('SIGTERM');
    expect(await mounted.code).toBe(0);
  });
});

describe('the files of hosts', () => {
  const hosts = blocks('json').slice(1);

  test.each(hosts.map((text, index) => ({ index, text })))(
    'number $index connects, or starts what connects',
    async ({ index, text }) => {
      const { mcpServers, servers } = JSON.parse(here(text));
      const { toolway } = mcpServers ?? servers;
      if (toolway.command !== undefined) {
        expect(toolway.args).toContain(`${main.url}/mcp`);
        return;
      }
      // As VS Code calls it, so that it is read as VS Code does.
      const folder = join(home, `host-${index}`, servers === undefined ? '' : '.vscode');
      mkdirSync(folder, { recursive: true });
      const file = join(folder, 'mcp.json');
      writeFileSync(file, here(text));
      const args = [cli.main, 'list', '--json', '--config', file, '--input', `toolway-key=${main.key}`];
      const given = servers === undefined ? args.slice(0, -2) : args;
      const { stdout } = await run(node, given, { cwd: home, env: environment() });
      const { servers: listed } = JSON.parse(stdout);
      expect(listed).toMatchObject([{ name: 'toolway', state: 'connected', era: 'modern' }]);
      expect(JSON.stringify(listed)).toContain('"everything__echo"');
    },
  );
});

describe('the keys of the page', () => {
  test('may do what the page says', async () => {
    const [configured = '', ...more] = blocks('yaml');
    writeFileSync(join(home, 'keys.yaml'), local(configured));
    const keys = { WEB_KEY: 'key-of-the-web-application', DASHBOARD_KEY: 'key-of-the-dashboard-0123' };
    const { url: at } = await serve(['--config', 'keys.yaml'], keys);
    const as = async (who: keyof typeof keys, path: string, init: RequestInit = {}) => {
      const answer = await fetch(at + path, { ...init, headers: { 'x-api-key': keys[who], ...init.headers } });
      return { status: answer.status, body: await answer.json() };
    };
    expect((await as('WEB_KEY', '/api/session')).body).toEqual({ principal: 'key:web', permissions: ['read', 'call'] });
    const names = (await as('WEB_KEY', '/api/tools')).body.tools.map(
      (tool: { qualifiedName: string }) => tool.qualifiedName,
    );
    expect(names).toEqual(expect.arrayContaining(['everything.echo', 'files.read_text_file']));
    expect(names).not.toContain('everything.get-env');
    expect(names).not.toContain('files.write_file');
    expect((await as('WEB_KEY', '/api/tools/everything/get-env', { method: 'POST' })).status).toBe(403);
    expect((await as('DASHBOARD_KEY', '/api/servers')).status).toBe(200);
    expect((await as('DASHBOARD_KEY', '/api/tools/everything/get-env', { method: 'POST' })).status).toBe(403);

    for (const [index, text] of more.entries()) {
      writeFileSync(join(home, `more-${index}.yaml`), text);
      const read = spawnSync(node, [cli.main, 'config', '--config', `more-${index}.yaml`], {
        cwd: home,
        env: environment(),
      });
      expect([read.status, String(read.stderr)]).toEqual([0, '']);
    }
  });
});

test('a job is remembered by the next gateway that has the folder of state', async () => {
  const env = { TOOLWAY_STATE_DIR: join(home, 'state') };
  const headers = { 'x-api-key': 'key-of-two-gateways-01234', 'content-type': 'application/json' };
  const args = ['--config', 'mcp.json', '--api-key', headers['x-api-key']];
  const first = await serve(args, env);
  const made = await fetch(`${first.url}/api/tools/everything/echo`, {
    method: 'POST',
    headers: { ...headers, prefer: 'respond-async' },
    body: '{"message":"kept"}',
  });
  const path = made.headers.get('location') ?? '';
  const jobAt = async ({ url }: Served) => (await fetch(url + path, { headers })).json();
  await until(async () => (await jobAt(first)).status === 'succeeded', 'the job ends');
  const child = children.at(-1);
  const ended = new Promise((resolve) => child?.once('exit', resolve));
  child?.kill('SIGTERM');
  await ended;
  expect(existsSync(join(home, 'state/gateway.db'))).toBe(true);
  const second = await serve(args, env);
  expect(await jobAt(second)).toMatchObject({ status: 'succeeded', result: { content: [{ text: 'Echo: kept' }] } });
});

describe('the tables of the page', () => {
  test('have every limit that can be set, with its default', () => {
    const rows = page.split('\n');
    for (const [name, value] of Object.entries(LIMITS)) {
      const row = rows.find((line) => line.includes(`\`${name}\``) && line.startsWith('|')) ?? `no row of ${name}`;
      expect(row).toContain(String(value));
    }
  });

  test('have every code of a problem beside its status', () => {
    const body = /export type ErrorCode =([\s\S]*?);/.exec(read('src/errors.ts'))?.[1] ?? '';
    const codes = [...body.matchAll(/'(\w+)'/g)].map(([, code = '']) => code as ErrorCode);
    expect(codes.length).toBeGreaterThan(25);
    for (const code of codes) {
      const { status } = problemOf(new ToolwayError(code, 'x'));
      const row = page.split('\n').find((line) => new RegExp(`^\\| ${status}\\b`).test(line)) ?? `no row of ${status}`;
      expect(row).toContain(`\`${code}\``);
    }
  });

  test('and texts name no route that there is not', () => {
    const named = [...page.matchAll(/`(?:GET|POST|DELETE) (\/[^`?]*)/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(20);
    const known = Object.keys(NEEDS).map((path) => path.replace(/:\w+/g, '*'));
    expect(named.filter((path) => !known.includes(path.replace(/\{\w+\}/g, '*')))).toEqual([]);
  });

  test('link to what is there', () => {
    const linked = [...page.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path = '']) => path);
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(
      ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
    );
    for (const path of linked) {
      if (path.startsWith('#')) expect(headings).toContain(path);
      else expect(existsSync(join(root, 'docs', path.replace(/#.*/, ''))), path).toBe(true);
    }
    expect(read('README.md').includes('](docs/gateway.md)'), 'the README links to the page').toBe(true);
  });
});
