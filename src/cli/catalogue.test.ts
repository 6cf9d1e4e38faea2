import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder, type World } from '../../test/fixtures/cli/world.ts';
import { ToolwayError } from '../errors.ts';

const config = (world: World, ...names: string[]): World => {
  const cwd = folder();
  const mcpServers = Object.fromEntries(names.map((name) => [name, { command: name }]));
  writeFileSync(join(cwd, 'c.json'), JSON.stringify({ mcpServers }));
  return { ...world, cwd };
};
const run = (argv: string[], world: World) => cli([...argv, '--config', 'c.json'], world);
const down = new ToolwayError('connect_failed', 'refused', { server: 'down' });
const tool = { name: 't', description: 'what it does\nat length', inputSchema: { type: 'object' }, _meta: { x: 1 } };
const resource = { uri: 'demo://r', name: 'r', mimeType: 'text/plain' };
const template = { uriTemplate: 'demo://{x}', name: 'x' };

describe('the catalogue', () => {
  const world = () =>
    config(
      {
        servers: {
          up: { tools: [tool], resources: [resource], resourceTemplates: [template], prompts: [{ name: 'p' }] },
          down: { error: down },
        },
      },
      'up',
      'down',
    );

  test('tools, as lines and as a document; a server that is down is a remark', async () => {
    const remark = 'toolway: down: refused\n';
    expect(await run(['tools'], world())).toMatchObject({ code: 0, out: 'up.t()  what it does\n', err: remark });
    expect((await run(['tools', '--json'], world())).json).toEqual({ tools: [{ ...tool, qualifiedName: 'up.t' }] });
    expect((await run(['list-tools', '--quiet'], world())).err).toBe('');
  });

  test('resources with their templates', async () => {
    const { out } = await run(['resources'], world());
    expect(out).toBe('demo://r  r · text/plain\ndemo://{x}  x\n');
    expect((await run(['resources', '--json'], world())).json).toEqual({
      resources: [{ ...resource, qualifiedName: 'up.r' }],
      resourceTemplates: [{ ...template, qualifiedName: 'up.x' }],
    });
  });

  test('prompts', async () => {
    expect((await run(['prompts'], world())).out).toBe('up.p()\n');
    expect((await run(['prompts', '--json'], world())).json).toEqual({
      prompts: [{ name: 'p', qualifiedName: 'up.p' }],
    });
  });

  test('with no server there, it is a failure', async () => {
    expect(await run(['tools', 'down'], world())).toMatchObject({ code: 3, out: '', err: 'toolway: down: refused\n' });
    expect((await run(['tools', 'down', '--json'], world())).json).toEqual({
      error: { code: 'connect_failed', message: 'down: refused', server: 'down' },
    });
  });

  test('lines are no wider than the terminal', async () => {
    const long = config(
      {
        servers: { up: { tools: [{ ...tool, description: 'word '.repeat(100) }] } },
        tty: true,
        columns: 60,
        env: { NO_COLOR: '1' },
      },
      'up',
    );
    const { out } = await run(['tools'], long);
    expect(out.trimEnd().length).toBeLessThanOrEqual(60);
    expect(out).toMatch(/…\n$/);
  });
});

describe('ping and status', () => {
  const world = () => config({ servers: { up: { pingMs: 1.25 }, down: { error: down } } }, 'up', 'down');

  test('ping tells each server’s time without that of connecting, and fails with the first that fails', async () => {
    expect(await run(['ping'], world())).toMatchObject({
      code: 3,
      out: 'up  1.3 ms\ndown  connect_failed: down: refused\n',
    });
    expect((await run(['ping', '--json'], world())).json).toEqual({
      servers: [
        { name: 'up', ms: 1.25 },
        { name: 'down', error: { code: 'connect_failed', message: 'down: refused', server: 'down' } },
      ],
    });
    expect(await run(['ping', 'up'], world())).toMatchObject({ code: 0, out: 'up  1.3 ms\n' });
  });

  test('status tells how each server is', async () => {
    expect(await run(['status'], world())).toMatchObject({
      code: 0,
      out: 'up  connected  up-server 1 · stdio · legacy 2025-11-25 · 12 ms\ndown  failed  connect_failed: down: refused\n',
    });
    expect((await run(['status', '--json'], world())).json).toMatchObject({
      servers: [
        { name: 'up', connected: true, state: 'connected' },
        { name: 'down', connected: false, state: 'failed', lastError: { code: 'connect_failed' } },
      ],
    });
    expect((await run(['status', 'down'], world())).code).toBe(3);
  });
});

describe('read and prompt', () => {
  const contents = [
    { uri: 'demo://a/b.txt', text: 'hello' },
    { uri: 'demo://c.png', blob: 'AAAA', mimeType: 'image/png' },
  ];
  const world = () =>
    config(
      {
        servers: {
          up: { read: { contents }, prompt: { messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }] } },
        },
      },
      'up',
    );

  test('read prints texts and names blobs', async () => {
    expect(await run(['read', 'demo://a'], world())).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^\[resource demo:\/\/a\/b\.txt\]\nhello\n\[blob demo:\/\/c\.png image\/png, 3 B\] saved as \S+\/c\.png\n$/,
      ),
    });
    expect((await run(['read', 'demo://a', '--json'], world())).json).toEqual({
      uri: 'demo://a',
      result: { contents },
      durationMs: expect.any(Number),
    });
    expect((await run(['read', 'demo://a', '--raw'], world())).out).toBe('hello\0\0\0');
  });

  test('a resource that is not there is exit 2', async () => {
    expect(await run(['read', 'x:y'], config({}, 'up'))).toMatchObject({
      code: 2,
      err: 'toolway: there is no resource x:y\n',
    });
  });

  test('prompt takes texts', async () => {
    const { out, calls, code } = await run(['prompt', 'up.p', 'n=3', 'o:={"a":1}'], world());
    expect([code, out]).toEqual([0, 'user:\nhi\n']);
    expect(calls).toMatchObject([{ name: 'up.p', args: { n: '3', o: '{"a":1}' } }]);
    expect((await run(['prompt', 'up.p', '--json'], world())).json).toMatchObject({
      prompt: 'up.p',
      result: { messages: [{ role: 'user' }] },
    });
  });
});
