/** The published schema and the parser are of one mind: editors offer what is read, and what they accept is read without an error. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { valuesOf } from '../cli/config-values.ts';
import { DEFAULTS, LIMITS } from '../server/settings.ts';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../transport/transport.ts';
import { fieldNamed, fieldNames, isWithoutEffect } from './fields.ts';
import { emptyConfig, parseConfig } from './parse.ts';
import { formatOf, parseText } from './text.ts';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const schema = JSON.parse(text('config.schema.json'));
const validate = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false }).compile(schema);

const files = readdirSync(new URL('test/config/files/', root), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.pathname.length));

const contentOf = async (path: string): Promise<unknown> => {
  const parsed = await parseText(text(path), formatOf(path));
  return parsed.ok ? (parsed.value ?? {}) : undefined;
};
/** Empty values and `SSE` in capitals are read, and editors may remark on them. */
const NARROWER = ['nulls.yml', 'transports.json'];
/** More than a schema says: a name that is defined elsewhere in the file, and names that are nearly those of fields, since other hosts have more. */
const BEYOND = ['policy-typo.json', 'typos.jsonc', 'vscode-input.json'].map(
  (name) => `test/config/files/broken/${name}`,
);

const errorsOf = async (value: unknown): Promise<string[]> =>
  (await parseConfig(value)).problems.filter(({ level }) => level === 'error').map(({ message }) => message);

describe('the schema', () => {
  test('has every field that is read, and no other', () => {
    const offered = Object.keys(schema.definitions.fields.properties);
    expect(fieldNames().filter((name) => !offered.includes(name))).toEqual([]);
    expect(offered.filter((name) => fieldNamed(name) === undefined && !isWithoutEffect(name))).toEqual([]);
  });

  test('says of every field and setting what it means', () => {
    const settings: Record<string, { description?: string }> = {
      ...schema.properties,
      ...schema.definitions.fields.properties,
    };
    const silent = Object.entries(settings).filter(([, { description = '' }]) => description.length < 10);
    expect(silent.map(([name]) => name)).toEqual([]);
  });

  test('what it gives as a default is a value that it accepts', async () => {
    const fields = Object.entries<{ default?: unknown }>(schema.definitions.fields.properties);
    const defaults = Object.fromEntries(
      fields.flatMap(([name, field]) => ('default' in field ? [[name, field.default]] : [])),
    );
    expect(Object.keys(defaults).length).toBeGreaterThan(10);
    const config = { mcpServers: { a: { command: 'x', ...defaults } }, defaults };
    expect(validate(config), JSON.stringify(validate.errors)).toBe(true);
    expect(await errorsOf(config)).toEqual([]);
  });

  test('the defaults that it tells are those that hold', () => {
    const told = (properties: Record<string, { default?: unknown }>, names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, properties[name]?.default]));
    const { limits } = schema.properties;
    expect(told(limits.properties, Object.keys(LIMITS))).toEqual(LIMITS);
    const { timeoutMs, totalTimeoutMs, retryDelayMs } = DEFAULTS;
    const held = { timeoutMs, totalTimeoutMs, retryDelayMs, maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES };
    expect(told(schema.definitions.fields.properties, Object.keys(held))).toEqual(held);
    const shown = valuesOf({ command: 'x' }, {}, { defaultOrigins: {} }).filter(
      ({ origin }) => origin.kind === 'default',
    );
    for (const { field, value } of shown) {
      if (field === 'command' || field === 'connectTimeoutMs') continue;
      expect([field, value]).toEqual([field, schema.definitions.fields.properties[field].default]);
    }
    expect(shown.length).toBeGreaterThan(10);
  });

  test('has the limits that are read', async () => {
    const limits = Object.fromEntries(Object.keys(schema.properties.limits.properties).map((name) => [name, 7]));
    const { problems, ...parsed } = await parseConfig({ limits });
    expect(problems).toEqual([]);
    expect(parsed.limits).toEqual(limits);
    expect(Object.keys(emptyConfig().limits)).toEqual([]);
  });

  test.each(files.filter((file) => file.includes('/plain/') && !NARROWER.some((name) => file.endsWith(name))))(
    'accepts %s',
    async (file) => {
      expect(validate(await contentOf(file)), JSON.stringify(validate.errors, null, 1)).toBe(true);
    },
  );

  test('what it accepts of all files is read without an error', async () => {
    let accepted = 0;
    for (const file of files) {
      const value = await contentOf(file);
      if (value === undefined || BEYOND.includes(file) || !validate(value)) continue;
      accepted += 1;
      expect(await errorsOf(value), file).toEqual([]);
    }
    expect(accepted).toBeGreaterThan(45);
  });

  test('what is wrong by itself it refuses, so that editors say so', async () => {
    const refused: string[] = [];
    for (const file of files.filter((path) => path.includes('/broken/'))) {
      const value = await contentOf(file);
      if (value === undefined) continue;
      if ((await errorsOf(value)).length > 0 && validate(value)) refused.push(file);
    }
    expect(refused.sort()).toEqual(BEYOND);
  });

  test.each([
    { mcpServers: { a: { command: 'x', url: 'http://h' } } },
    { mcpServers: { a: { args: ['x'] } } },
    { mcpServers: { a: { command: 'x', type: 'http' } } },
    { mcpServers: { a: { url: 'http://h', transport: 'stdio' } } },
    { mcpServers: { a: { url: 'ftp://h' } } },
    { mcpServers: { a: { command: '' } } },
    { mcpServers: [] },
    { limits: { maxQueu: 1 } },
    { policy: { rules: [{ tool: '*' }] } },
    { pins: 'lock' },
    { files: {} },
  ])('refuses %j', (value) => {
    expect(validate(value)).toBe(false);
  });
});
