import { describe, expect, test } from 'vitest';
import { scriptedServer, text } from '../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../test/fixtures/toolkits.ts';
import type { ServerConfig } from './options.ts';

const echo = () => scriptedServer({ echo: () => text('hi') });
/** Counts the links that are open. */
const counted = (): { config: ServerConfig; open: () => number; made: () => number } => {
  const server = echo();
  const make = server.config.transport as () => ReturnType<typeof server.latest>['transport'];
  let open = 0;
  const transport = () => {
    const link = make();
    open += 1;
    const { close } = link;
    link.close = async () => {
      open -= 1;
      await close.call(link);
    };
    return link;
  };
  return { config: { transport, era: 'legacy' }, open: () => open, made: () => server.peers.length };
};

describe('servers that are added', () => {
  test('at the same time under one name: the first one is, the other is refused, and no link is left behind', async () => {
    const toolkit = await toolkitOf({});
    const [one, other] = [counted(), counted()];
    const first = toolkit.addServer('a', one.config);
    expect(await failure(toolkit.addServer('a', other.config))).toMatchObject({ code: 'invalid_config', server: 'a' });
    await first;
    expect([one.made(), other.made()]).toEqual([1, 0]);
    await toolkit.close();
    expect(one.open()).toBe(0);
  });

  test('while the toolkit closes are refused', async () => {
    const toolkit = await toolkitOf({});
    const late = counted();
    const adding = failure(toolkit.addServer('late', late.config));
    const closed = toolkit.close({ drainMs: 0 });
    expect(await adding).toMatchObject({ code: 'closed', executed: 'no' });
    await closed;
    expect([late.made(), Object.keys(toolkit.status())]).toEqual([0, []]);
  });
});

describe('what is no configuration', () => {
  test.each([[null], ['text'], [5], [[]]])('%j fails that server alone', async (bad) => {
    const toolkit = await toolkitOf({ good: echo() }, { mcpServers: { bad: bad as never } });
    expect(toolkit.status().bad).toMatchObject({ state: 'failed', lastError: { code: 'invalid_config' } });
    expect(await toolkit.callTool('good.echo')).toEqual(text('hi'));
    expect(await failure(toolkit.addServer('x', bad as never))).toMatchObject({ code: 'invalid_config' });
  });
});

describe('what is no name and no arguments', () => {
  test.each([[undefined], [null], [5], [{}]])('%j is refused with a code', async (given) => {
    const toolkit = await toolkitOf({ s: echo() });
    const bad = given as never;
    expect(await failure(toolkit.callTool(bad))).toMatchObject({ code: 'unknown_tool', executed: 'no' });
    expect(await failure(toolkit.tool(bad))).toMatchObject({ code: 'unknown_tool', executed: 'no' });
    expect(await failure(toolkit.getPrompt(bad))).toMatchObject({ code: 'unknown_prompt', executed: 'no' });
    expect(await failure(toolkit.readResource(bad))).toMatchObject({ code: 'unknown_resource', executed: 'no' });
    expect(await failure(toolkit.subscribeResource(bad, () => {}))).toMatchObject({ code: 'unknown_resource' });
  });

  test.each([[null], ['text'], [5], [[]]])('%j is no set of arguments', async (given) => {
    const toolkit = await toolkitOf({ s: echo() });
    for (const name of ['s.echo', 'echo', 's.unknown'])
      expect(await failure(toolkit.callTool(name, given as never))).toMatchObject({
        code: 'invalid_arguments',
        executed: 'no',
      });
  });

  test('a completion has to say of which server', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    const complete = toolkit.complete as (...given: unknown[]) => Promise<unknown>;
    const ask = [
      { type: 'ref/prompt', name: 'p' },
      { name: 'a', value: '' },
    ];
    for (const options of [undefined, {}, null])
      expect(await failure(complete(...ask, options))).toMatchObject({ code: 'unknown_server', executed: 'no' });
  });
});
