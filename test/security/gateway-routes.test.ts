/** S26: every route of the gateway, and who comes to it. What is committed is what was meant; a new route has to be meant too. */
import type { Hono } from 'hono';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createAccess } from '../../src/gateway/access/access.ts';
import { createNeedOf, NEEDS } from '../../src/gateway/access/permissions.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { createMemoryStore } from '../../src/gateway/store/memory.ts';
import { createToolkit } from '../../src/index.ts';
import { BEGIN, keyFor, showing } from '../fixtures/door.ts';
import { createHandClock } from '../fixtures/hand-clock.ts';
import { createIssuer } from '../fixtures/issuer.ts';
import { behind, type Route, routesOf } from '../fixtures/routes.ts';

const apps = vi.hoisted((): unknown[] => []);
vi.mock('hono', async (original) => {
  const real = await original<typeof import('hono')>();
  const Watched = class extends real.Hono {
    constructor(...options: ConstructorParameters<typeof real.Hono>) {
      super(...options);
      apps.push(this);
    }
  };
  return { ...real, Hono: Watched };
});

const toolkit = await createToolkit({ mcpServers: {} });
const gateway = createGateway(toolkit);
const routes = routesOf(apps[0] as Hono);
afterAll(async () => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
});

const today = (): number => BEGIN;
const issuer = await createIssuer({ today });
const keys = {
  read: keyFor('reader', 'read'),
  call: keyFor('caller'),
  approve: keyFor('approver', 'approve'),
  admin: keyFor('admin', 'admin'),
  narrow: { ...keyFor('narrow', 'read', 'call'), tools: ['files.read'] },
  ended: { ...keyFor('ended', 'admin'), expires: new Date(BEGIN - 1).toISOString() },
};
const access = createAccess({
  access: {
    apiKeys: Object.values(keys),
    jwt: { issuer: issuer.issuer, jwksUri: issuer.jwksUri, audience: 'https://tools.example/mcp' },
    fetch: issuer.fetch,
    maxFailures: 1_000_000,
  },
  store: createMemoryStore(),
  clock: createHandClock(),
  today,
});
const attempt = behind(access, routes);

const principals: Record<string, Record<string, string>> = {
  anon: {},
  ...Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, showing(key)])),
  user: { authorization: `Bearer ${await issuer.token()}` },
  foreign: { authorization: `Bearer ${await issuer.token({ aud: 'https://other.example' })}` },
};

const tableOf = async (of: readonly Route[]): Promise<string> => {
  const names = Object.keys(principals);
  const rows = [['route', ...names]];
  for (const route of of) {
    const row = [`${route.method} ${route.path}`];
    for (const name of names) row.push(await attempt(route, principals[name] ?? {}));
    rows.push(row);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return `${rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
};

describe('S26 the routes of the gateway', () => {
  test('are reached by those whom the table beside this test names', async () => {
    expect(routes.length).toBeGreaterThan(25);
    await expect(await tableOf(routes)).toMatchFileSnapshot('./gateway-routes.txt');
  });

  test('that are open to everybody are these', async () => {
    const open: string[] = [];
    for (const route of routes)
      if ((await attempt(route, {})) === 'through') open.push(`${route.method} ${route.path}`);
    const meant =
      /^GET \/((healthz|readyz|login|docs(\/.*)?|credentials(\/:server)?|favicon\.ico|assets\/(\*|credentials\.js))?|\.well-known\/oauth-protected-resource(\/\*)?)$/;
    expect(open.filter((route) => !meant.test(route))).toEqual([]);
    expect(open).toEqual(expect.arrayContaining(['GET /healthz', 'GET /readyz', 'GET /login']));
  });

  test('are all declared: one that is not cannot be reached by anybody', async () => {
    const needOf = createNeedOf();
    const undeclared = routes.filter(({ method, path }) => {
      const need = needOf(method === 'ALL' ? 'POST' : method, path.replaceAll(/:\w+\??|\*/g, 'x'));
      return need === undefined || need === 'other method';
    });
    expect(undeclared).toEqual([]);
    const unmeant = { method: 'GET', path: '/api/unmeant' };
    const withUnmeant = behind(access, [...routes, unmeant]);
    for (const headers of Object.values(principals))
      expect(['401', '404']).toContain(await withUnmeant(unmeant, headers));
  });
});

test('S26 a path is found the way the app finds it, in whatever form it is written', () => {
  const needOf = createNeedOf({
    '/api/things': { GET: 'read' },
    '/api/things/search': { POST: 'read' },
    '/api/things/:id': { POST: 'admin' },
  });
  expect([needOf('GET', '/api/things'), needOf('HEAD', '/api/things')]).toEqual(['read', 'read']);
  expect([needOf('POST', '/api/things/search'), needOf('POST', '/api/things/x')]).toEqual(['read', 'admin']);
  for (const path of ['/api/things/', '//api/things', '/API/things', '/api/things/x/y', '/api', '']) {
    expect(needOf('GET', path), path).toBeUndefined();
  }
  expect(needOf('DELETE', '/api/things')).toBe('other method');
});

test('S26 every line of the table counts: none stands behind another one that fits its path', () => {
  const needOf = createNeedOf();
  for (const [path, methods] of Object.entries(NEEDS)) {
    for (const [method, need] of Object.entries(methods)) {
      expect([method, path, needOf(method, path.replaceAll(/:\w+|\*/g, 'x'))]).toEqual([method, path, need]);
    }
  }
});
