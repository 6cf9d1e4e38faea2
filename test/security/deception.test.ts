/** S13, S14, S16: what deceives the eye is told to whoever is asked, and is never let through by its name alone. */
import { describe, expect, test } from 'vitest';
import type { ApprovalRequest, Policy } from '../../src/permission.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { scriptedServer, text } from '../fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../fixtures/toolkits.ts';

/** A server with a tool of each name; all are approved by the operator's wildcard. */
const shop = (...names: string[]) => {
  const server = scriptedServer(Object.fromEntries(names.map((name) => [name, () => text('done')])));
  server.config.autoApprove = ['*'];
  return server;
};
const asking = async (server: ReturnType<typeof shop>, policy: Policy = { default: 'ask' }) => {
  const requests: ApprovalRequest[] = [];
  const toolkit = await toolkitOf({ s: server }, { policy, onApprove: (request) => requests.push(request) > 0 });
  return { toolkit, requests };
};

describe('a tool that autoApprove names', () => {
  test.each<[what: string, names: string[], warning: string]>([
    ['whose name has a letter that looks like another', ['pаy'], 'the name of the tool is easily taken for "pay"'],
    [
      'whose name has a character that cannot be seen',
      ['pa\u200by'],
      'the name of the tool has characters that cannot be seen: U+200B',
    ],
    [
      'whose server lists one that looks the same',
      ['pay', 'Pay'],
      'its server lists another tool whose name looks the same: "Pay"',
    ],
  ])('%s is asked for, and it is said why', async (_what, names, warning) => {
    const { toolkit, requests } = await asking(shop(...names));
    await toolkit.callTool(`s.${names[0]}`);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.warnings).toContain(warning);
  });

  test('whose definition hides text is asked for', async () => {
    const server = shop('pay');
    server.definitions.pay = {
      description: 'Pays.',
      inputSchema: { type: 'object', properties: { to: { type: 'string', description: 'who\u{e0068}\u{e0069}' } } },
    };
    const { toolkit, requests } = await asking(server);
    await toolkit.callTool('s.pay');
    expect(requests.map(({ warnings }) => warnings)).toEqual([
      ['the definition has characters that cannot be seen: /inputSchema/properties/to/description (U+E0068)'],
    ]);
  });

  test('is let through where nothing is wrong with it, also in a script of its own', async () => {
    const { toolkit, requests } = await asking(shop('pay', '支払う', 'read'));
    for (const name of ['pay', '支払う', 'read']) await toolkit.callTool(`s.${name}`);
    expect(requests).toEqual([]);
  });
});

test('characters of the arguments that cannot be seen are told', async () => {
  const server = shop('pay');
  delete server.config.autoApprove;
  const { toolkit, requests } = await asking(server);
  await toolkit.callTool('s.pay', { to: 'bob\u202e', items: [{ note: 'ok' }] });
  await toolkit.callTool('s.pay', { to: 'bob' });
  expect(requests.map(({ warnings }) => warnings)).toEqual([
    ['the arguments have characters that cannot be seen: /to (U+202E)'],
    undefined,
  ]);
});

describe('a rule', () => {
  const names = ['delete_all', 'dеlete_all', 'dele\u200bte_all', 'ｄelete_all'];

  test.each(names)('that denies a name denies %j as well', async (name) => {
    const server = shop(name);
    const { toolkit } = await asking(server, { rules: [{ tool: 'delete_*', action: 'deny' }] });
    expect((await failure(toolkit.callTool(`s.${name}`))).code).toBe('denied');
    expect(server.latest().requests('tools/call')).toEqual([]);
  });

  test('that allows a name allows that name alone', async () => {
    const server = shop(...names);
    const { toolkit } = await asking(server, { default: 'deny', rules: [{ tool: 'delete_all', action: 'allow' }] });
    const outcomes = await toolkit.batch(names.map((name) => ({ name: `s.${name}` })));
    expect(outcomes.map(({ success }) => success)).toEqual([true, false, false, false]);
  });

  test('finds a server by the name that its file gives it, and by the alias that it bears', async () => {
    const server = scriptedServer({ pay: () => text('paid') });
    const made = await toolkitOf({ 'my server': server });
    const [alias = ''] = Object.keys(made.status());
    expect(alias).toMatch(/^my-server-[0-9a-f]{4}$/);
    for (const name of ['my server', alias, 'my-*']) {
      const toolkit = await toolkitOf(
        { 'my server': server },
        { policy: { rules: [{ server: ['other', name], action: 'deny' }] } },
      );
      expect((await failure(toolkit.callTool(`${alias}.pay`))).code).toBe('denied');
    }
  });

  test('with a wildcard for names that no server can bear is refused', async () => {
    const policy = { rules: [{ server: ['s', 'my *'], action: 'deny' as const }] };
    const error = await failure(toolkitOf({}, { policy }));
    expect(error.problems).toEqual([
      {
        path: '/policy/rules/0/server/1',
        message: 'fits no server: "my *" has characters that no name of a server has; give the whole name instead',
      },
    ]);
  });

  test.each<[string, unknown]>([
    ['/policy/default', { default: undefined }],
    ['/policy/rules/0/tool', { rules: [{ tool: undefined, action: 'allow' }] }],
    [
      '/policy/rules/0/arguments/n/lessThan',
      { rules: [{ arguments: { n: { lessThan: undefined } }, action: 'deny' }] },
    ],
  ])('with nothing at %s, where something was meant to be, is refused', async (path, policy) => {
    const error = await failure(toolkitOf({}, { policy: policy as Policy }));
    expect(error).toMatchObject({ code: 'invalid_config' });
    expect(error.problems).toEqual([{ path, message: 'is undefined: leave it out, or give it a value' }]);
  });
});

test('keys that objects have by nature are arguments like any other', async () => {
  const server = shop('pay');
  const rules = [{ arguments: { '/__proto__/to': { equals: 'evil' } }, action: 'deny' as const }];
  const { toolkit } = await asking(server, { rules });
  const args = (to: string): JsonObject => JSON.parse(`{"__proto__":{"to":"${to}"},"constructor":1}`);
  expect((await failure(toolkit.callTool('s.pay', args('evil')))).code).toBe('denied');
  await toolkit.callTool('s.pay', args('good'));
  const [sent] = server.latest().requests('tools/call');
  expect(JSON.stringify(sent?.params?.arguments)).toBe('{"__proto__":{"to":"good"},"constructor":1}');
  expect(({} as { to?: string }).to).toBeUndefined();
});
