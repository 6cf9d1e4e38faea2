/** Only tokens that were made for this gateway, by whom its operator trusts, let anybody in. */
import { base64url, SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import type { JwtOptions } from '../../src/gateway/access/options.ts';
import { BEGIN, createDoor, type Door, keyFor } from '../fixtures/door.ts';
import { createIssuer, type Issuer } from '../fixtures/issuer.ts';

const AUDIENCE = 'https://tools.example/mcp';
const ME = { host: 'localhost:3333' };
let issuer: Issuer;
let door: Door;

const doorFor = (options: Partial<JwtOptions> = {}): Door =>
  createDoor({
    apiKeys: [keyFor('ann')],
    jwt: { issuer: issuer.issuer, jwksUri: issuer.jwksUri, audience: AUDIENCE, ...options },
    fetch: issuer.fetch,
  });
const show = (token: string, at: Door = door, path = '/api/tools') =>
  at.get(path, { ...ME, authorization: `Bearer ${token}` });
const statusOf = async (token: string | Promise<string>, at: Door = door): Promise<number> =>
  (await show(await token, at)).status;
const seconds = (): number => (BEGIN + door.clock.now()) / 1_000;

beforeEach(async () => {
  issuer = await createIssuer({ today: () => BEGIN + door.clock.now() });
  door = doorFor();
});

describe('S8 a token', () => {
  test('that is good is its subject at its issuer, with what its scopes give', async () => {
    expect(await statusOf(issuer.token())).toBe(200);
    const { principal } = door.caller ?? {};
    expect(principal?.id).toBe('jwt:https://login.example#ann');
    expect([principal?.may('read'), principal?.may('call'), principal?.may('approve')]).toEqual([true, true, false]);
  });

  test('is verified once, and its issuer asked once', async () => {
    const [one, other] = [await issuer.token(), await issuer.token({ sub: 'bob' })];
    for (const token of [one, one, other, one]) expect(await statusOf(token)).toBe(200);
    expect(issuer.asked).toEqual([issuer.jwksUri]);
    const before = door.caller;
    await show(one);
    expect(door.caller).toBe(before);
  });

  test.each<[string, (good: Issuer) => Promise<string> | string]>([
    ['for another audience', ({ token }) => token({ aud: 'https://other.example/mcp' })],
    ['for an audience that begins with ours', ({ token }) => token({ aud: `${AUDIENCE}/` })],
    ['for nobody', ({ token }) => token({ aud: undefined })],
    ['of another issuer', ({ token }) => token({ iss: 'https://evil.example' })],
    ['of no issuer', ({ token }) => token({ iss: undefined })],
    ['of nobody', ({ token }) => token({ sub: undefined })],
    ['of a subject that hides characters', ({ token }) => token({ sub: 'ann\u202e' })],
    ['of a subject without end', ({ token }) => token({ sub: 'a'.repeat(257) })],
    ['that has ended', ({ token }) => token({ exp: seconds() - 31 })],
    ['that never ends', ({ token }) => token({ exp: undefined })],
    ['that has not begun', ({ token }) => token({ nbf: seconds() + 31 })],
    [
      'of a key that is not the issuer’s',
      async ({ token }) => `${(await token()).split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`,
    ],
    [
      'with other claims under its signature',
      async ({ token }) => {
        const [header, , signature] = (await token()).split('.');
        return `${header}.${(await token({ scope: 'toolway:admin' })).split('.')[1]}.${signature}`;
      },
    ],
    [
      'without a signature',
      async ({ token }) => {
        const none = base64url.encode(JSON.stringify({ alg: 'none' }));
        return `${none}.${(await token()).split('.')[1]}.`;
      },
    ],
    [
      'of a shared secret made of the public key',
      async ({ token, fetch, jwksUri }) => {
        const { keys } = (await (await fetch(jwksUri)).json()) as { keys: object[] };
        const [, payload] = (await token()).split('.');
        const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload ?? '')));
        return new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
          .sign(new TextEncoder().encode(JSON.stringify(keys[0])));
      },
    ],
    ['longer than any', ({ token }) => token({ filler: 'x'.repeat(16_384) })],
    ['that is none', () => 'eyJ.eyJ.x'],
  ])('%s is refused', async (_, make) => {
    const answer = await show(await make(issuer));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(door.passed).toEqual([]);
  });

  test('may differ by half a minute of clock', async () => {
    expect(await statusOf(issuer.token({ exp: seconds() - 29 }))).toBe(200);
    expect(await statusOf(issuer.token({ nbf: seconds() + 29 }))).toBe(200);
  });

  test('ends when its time comes, also where it is remembered', async () => {
    const token = await issuer.token({ exp: seconds() + 60 });
    expect(await statusOf(token)).toBe(200);
    const { principal } = door.caller ?? {};
    await door.clock.advance(90_000);
    expect(await statusOf(token)).toBe(401);
    expect([principal?.may('call'), principal?.sees('files')]).toEqual([false, false]);
  });

  test('of a signature that is not allowed is refused', async () => {
    expect(await statusOf(issuer.token(), doorFor({ algorithms: ['RS256'] }))).toBe(401);
  });

  test('of one of two issuers is verified with its own keys', async () => {
    const other = await createIssuer({ today: () => BEGIN, issuer: 'https://other.example' });
    const both = createDoor({
      jwt: [issuer, other].map(({ issuer: name, jwksUri }) => ({ issuer: name, jwksUri, audience: AUDIENCE })),
      fetch: (input) => (String(input).startsWith('https://other') ? other : issuer).fetch(input),
    });
    expect([await statusOf(issuer.token(), both), await statusOf(other.token(), both)]).toEqual([200, 200]);
    expect(both.caller?.principal.id).toBe('jwt:https://other.example#ann');
    expect(await statusOf(other.token({ iss: issuer.issuer }, { kid: 'key-1' }), both)).toBe(401);
  });
});

describe('what scopes give', () => {
  test('is what the operator says, added up, of a text or a list', async () => {
    const at = doorFor({
      scopes: {
        '*': { scopes: [] },
        use: { scopes: ['call'] },
        files: { scopes: [], tools: ['files'] },
        boss: { scopes: ['admin'] },
      },
    });
    const given = async (claims: object) => {
      const answer = await show(await issuer.token({ scope: undefined, ...claims }), at);
      const { principal } = at.caller ?? {};
      return answer.status === 200
        ? [principal?.may('call'), principal?.may('admin'), principal?.sees('files'), principal?.sees('mail')]
        : answer.status;
    };
    expect(await given({ scope: 'use' })).toEqual([true, false, true, true]);
    expect(await given({ scope: 'use files other' })).toEqual([true, false, true, false]);
    expect(await given({ scp: ['use', 'boss'] })).toEqual([true, true, true, true]);
    expect(await given({ scope: 'files' })).toBe(403);
    expect(await given({ scope: '* constructor __proto__' })).toBe(403);
    expect(await given({})).toBe(403);
  });

  test('may be given to all, and does not come from what a token calls itself', async () => {
    const at = doorFor({ scopes: { '*': {} } });
    expect(await statusOf(issuer.token({ scope: undefined }), at)).toBe(200);
  });

  test('where it is too little is told with the scope that is missing (RFC 6750)', async () => {
    const answer = await show(await issuer.token({ scope: 'toolway:read' }), door, '/api/approvals');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="toolway", error="insufficient_scope", scope="toolway:approve", ' +
        'resource_metadata="http://localhost:3333/.well-known/oauth-protected-resource"',
    );
    expect(await answer.json()).toMatchObject({ code: 'forbidden' });
  });

  test('is limited for a subject, whichever of its tokens it shows', async () => {
    const at = doorFor({ rateLimit: { perMinute: 2 } });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push(await statusOf(issuer.token({ jti: String(n) }), at));
    expect([...statuses, await statusOf(issuer.token({ sub: 'bob' }), at)]).toEqual([200, 200, 429, 200]);
  });
});

describe('the keys of an issuer', () => {
  test('that are new are asked for, and not more often than every half minute', async () => {
    const old = await issuer.token();
    expect(await statusOf(old)).toBe(200);
    await issuer.rotate();
    const fresh = await issuer.token();
    expect(await statusOf(fresh)).toBe(401);
    await door.clock.advance(30_000);
    expect(await statusOf(fresh)).toBe(200);
    for (let n = 0; n < 50; n += 1) await statusOf(issuer.token({ jti: String(n) }, { kid: `made-up-${n}` }), door);
    expect(issuer.asked).toHaveLength(2);
  });

  test('that were withdrawn open nothing after ten minutes', async () => {
    const old = await issuer.token();
    expect(await statusOf(old)).toBe(200);
    await issuer.rotate();
    await door.clock.advance(600_000);
    expect(await statusOf(old)).toBe(401);
  });

  test('still count while the issuer cannot be reached, and without any it is said so', async () => {
    const token = await issuer.token();
    expect(await statusOf(token)).toBe(200);
    issuer.answers.clear();
    await door.clock.advance(600_000);
    expect(await statusOf(issuer.token())).toBe(200);
    const cold = doorFor();
    const answer = await show(token, cold);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await answer.json()).toMatchObject({ code: 'connect_failed' });
  });

  test('are asked for once by many', async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, n) => issuer.token({ sub: `s${n}` })));
    expect(await Promise.all(tokens.map((token) => statusOf(token)))).toEqual(Array(10).fill(200));
    expect(issuer.asked).toHaveLength(1);
  });

  test.each([['/.well-known/oauth-authorization-server'], ['/.well-known/openid-configuration']])(
    'are where %s says',
    async (path) => {
      issuer.answers.set(issuer.issuer + path, () =>
        Response.json({ issuer: issuer.issuer, jwks_uri: issuer.jwksUri }),
      );
      expect(await statusOf(issuer.token(), doorFor({ jwksUri: undefined }))).toBe(200);
    },
  );

  test.each([
    ['of another issuer', { issuer: 'https://evil.example', jwks_uri: 'https://login.example/keys' }],
    ['at a place that is not safe', { issuer: 'https://login.example', jwks_uri: 'http://login.example/keys' }],
    ['in a file', { issuer: 'https://login.example', jwks_uri: 'file:///etc/passwd' }],
    ['nowhere', { issuer: 'https://login.example' }],
  ])('that metadata say are %s are not taken', async (_, metadata) => {
    issuer.answers.set(`${issuer.issuer}/.well-known/openid-configuration`, () => Response.json(metadata));
    expect(await statusOf(issuer.token(), doorFor({ jwksUri: undefined }))).toBe(503);
    expect(issuer.asked).not.toContain(issuer.jwksUri);
  });

  test('that are a shared secret are no keys', async () => {
    const secret = new TextEncoder().encode('a secret of at least 256 bits, which somebody published');
    issuer.answers.set(issuer.jwksUri, () =>
      Response.json({ keys: [{ kty: 'oct', k: base64url.encode(secret), kid: 'key-1' }] }),
    );
    const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 'ann', exp: seconds() + 60 };
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(secret);
    expect(await statusOf(token)).toBe(401);
  });
});

describe('where tokens come from (RFC 9728)', () => {
  test.each([
    ['', 'http://localhost:3333'],
    ['/mcp', 'http://localhost:3333/mcp'],
    ['/mcp/files', 'http://localhost:3333/mcp/files'],
  ])('is told for %j, to everybody', async (suffix, resource) => {
    const answer = await door.get(`/.well-known/oauth-protected-resource${suffix}`, ME);
    expect(await answer.json()).toEqual({
      resource,
      authorization_servers: ['https://login.example'],
      scopes_supported: ['toolway:read', 'toolway:call', 'toolway:approve', 'toolway:admin'],
      bearer_methods_supported: ['header'],
      resource_name: 'Toolway',
    });
  });

  test('names what tokens have to be for', async () => {
    const at = createDoor({
      jwt: { issuer: issuer.issuer, audience: ['https://tools.example', 'urn:tools'] },
      publicUrl: 'https://tools.example/',
    });
    const resource = async (suffix: string) =>
      ((await (await at.get(`/.well-known/oauth-protected-resource${suffix}`, ME)).json()) as { resource: string })
        .resource;
    expect([await resource(''), await resource('/mcp/files')]).toEqual([
      'https://tools.example',
      'https://tools.example',
    ]);
  });

  test('stands in the refusal, by the path that was asked for', async () => {
    const challenge = async (path: string) => (await door.post(path, ME)).headers.get('www-authenticate');
    const base = 'http://localhost:3333/.well-known/oauth-protected-resource';
    expect(await challenge('/mcp')).toBe(
      `Bearer realm="toolway", scope="toolway:call", resource_metadata="${base}/mcp"`,
    );
    expect(await challenge('/mcp/files')).toContain(`resource_metadata="${base}/mcp/files"`);
    expect(await challenge('/mcp/%22%2c%20x="')).toContain(`resource_metadata="${base}"`);
    expect(await challenge('/api/batch')).toContain(`resource_metadata="${base}"`);
  });

  test('is nowhere where no tokens are taken', async () => {
    const at = createDoor({ apiKeys: [keyFor('ann')] });
    expect((await at.get('/.well-known/oauth-protected-resource/mcp', ME)).status).toBe(404);
  });
});

test.each<[string, Partial<JwtOptions>]>([
  ['no audience', { audience: [] }],
  ['no signature', { algorithms: ['none'] }],
  ['a shared secret', { algorithms: ['RS256', 'HS256'] }],
  ['no algorithm', { algorithms: [] }],
  ['keys over plain HTTP', { jwksUri: 'http://login.example/keys' }],
  ['keys with a password in their URL', { jwksUri: 'https://a:b@login.example/keys' }],
  ['a clock that may be an hour off', { clockToleranceMs: 3_600_000 }],
])('an issuer with %s cannot be meant', (_, options) => {
  expect(() => doorFor(options)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
});
