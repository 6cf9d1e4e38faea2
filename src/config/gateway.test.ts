import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AccessOptions } from '../gateway/access/options.ts';
import { LIMITS } from '../gateway/limits.ts';
import { gatewayFor } from './gateway.ts';
import { LIMIT_READERS } from './gateway-limits.ts';
import { mergeConfigs } from './merge.ts';
import { readConfigText } from './read.ts';

const read = (gateway: unknown, file = 'c.json') =>
  readConfigText(JSON.stringify({ mcpServers: {}, gateway }), { file });
const problemsOf = async (gateway: unknown): Promise<string[]> =>
  (await read(gateway)).problems.map(({ level, path, message }) => `${level} ${path} ${message}`);

const DIGEST = 'a'.repeat(64);
const KEY = { name: 'ci', sha256: DIGEST };
const ISSUER = { issuer: 'https://login.example', audience: 'https://tools.example/mcp' };

describe('gateway in a file', () => {
  test('is read as what the gateway takes', async () => {
    const { gateway, problems } = await read({
      apiKeys: [
        { ...KEY, scopes: 'admin', tools: ['files'], rateLimit: { perSecond: 2, burst: 4 }, quota: { perDay: 9 } },
        { name: 'env', key: '${env:CI}', tools: { allow: 'files', deny: ['files.rm*'] }, expires: '2027-01-01' },
      ],
      jwt: { ...ISSUER, scopes: { use: { scopes: ['call'], tools: ['files'] } }, clockToleranceMs: 5 },
      allowedHosts: 'tools.example',
      allowedOrigins: ['https://app.example'],
      trustProxy: true,
      isolation: 'perSession',
      limits: { maxSessions: 5, taskAfterMs: 0 },
    });
    expect(problems).toEqual([]);
    const access: AccessOptions = {
      apiKeys: [
        { ...KEY, scopes: ['admin'], tools: ['files'], rateLimit: { perSecond: 2, burst: 4 }, quota: { perDay: 9 } },
        { name: 'env', key: '${env:CI}', tools: { allow: ['files'], deny: ['files.rm*'] }, expires: '2027-01-01' },
      ],
      jwt: [
        {
          ...ISSUER,
          audience: [ISSUER.audience],
          scopes: { use: { scopes: ['call'], tools: ['files'] } },
          clockToleranceMs: 5,
        },
      ],
      allowedHosts: ['tools.example'],
      allowedOrigins: ['https://app.example'],
      trustProxy: true,
    };
    expect(gateway).toEqual({ access, isolation: 'perSession', limits: { maxSessions: 5, taskAfterMs: 0 } });
  });

  test.each([
    [{ apiKey: [] }, 'error /gateway/apiKey is not known; did you mean apiKeys?'],
    [{ apiKeys: {} }, 'error /gateway/apiKeys must be a list of keys, not an object'],
    [{ apiKeys: [{ ...KEY, scope: ['call'] }] }, 'error /gateway/apiKeys/0/scope is not known; did you mean scopes?'],
    [{ apiKeys: [{ ...KEY, scopes: ['call', 'write'] }] }, 'error /gateway/apiKeys/0/scopes/1 must be one of'],
    [{ apiKeys: [{ sha256: DIGEST }] }, 'error /gateway/apiKeys/0 needs a name'],
    [{ apiKeys: [{ name: 'a b', sha256: DIGEST }] }, 'error /gateway/apiKeys/0/name must be at most 64 letters'],
    [{ apiKeys: [KEY, KEY] }, 'error /gateway/apiKeys/1/name is the name of a key before it: ci'],
    [{ apiKeys: [{ name: 'ci' }] }, 'error /gateway/apiKeys/0 needs either key or sha256'],
    [{ apiKeys: [{ ...KEY, key: '${CI}' }] }, 'error /gateway/apiKeys/0 needs either key or sha256'],
    [{ apiKeys: [{ name: 'ci', key: 'secret' }] }, 'error /gateway/apiKeys/0/key is the key itself: refer to it'],
    [{ apiKeys: [{ ...KEY, sha256: 'abc' }] }, 'error /gateway/apiKeys/0/sha256 must be 64 hexadecimal digits'],
    [{ apiKeys: [{ ...KEY, expires: 'soon' }] }, 'error /gateway/apiKeys/0/expires must be a time'],
    [
      { apiKeys: [{ ...KEY, tools: { alow: [] } }] },
      'error /gateway/apiKeys/0/tools/alow is not known; did you mean allow?',
    ],
    [{ apiKeys: [{ ...KEY, rateLimit: { perSecond: 0 } }] }, 'error /gateway/apiKeys/0/rateLimit/perSecond must be'],
    [{ apiKeys: [{ ...KEY, quota: {} }] }, 'error /gateway/apiKeys/0/quota needs perDay'],
    [{ apiKeys: [{ ...KEY, quota: 5 }] }, 'error /gateway/apiKeys/0/quota must be an object of perDay, not a number'],
    [{ jwt: { issuer: 'https://login.example' } }, 'error /gateway/jwt needs audience'],
    [{ jwt: [{ ...ISSUER, issuer: 'login' }] }, 'error /gateway/jwt/0/issuer must be a URL'],
    [
      { jwt: { ...ISSUER, scopes: { a: { tool: [] } } } },
      'error /gateway/jwt/scopes/a/tool is not known; did you mean',
    ],
    [{ allowedOrigins: ['*'] }, 'error /gateway/allowedOrigins/0 must be an origin'],
    [{ allowedOrigins: 'null' }, 'error /gateway/allowedOrigins must be an origin'],
    [{ allowedHosts: ['https://a.example'] }, 'error /gateway/allowedHosts/0 must be the name of a host'],
    [
      { apiKeys: [{ ...KEY, resources: { allow: 'files', denied: [] } }] },
      'error /gateway/apiKeys/0/resources/denied is none of allow, deny',
    ],
    [{ limits: 5 }, 'error /gateway/limits must be an object of maxRequests'],
    [{ limits: { maxSession: 5 } }, 'error /gateway/limits/maxSession is not known; did you mean maxSessions?'],
    [{ limits: { maxSessions: 0 } }, 'error /gateway/limits/maxSessions must be a whole number of 1 or more, not 0'],
    [{ limits: { heldCallMs: '5s' } }, 'error /gateway/limits/heldCallMs must be a number of milliseconds above 0'],
    [{ isolation: 'none' }, 'error /gateway/isolation must be one of shared, perSession, perPrincipal'],
  ])('that is wrong is told with its path: %j', async (gateway, problem) => {
    expect(await problemsOf(gateway)).toEqual([expect.stringContaining(problem)]);
  });

  test('that is mistyped makes the file unusable: nobody means a gateway without it', async () => {
    const { problems } = await readConfigText('{"mcpServers": {}, "gatway": {}}', { file: 'c.json' });
    expect(problems).toMatchObject([{ level: 'error', path: '/gatway', message: expect.stringContaining('gateway') }]);
  });

  test('of another host means something else', async () => {
    expect(await read({ mode: 'local' }, '.gemini/settings.json')).toMatchObject({ problems: [] });
  });

  test('bounds everything that the gateway bounds, with its defaults in the schema', () => {
    expect(Object.keys(LIMIT_READERS)).toEqual(Object.keys(LIMITS));
    const schema = JSON.parse(readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'));
    const { properties } = schema.properties.gateway.properties.limits;
    const defaults = Object.entries<{ default: number }>(properties).map(([name, limit]) => [name, limit.default]);
    expect(Object.fromEntries(defaults)).toEqual(LIMITS);
  });

  test('is told wrong with its place in the file', async () => {
    const text = '{\n  "mcpServers": {},\n  "gateway": { "limits": {\n    "maxBatch": -1\n  } }\n}';
    const { problems } = await readConfigText(text, { file: 'c.json' });
    expect(problems).toMatchObject([{ path: '/gateway/limits/maxBatch', line: 4, column: 5 }]);
  });

  test('of a later file is put over the one before, field by field', async () => {
    const layers = [
      await read({ apiKeys: [KEY], allowedHosts: ['a.example'], isolation: 'perSession', limits: { maxJobs: 1 } }),
      await read({ apiKeys: [{ ...KEY, name: 'other' }], limits: { maxTasks: 2 } }),
    ];
    expect(mergeConfigs(layers).gateway).toEqual({
      access: { apiKeys: [{ ...KEY, name: 'other' }], allowedHosts: ['a.example'] },
      isolation: 'perSession',
      limits: { maxJobs: 1, maxTasks: 2 },
    });
  });

  test('has on its page every setting that the schema has, with its meaning and its default', () => {
    const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const page = text('docs/configuration.md').split('## The gateway')[1] ?? '';
    const { gateway } = JSON.parse(text('config.schema.json')).properties;
    const rows = Object.entries<{ description: string; default?: unknown }>(gateway.properties).map(
      ([name, { description, default: value }]) =>
        `| \`${name}\` | ${description} | ${value === undefined ? '' : `\`${value}\` `}|`,
    );
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
    expect(rows).toHaveLength(11);
  });
});

describe('how connections are shared', () => {
  const gateway = { access: {} };
  test.each([
    ['nothing is said', undefined, {}, {}, undefined],
    ['for all', { ...gateway, isolation: 'perSession' as const }, {}, {}, 'perSession'],
    ['in the defaults of servers', undefined, {}, { isolation: 'perPrincipal' as const }, 'perPrincipal'],
    [
      'by one server',
      { ...gateway, isolation: 'perSession' as const },
      { a: { command: 'x', isolation: 'shared' as const }, b: { command: 'x' } },
      {},
      { a: 'shared', '*': 'perSession' },
    ],
  ])('%s', (_, given, servers, defaults, isolation) => {
    expect(gatewayFor(given, servers, defaults)?.isolation).toEqual(isolation);
  });
});
