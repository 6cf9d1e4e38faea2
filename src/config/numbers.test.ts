/** Numbers that cannot be what they are given for: refused in files, by the schema, and in what programs give. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { createToolkit } from '../node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import { readConfigText } from './read.ts';

const schema = JSON.parse(readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ allowUnionTypes: true, strictRequired: false }).compile(schema);

const TIME = 'must be a number of milliseconds';
const LIMIT = `${TIME} above 0`;
const MOST = 'must be at most 2147483647 milliseconds (24 days)';
const WHOLE = 'must be a whole number of 1 or more';

/** Field, value, where it is wrong if not in the field itself, and what is said. */
const WRONG: [field: string, value: unknown, message: string, step?: string][] = [
  ['retry', { attempts: 0 }, `${WHOLE}, not 0`, '/attempts'],
  ['retry', { attempts: 1.5 }, `${WHOLE}, not 1.5`, '/attempts'],
  ['retry', { attempts: -1 }, `${WHOLE}, not -1`, '/attempts'],
  ['maxRetries', -1, 'must be a whole number of 0 or more, not -1'],
  ['maxRetries', 0.5, 'must be a whole number of 0 or more, not 0.5'],
  ['retryDelayMs', -1, `${TIME}, not -1`],
  ['retryDelayMs', 1e12, `${MOST}, not 1000000000000`],
  ['healthCheckIntervalMs', -1, `${TIME}, not -1`],
  ['healthCheckIntervalMs', 2 ** 31, `${MOST}, not 2147483648`],
  ['connectTimeoutMs', 0, `${LIMIT}, not 0`],
  ['connectTimeoutMs', 2 ** 31, `${MOST}, not 2147483648`],
  ['timeoutMs', -5, `${LIMIT}, not -5`],
  ['timeoutMs', 2 ** 31, `${MOST}, not 2147483648`],
  ['timeoutMs', '5s', `${LIMIT}, not "5s"`],
  ['totalTimeoutMs', 0, `${LIMIT}, not 0`],
  ['totalTimeoutMs', 1e300, `${MOST}, not 1e+300`],
  ['timeout', 0, 'must be a number of seconds above 0, not 0'],
  ['timeout', -1, 'must be a number of seconds above 0, not -1'],
  ['timeout', 1e12, `${MOST}, not 1000000000000`],
  ['tool_timeout_sec', 0, 'must be a number of seconds above 0, not 0'],
  ['tool_timeout_sec', 3e6, 'must be at most 2147483 seconds (24 days), not 3000000'],
  ['maxConcurrency', 0, `${WHOLE}, not 0`],
  ['maxConcurrency', 2.5, `${WHOLE}, not 2.5`],
  ['maxMessageBytes', 0.5, `${WHOLE}, not 0.5`],
  ['rateLimit', { perSecond: 0 }, 'must be a number above 0, not 0', '/perSecond'],
  ['rateLimit', { perSecond: 1, burst: 0.5 }, `${WHOLE}, not 0.5`, '/burst'],
  ['breaker', { failures: 0 }, `${WHOLE}, not 0`, '/failures'],
  ['breaker', { failures: 1.5 }, `${WHOLE}, not 1.5`, '/failures'],
  ['breaker', { openMs: 2 ** 31 }, `${MOST}, not 2147483648`, '/openMs'],
  ['pool', { warm: -1 }, 'must be a whole number of 0 or more, not -1', '/warm'],
  ['pool', { warm: 1.5 }, 'must be a whole number of 0 or more, not 1.5', '/warm'],
  ['pool', { max: 0 }, `${WHOLE}, not 0`, '/max'],
  ['pool', { maxLifetimeMs: 0 }, `${LIMIT}, not 0`, '/maxLifetimeMs'],
  ['pool', { maxLifetimeMs: 2 ** 31 }, `${MOST}, not 2147483648`, '/maxLifetimeMs'],
  ['pool', { maxMemoryMb: 0.5 }, `${WHOLE}, not 0.5`, '/maxMemoryMb'],
  ['pool', { idleMs: -1 }, `${LIMIT}, not -1`, '/idleMs'],
  ['cache', { tools: ['a'], ttlMs: 0 }, 'must be a number above 0, not 0', '/ttlMs'],
];

const RIGHT: [field: string, value: unknown][] = [
  ['retry', { attempts: 1 }],
  ['maxRetries', 0],
  ['retryDelayMs', 0],
  ['healthCheckIntervalMs', 0],
  ['timeoutMs', 0.5],
  ['timeoutMs', 2 ** 31 - 1],
  ['timeout', 999],
  ['tool_timeout_sec', 0.25],
  ['maxConcurrency', 1],
  ['rateLimit', { perSecond: 0.1, burst: 1 }],
  ['breaker', { failures: 1, openMs: 1 }],
  ['cache', { tools: ['a'], ttlMs: 1e12 }],
  ['pool', { warm: 0, max: 1, maxLifetimeMs: 1, maxMemoryMb: 1, idleMs: 0.5 }],
];

const failureOf = async (options: ToolkitOptions): Promise<unknown> => {
  try {
    await using toolkit = await createToolkit(options);
    await toolkit.waitForConnection('a');
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('a number that cannot be', () => {
  test.each(WRONG)('%s: %j is an error with its place', async (field, value, message, step = '') => {
    const server = { command: 'x', [field]: value };
    const text = `{"mcpServers": {"a": {"command": "x",\n  ${JSON.stringify(field)}: ${JSON.stringify(value)}}}}`;
    const { problems } = await readConfigText(text, { file: 'c.json' });
    expect(problems).toEqual([
      {
        level: 'error',
        server: 'a',
        file: 'c.json',
        line: 2,
        column: expect.any(Number),
        path: `/mcpServers/a/${field}${step}`,
        message,
      },
    ]);
    expect(validate({ mcpServers: { a: server } })).toBe(false);
    const failure = { code: 'invalid_config', message: expect.stringContaining(message) };
    expect(await failureOf({ mcpServers: { a: server as ServerConfig } })).toMatchObject(failure);
    expect(await failureOf({ defaults: { [field]: value }, mcpServers: {} })).toMatchObject(failure);
    const link = { transport: () => Promise.reject(new Error('was opened')), [field]: value };
    expect(await failureOf({ mcpServers: { a: link as ServerConfig } })).toMatchObject(failure);
  });

  test.each([
    ['yaml', 'mcpServers: { a: { command: x, timeoutMs: .nan } }', `${LIMIT}, not NaN`],
    ['yaml', 'mcpServers: { a: { command: x, timeoutMs: .inf } }', `${LIMIT}, not Infinity`],
    ['toml', 'mcpServers.a = { command = "x", maxRetries = nan }', 'must be a whole number of 0 or more, not NaN'],
    ['toml', 'mcpServers.a = { command = "x", retryDelayMs = inf }', `${TIME}, not Infinity`],
  ])('is one that no JSON has (%s: %s)', async (format, text, message) => {
    const { problems } = await readConfigText(text, { file: `c.${format}` });
    expect(problems.map((problem) => [problem.level, problem.line, problem.message])).toEqual([['error', 1, message]]);
  });

  test.each(RIGHT)('is not %s: %j', async (field, value) => {
    const config = { mcpServers: { a: { command: 'x', [field]: value } } };
    expect((await readConfigText(JSON.stringify(config), { file: 'c.json' })).problems).toEqual([]);
    expect(validate(config), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('a limit that cannot be', () => {
  test.each([
    [{ limits: { maxQueue: -1 } }, '/limits/maxQueue', 'must be a whole number of 0 or more, not -1'],
    [{ limits: { maxDepth: 0 } }, '/limits/maxDepth', `${WHOLE}, not 0`],
    [{ limits: { maxPages: 2.5 } }, '/limits/maxPages', `${WHOLE}, not 2.5`],
    [{ limits: { approvalTimeoutMs: 0 } }, '/limits/approvalTimeoutMs', `${LIMIT}, not 0`],
    [{ limits: { scopeIdleMs: 2 ** 31 } }, '/limits/scopeIdleMs', `${MOST}, not 2147483648`],
    [{ limits: 5 }, '/limits', 'must be an object, not a number'],
    [{ batchWindowMs: -1 }, '/batchWindowMs', `${TIME}, not -1`],
    [{ batchWindowMs: 2 ** 31 }, '/batchWindowMs', `${MOST}, not 2147483648`],
  ])('%j is an error of the whole', async (given, path, message) => {
    const text = `{"mcpServers": {},\n${JSON.stringify(given).slice(1)}`;
    const { problems } = await readConfigText(text, { file: 'c.json' });
    expect(problems).toEqual([{ level: 'error', file: 'c.json', line: 2, column: expect.any(Number), path, message }]);
    expect(validate({ mcpServers: {}, ...given })).toBe(false);
    expect(await failureOf(given as ToolkitOptions)).toMatchObject({
      code: 'invalid_config',
      problems: [{ path, message: expect.stringContaining(message) }],
    });
  });

  test('is not what programs usually give', async () => {
    await using toolkit = await createToolkit({ limits: { maxQueue: 0, approvalTimeoutMs: 50 }, batchWindowMs: 0 });
    expect(toolkit.status()).toEqual({});
  });
});

test('a call cannot be sent one and a half times', async () => {
  await using toolkit = await createToolkit({});
  for (const attempts of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(toolkit.callTool('a.b', {}, { retry: { attempts } })).rejects.toMatchObject({
      code: 'invalid_arguments',
    });
  }
});
