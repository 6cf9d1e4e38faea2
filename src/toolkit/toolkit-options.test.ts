import { expect, test } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import { createToolkit } from '../index.ts';
import { createToolkit as createNodeToolkit, type LoadedConfig } from '../node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';

/** Neither of the two throws; no server is reached for options that cannot be used. */
const refusals = async (options: unknown): Promise<unknown[]> => {
  const server = scriptedServer({});
  const given =
    typeof options === 'object' && options !== null && !Array.isArray(options)
      ? { mcpServers: { s: server.config }, ...options }
      : options;
  const errors = await Promise.all([createToolkit, createNodeToolkit].map((create) => failure(create(given as never))));
  expect(server.peers).toEqual([]);
  return errors;
};

test.each<[unknown, string]>([
  [5, 'the options must be an object'],
  [null, 'the options must be an object'],
  [[], 'the options must be an object'],
  [{ polcy: { default: 'deny' } }, 'polcy is no option; did you mean policy?'],
  [{ mcpservers: {} }, 'mcpservers is no option; did you mean mcpServers?'],
  [{ connect: 'lasy' }, 'connect must be one of eager, lazy, wait, not "lasy"'],
  [{ connect: true }, 'connect must be one of eager, lazy, wait, not true'],
  [{ mcpServers: [] }, 'mcpServers must be an object of servers by name'],
  [{ mcpServers: null }, 'mcpServers must be an object of servers by name'],
  [{ mcpServers: 's' }, 'mcpServers must be an object of servers by name'],
])('options that are %j are refused', async (options, message) => {
  for (const error of await refusals(options)) expect(error).toMatchObject({ code: 'invalid_config', message });
});

test.each<[unknown, string]>([
  [5, '/defaults must be an object, not a number'],
  [[], '/defaults must be an object, not a list'],
  [null, '/defaults must be an object, not null'],
  [{ timeoutMs: -5 }, '/defaults/timeoutMs must be a number of milliseconds above 0, not -5'],
  [{ timeoutMs: 0 }, '/defaults/timeoutMs must be a number of milliseconds above 0, not 0'],
  [{ timeoutMs: Number.NaN }, '/defaults/timeoutMs must be a number of milliseconds above 0'],
  [{ totalTimeoutMs: '5000' }, '/defaults/totalTimeoutMs must be a number of milliseconds above 0, not "5000"'],
  [{ timeouMs: 5 }, '/defaults/timeouMs is not a field; did you mean timeoutMs?'],
])('defaults that are %j are refused', async (defaults, message) => {
  for (const error of await refusals({ defaults })) {
    expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining(message) });
  }
});

test.each([['5000'], [Number.NaN], ['abc'], [-1], [0]])(
  'a server whose timeoutMs is %j fails alone',
  async (timeoutMs) => {
    const server = scriptedServer({}, { timeoutMs } as Partial<ServerConfig>);
    const toolkit = await toolkitOf({ s: server });
    const error = await failure(toolkit.callTool('s.echo'));
    expect(error).toMatchObject({ executed: 'no' });
  },
);

/** What a configuration that was read from files has beside options. */
const LOADED: readonly Exclude<keyof LoadedConfig, keyof ToolkitOptions>[] = [
  'problems',
  'files',
  'untrusted',
  'unread',
  'found',
  'aliases',
  'origins',
  'defaultOrigins',
  'rootOrigins',
];

test('defaults in any spelling, limits without end and options that are nobody’s are taken', async () => {
  const seen: unknown[] = [];
  const server = scriptedServer({ echo: () => text('hi') });
  const defaults = { tool_timeout_sec: 7, totalTimeoutMs: Number.POSITIVE_INFINITY } as Partial<ServerConfig>;
  const strange = Object.fromEntries([...LOADED, 'note'].map((name) => [name, []]));
  const toolkit = await toolkitOf({ s: server }, { defaults, ...strange } as ToolkitOptions);
  toolkit.use((next) => (call) => {
    seen.push(call.timeoutMs, call.endsAt);
    return next(call);
  });
  expect(await toolkit.callTool('s.echo')).toEqual(text('hi'));
  expect(seen).toEqual([7_000, Number.POSITIVE_INFINITY]);
});
