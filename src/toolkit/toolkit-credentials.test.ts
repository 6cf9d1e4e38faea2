import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PersonalServer, startPersonalServer } from '../../test/fixtures/personal-server.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import type { Toolkit } from '../api.ts';
import type { CredentialRequest } from '../credentials.ts';
import { ToolwayError } from '../errors.ts';
import { createToolkit } from '../node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';

const ANN = 'ann-secret-token-aaaa';
const BOB = 'bob-secret-token-bbbb';

let server: PersonalServer;
let toolkit: Toolkit;
let given: Map<string, string>;
let asked: CredentialRequest[];

const start = async (config: Partial<ServerConfig> = {}, options: ToolkitOptions = {}): Promise<void> => {
  toolkit = await createToolkit({
    connect: 'wait',
    ...options,
    mcpServers: {
      own: { url: `${server.origin}/mcp`, headers: { authorization: 'Bearer ${principal:TOKEN}' }, ...config },
    },
  });
  toolkit.provideCredentials(async (request) => {
    asked.push(request);
    const token = given.get(request.principal);
    if (token === undefined) throw new ToolwayError('auth_required', 'not given', { executed: 'no' });
    return { TOKEN: token };
  });
};
const as = (principal: string) => ({ principal, scope: principal });
const call = async (principal: string, tool = 'whoami') =>
  (await toolkit.callTool(`own.${tool}`, {}, as(principal))).content[0]?.text;
const toolsOf = async (principal: string) =>
  (await toolkit.listTools(as(principal))).map(({ name }) => name).filter((name) => name.startsWith('of_'));

beforeEach(async () => {
  server = await startPersonalServer();
  given = new Map([
    ['ann', ANN],
    ['bob', BOB],
  ]);
  asked = [];
});
afterEach(async () => {
  server.finish();
  await toolkit?.close({ drainMs: 0 });
  await server.stop();
});

describe('a server that wants a credential of each principal', () => {
  test('is reached with that of whoever calls, and is another one to each', async () => {
    await start();
    expect([await call('ann'), await call('bob'), await call('ann')]).toEqual(['aaaa', 'bbbb', 'aaaa']);
    for (const { headers, body } of server.heard) {
      const text = JSON.stringify(headers);
      expect(body).not.toMatch(/secret/);
      expect([text.includes(ANN), text.includes(BOB)].filter(Boolean)).toHaveLength(1);
    }
    expect([await toolsOf('ann'), await toolsOf('bob'), await toolsOf('eve')]).toEqual([['of_aaaa'], ['of_bbbb'], []]);
    expect((await toolkit.listResources(as('bob'))).map(({ uri }) => uri)).toEqual(['of:bbbb']);
    expect(await toolkit.findResource('of:aaaa', as('ann'))).toBe('own');
    expect(await toolkit.readResource('of:bbbb', { ...as('bob'), server: 'own' })).toMatchObject({
      contents: [{ text: 'bbbb' }],
    });
    expect(await toolkit.getPrompt('own.of_aaaa', {}, as('ann'))).toMatchObject({
      messages: [{ content: { text: 'aaaa' } }],
    });
    const found = await toolkit.searchTools('of', as('ann'));
    expect(found.map(({ name }) => name).filter((name) => name.startsWith('of_'))).toEqual(['of_aaaa']);
    expect((await failure(call('ann', 'of_bbbb'))).code).toBe('unknown_tool');
  });

  test('is neither started nor reached for one who has given nothing, nor for nobody', async () => {
    await start();
    expect(await failure(call('eve'))).toMatchObject({ code: 'auth_required', executed: 'no', server: 'own' });
    expect(await failure(toolkit.callTool('own.whoami'))).toMatchObject({ code: 'auth_required', executed: 'no' });
    expect(await failure(toolkit.listTools({ server: 'own', ...as('eve') }))).toMatchObject({ code: 'auth_required' });
    expect(server.heard).toEqual([]);
    expect(toolkit.status().own?.state).toBe('auth_required');
    expect([toolkit.wantsCredentials('own'), toolkit.wantsCredentials('none')]).toEqual([true, false]);
  });

  test('without anybody who gives credentials is auth_required as soon as it is connected', async () => {
    toolkit = await createToolkit({
      connect: 'wait',
      mcpServers: { own: { url: `${server.origin}/mcp`, headers: { authorization: 'Bearer ${principal:TOKEN}' } } },
    });
    expect(await failure(call('ann'))).toMatchObject({ code: 'auth_required', executed: 'no', server: 'own' });
    expect(toolkit.status().own?.lastError?.message).toContain('${principal:TOKEN}');
    expect(server.heard).toEqual([]);
  });

  test('says of itself what it is to whoever asks', async () => {
    await start();
    await call('ann');
    expect(toolkit.status('ann').own).toMatchObject({ state: 'connected', toolsCount: 4 });
    expect(toolkit.status('bob').own).toMatchObject({ state: 'auth_required', toolsCount: 0 });
    expect(await toolkit.wantedCredentials('own')).toEqual({
      names: ['TOKEN'],
      inHeaders: ['TOKEN'],
      target: { kind: 'url', id: server.origin, shown: server.origin },
    });
  });

  test('is left by one principal alone, whose calls under way may finish', async () => {
    await start();
    await call('bob');
    const slow = call('ann', 'slow');
    await expect.poll(() => server.with('slow').length).toBe(1);
    given.set('ann', 'ann-second-token-cccc');
    const released = toolkit.releasePrincipal('own', 'ann', { drainMs: 5_000 });
    const next = call('ann');
    server.finish();
    expect(await slow).toBe('aaaa');
    await released;
    expect(await next).toBe('cccc');
    const before = asked.length;
    expect(await call('bob')).toBe('bbbb');
    expect(asked).toHaveLength(before);
  });

  test('ends what is under way when the time for it is over', async () => {
    await start();
    const slow = failure(call('ann', 'slow'));
    await expect.poll(() => server.with('slow').length).toBe(1);
    const other = call('bob', 'slow');
    await expect.poll(() => server.with('slow').length).toBe(2);
    await toolkit.releasePrincipal('own', 'ann');
    expect((await slow).executed).toBe('unknown');
    server.finish();
    expect(await other).toBe('bbbb');
  });

  test('has a connection for so many principals and no more', async () => {
    await start({}, { limits: { maxScopes: 1 } });
    const slow = call('ann', 'slow');
    await expect.poll(() => server.with('slow').length).toBe(1);
    expect(await failure(call('bob'))).toMatchObject({ code: 'backpressure', limit: 1, executed: 'no' });
    server.finish();
    expect([await slow, await call('bob'), await call('ann')]).toEqual(['aaaa', 'bbbb', 'aaaa']);
  });
});

describe('where a credential goes', () => {
  test('is never the host of a URL, whatever was given', async () => {
    given.set('ann', '@evil.example/x?y#z');
    await start({ url: `${server.origin}/p/\${principal:TOKEN}/mcp` });
    expect(await call('ann')).toBe('?y#z'.slice(-4));
    expect(server.heard.every(({ url }) => url === '/p/%40evil.example%2Fx%3Fy%23z/mcp')).toBe(true);
    expect(server.heard.length).toBeGreaterThan(0);
    await toolkit.close();
    await start({ url: 'http://${principal:TOKEN}/mcp' });
    expect((await failure(call('ann'))).code).toBe('invalid_config');
  });

  test('is told as it is configured, without its secrets', async () => {
    await start({ url: undefined, headers: undefined, command: 'node', args: ['x.js', '--api-key', 'hidden-secret'] });
    await toolkit.close();
    const shared = { command: 'node', args: ['x.js', '--api-key', 'hidden-secret'], env: { T: '${principal:TOKEN}' } };
    toolkit = await createToolkit({ connect: 'lazy', mcpServers: { a: shared, b: { ...shared, args: ['y.js'] } } });
    const [a, b] = await Promise.all(['a', 'b'].map((name) => toolkit.wantedCredentials(name)));
    expect(a?.target).toMatchObject({ kind: 'command', shown: 'node x.js --api-key ***' });
    expect(a?.target.id).not.toBe(b?.target.id);
  });
});

describe('what one principal gives', () => {
  test('changes nothing of what is told of another, nor of the servers of all', async () => {
    const told: object[] = [];
    await start();
    for (const name of ['connected', 'tool_call_error', 'tools_changed'] as const)
      toolkit.on(name, (event) => void told.push(event));
    for (const word of ['server', 'durationMs', 'executed', 'you sent', 'principal']) {
      given.set('bob', word);
      await toolkit.releasePrincipal('own', 'bob');
      await call('bob');
    }
    told.length = 0;
    const { message, executed } = await failure(call('ann', 'echo'));
    expect([message, executed]).toEqual(['own.echo: you sent Bearer *** (JSON-RPC error -32000)', 'unknown']);
    expect(told).toContainEqual({
      server: 'own',
      scope: 'ann',
      era: 'legacy',
      protocolVersion: expect.anything(),
      connectMs: expect.any(Number),
    });
    expect(told.at(-1)).toMatchObject({ server: 'own', principal: 'ann', durationMs: expect.any(Number) });
  });

  test('takes no room of what others gave', async () => {
    const names = Array.from({ length: 101 }, (_, index) => `N${index}`);
    const headers = Object.fromEntries(names.map((name) => [`x-${name}`, `\${principal:${name}}`]));
    await start({ headers: { ...headers, authorization: 'Bearer ${principal:TOKEN}' } });
    let round = 0;
    toolkit.provideCredentials(async ({ principal }) => ({
      ...Object.fromEntries(names.map((name) => [name, `${principal}-${name}-${round}`])),
      TOKEN: principal === 'ann' ? ANN : BOB,
    }));
    await call('ann');
    for (; round < 10; round += 1) {
      await toolkit.releasePrincipal('own', 'bob');
      await call('bob');
    }
    expect((await failure(call('ann', 'echo'))).message).toContain('you sent Bearer *** ');
  });
});
