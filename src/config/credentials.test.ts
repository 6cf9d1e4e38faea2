import { describe, expect, test } from 'vitest';
import type { ServerConfig } from '../options.ts';
import { credentialProblems } from './credentials.ts';
import { expand, expandServer } from './expand.ts';
import { readConfigText } from './read.ts';

const REF = '${principal:TOKEN}';

describe('${principal:NAME} in a file', () => {
  test('beside an isolation that shares connections is an error with its place', async () => {
    for (const isolation of ['shared', 'perSession']) {
      const text = `mcpServers:\n  web:\n    url: https://example.com/mcp\n    headers:\n      Authorization: Bearer ${REF}\n    isolation: ${isolation}\n`;
      const { problems } = await readConfigText(text, { file: 'toolway.yaml' });
      expect(problems).toEqual([
        {
          level: 'error',
          server: 'web',
          file: 'toolway.yaml',
          line: 6,
          column: 5,
          path: '/mcpServers/web/isolation',
          message: `cannot be ${isolation}: with \${principal:…} every caller has a connection of its own`,
        },
      ]);
    }
    const good = `{"mcpServers":{"web":{"url":"https://e.com/mcp/${REF}","isolation":"perPrincipal","env":{"A":"$${REF}"}}}}`;
    expect((await readConfigText(good, { file: 'mcp.json' })).problems).toEqual([]);
  });

  test('stands in env, headers and url, and nowhere that others could read it', async () => {
    const text = `{"mcpServers":{"a":{"command":"x","args":["--token","${REF}"]},"b":{"http_headers":{"x":"\${principal:}"},"url":"https://e.com"}}}`;
    const { problems } = await readConfigText(text, { file: 'mcp.json' });
    expect(problems.map(({ path, line, message }) => [path, line, message])).toEqual([
      ['/mcpServers/a/args/1', 1, "refers to a caller's credential, which may stand in env, headers, url only"],
      ['/mcpServers/b/http_headers/x', 1, expect.stringContaining('does not name a credential')],
    ]);
  });

  test.each([
    [{ url: `https://${REF}.example.com/` }, '/url'],
    [{ url: `${REF}` }, '/url'],
    [{ url: `\${BASE}${REF}` }, '/url'],
    [{ url: `\${BASE:-https://a/b}${REF}/x` }, '/url'],
    [{ url: `https://user:${REF}@example.com/` }, '/url'],
    [{ url: 'https://e.com/', headers: { a: '${principal:A:-shared}' } }, '/headers/a'],
    [{ command: 'x', envFile: REF }, '/envFile'],
    [{ url: 'https://e.com/', proxy: `http://u:${REF}@p` }, '/proxy'],
    [{ command: 'x', env: { A: `\${B:-${REF}}` }, isolation: 'shared' }, '/isolation'],
  ] as [Partial<ServerConfig>, string][])('%j is wrong at %s', (config, path) => {
    expect(credentialProblems(config).map((problem) => problem.path)).toEqual([path]);
  });

  test.each([
    { url: `https://e.com/mcp?key=${REF}` },
    { url: `\${BASE:-https://e.com}/mcp/${REF}` },
    { url: `\${BASE}?key=${REF}` },
    { command: 'x', env: { A: `$${REF}` }, isolation: 'shared' },
  ] as Partial<ServerConfig>[])('%j is right', (config) => {
    expect(credentialProblems(config)).toEqual([]);
  });
});

describe('${principal:NAME} expanded', () => {
  const lookup = { env: { HOME: '/h' }, credentials: { TOKEN: 'a ${HOME}/ü' } };

  test('is the value, in which nothing is expanded again, and one piece of a URL', async () => {
    const config = { url: `https://e.com/${REF}`, headers: { a: `Bearer ${REF}{HOME}` }, env: { b: REF } };
    expect(await expandServer('s', config, lookup)).toEqual({
      url: 'https://e.com/a%20%24%7BHOME%7D%2F%C3%BC',
      headers: { a: 'Bearer a ${HOME}/ü{HOME}' },
      env: { b: 'a ${HOME}/ü' },
    });
    expect(await expand(`$${REF}`, lookup)).toBe(REF);
  });

  test('is auth_required where nobody gives it, and anywhere else than where it may stand', async () => {
    for (const config of [{ args: [REF] }, { command: REF }, { cwd: REF }, { proxy: REF }])
      await expect(expandServer('s', config, lookup)).rejects.toMatchObject({ code: 'auth_required', server: 's' });
    const config = { headers: { a: REF } };
    await expect(expandServer('s', config, { env: {} })).rejects.toMatchObject({
      code: 'auth_required',
      executed: 'no',
    });
    await expect(expandServer('s', config, { env: {}, credentials: {} })).rejects.toThrow(
      '"${principal:TOKEN}" was not given',
    );
    for (const name of ['toString', '__proto__'])
      await expect(expand(`\${principal:${name}}`, { env: {}, credentials: {} })).rejects.toThrow('was not given');
  });
});
