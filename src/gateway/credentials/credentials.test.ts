import { beforeEach, describe, expect, test } from 'vitest';
import type { CredentialSource, WantedCredentials } from '../../credentials.ts';
import { ToolwayError } from '../../errors.ts';
import type { Principal } from '../principal.ts';
import { createMemoryStore } from '../store/memory.ts';
import { type CredentialNews, type Credentials, createCredentials } from './credentials.ts';
import { createSeal, STATE_KEY_BYTES } from './seal.ts';

const somebody = (id: string, sees: (server: string) => boolean = () => true): Principal => ({
  id,
  sees,
  may: () => true,
});
const ANN = somebody('key:ann');
const SECRET = 'a-secret-of-ann';

let store: ReturnType<typeof createMemoryStore>;
let wanted: Map<string, WantedCredentials | Error>;
let released: string[];
let source: CredentialSource;
let news: CredentialNews[];

const wants = (target: string, names = ['TOKEN']): WantedCredentials => ({
  names,
  inHeaders: names,
  target: { kind: 'url', id: target, shown: target },
});
const room = ({
  key = 1,
  ...limits
}: {
  key?: number;
  maxPrincipals?: number;
  maxServers?: number;
} = {}): Credentials => {
  const credentials = createCredentials({
    ...limits,
    toolkit: {
      wantsCredentials: (server) => wanted.has(server),
      async wantedCredentials(server) {
        const found = wanted.get(server);
        if (found instanceof Error) throw found;
        return found;
      },
      provideCredentials: (given) => {
        source = given;
      },
      async releasePrincipal(server, principal) {
        released.push(`${principal} ${server}`);
      },
      status: () => Object.fromEntries([...wanted.keys(), 'plain'].map((name) => [name, {}])) as never,
    },
    records: store.records,
    seal: createSeal(new Uint8Array(STATE_KEY_BYTES).fill(key)),
    urlOf: (server) => `https://gateway.example/credentials/${server}`,
    today: () => 1_000,
    logger: undefined,
  });
  credentials.on((one) => news.push(one));
  return credentials;
};
const values = (server: string, target: string, principal = ANN.id) =>
  source({ server, principal, names: ['TOKEN'], target });

beforeEach(() => {
  store = createMemoryStore();
  wanted = new Map([['web', wants('https://one.example')]]);
  released = [];
  news = [];
});

describe('credentials', () => {
  test('are handed out for the place that they were given for, and for no other', async () => {
    const credentials = room();
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    expect(await values('web', 'https://one.example')).toEqual({ TOKEN: SECRET });
    wanted.set('web', wants('https://evil.example'));
    await expect(values('web', 'https://evil.example')).rejects.toMatchObject({
      code: 'auth_required',
      executed: 'no',
      message: expect.stringContaining('was given for https://one.example, and the server is somewhere else now'),
    });
    expect(await credentials.get(ANN, 'web')).toMatchObject({ state: 'elsewhere', givenFor: 'https://one.example' });
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    expect(await values('web', 'https://evil.example')).toEqual({ TOKEN: SECRET });
  });

  test('that were sealed with another key are not lost, and can be given again', async () => {
    await room().give(ANN, 'web', { TOKEN: SECRET });
    const others = room({ key: 2 });
    await expect(values('web', 'https://one.example')).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('bring back that key'),
    });
    expect(await others.get(ANN, 'web')).toMatchObject({ state: 'sealed' });
    room();
    expect(await values('web', 'https://one.example')).toEqual({ TOKEN: SECRET });
    await room({ key: 2 }).give(ANN, 'web', { TOKEN: 'another-secret' });
    expect(await values('web', 'https://one.example')).toEqual({ TOKEN: 'another-secret' });
  });

  test('are asked for again where the server wants more than was given', async () => {
    const credentials = room();
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    wanted.set('web', wants('https://one.example', ['OTHER', 'TOKEN']));
    expect(await credentials.get(ANN, 'web')).toMatchObject({ state: 'missing', names: ['OTHER', 'TOKEN'] });
    const request = { server: 'web', principal: ANN.id, names: ['OTHER', 'TOKEN'], target: 'https://one.example' };
    await expect(source(request)).rejects.toThrow('the server wants a credential of yours (OTHER)');
  });

  test('are told by their owner’s name alone, and end the connection that was made with them', async () => {
    const credentials = room();
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    expect(await credentials.revoke(somebody('key:bob'), 'web')).toBe(false);
    await expect(values('web', 'https://one.example', 'key:bob')).rejects.toMatchObject({
      code: 'auth_required',
      data: { credentialsUrl: 'https://gateway.example/credentials/web' },
    });
    expect(await credentials.revoke(ANN, 'web')).toBe(true);
    expect(released).toEqual(['key:ann web', 'key:ann web']);
    const about = { principal: 'key:ann', server: 'web', names: ['TOKEN'] };
    expect(news).toEqual([
      { event: 'credential_given', ...about },
      { event: 'credential_revoked', ...about },
    ]);
    expect(JSON.stringify(news)).not.toContain(SECRET);
  });

  test('of a name are forgotten with it', async () => {
    const credentials = room();
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    await credentials.forget('key:ann');
    expect(await credentials.list(ANN)).toMatchObject([{ server: 'web', state: 'missing' }]);
    expect(released).toHaveLength(2);
  });

  test('of servers that are gone, or whose place cannot be told, are shown and can be revoked', async () => {
    const credentials = room();
    wanted.set('b', wants('https://b.example'));
    for (const server of ['web', 'b']) await credentials.give(ANN, server, { TOKEN: SECRET });
    wanted.delete('b');
    wanted.set('web', new ToolwayError('invalid_config', 'the variable HOST is not set'));
    expect((await credentials.list(ANN)).map(({ server, state }) => [server, state])).toEqual([
      ['web', 'unused'],
      ['b', 'unused'],
    ]);
    expect([await credentials.revoke(ANN, 'b'), await credentials.revoke(ANN, 'b')]).toEqual([true, false]);
  });

  test('are for servers that one sees', async () => {
    const blind = somebody('key:blind', () => false);
    await expect(room().give(blind, 'web', { TOKEN: SECRET })).rejects.toMatchObject({ code: 'unknown_server' });
    expect(await room().list(blind)).toEqual([]);
  });

  test('are bounded in number, for one and for all', async () => {
    wanted.set('b', wants('https://b.example'));
    const credentials = room({ maxPrincipals: 2, maxServers: 1 });
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    await credentials.give(ANN, 'web', { TOKEN: SECRET });
    await expect(credentials.give(ANN, 'b', { TOKEN: SECRET })).rejects.toMatchObject({
      code: 'backpressure',
      limit: 1,
    });
    await credentials.give(somebody('key:bob'), 'web', { TOKEN: SECRET });
    await expect(credentials.give(somebody('key:eve'), 'web', { TOKEN: SECRET })).rejects.toMatchObject({
      code: 'backpressure',
      limit: 2,
    });
    expect(await credentials.get(ANN, 'web')).toMatchObject({ state: 'given' });
  });
});
