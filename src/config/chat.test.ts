import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mergeConfigs } from './merge.ts';
import { readConfigText } from './read.ts';

const read = (chat: unknown, file = 'c.json') => readConfigText(JSON.stringify({ mcpServers: {}, chat }), { file });

describe('chat in a file', () => {
  test('is read as it stands', async () => {
    const chat = {
      model: 'openai/llama3.3',
      baseUrl: 'http://localhost:11434/v1',
      apiKeyEnv: 'LOCAL_KEY',
      system: 'Be brief.',
      maxSteps: 3,
      maxToolCalls: 4,
      maxTokens: 5,
      maxCost: 0.5,
      maxOutputTokens: 6,
      timeoutMs: 7,
    };
    expect(await read(chat)).toMatchObject({ chat, problems: [] });
  });

  test.each<[unknown, string]>([
    [5, '/chat must be an object of model'],
    [{ modle: 'x' }, '/chat/modle is not known; did you mean model?'],
    [{ model: '' }, '/chat/model must not be empty'],
    [{ baseUrl: 'localhost:1' }, '/chat/baseUrl must be a URL'],
    [{ apiKeyEnv: 'sk-abc' }, '/chat/apiKeyEnv must be the name of a variable'],
    [{ maxSteps: 0 }, '/chat/maxSteps must be a whole number of 1 or more'],
    [{ maxCost: 0 }, '/chat/maxCost must be'],
  ])('that is wrong is told with its path: %j', async (chat, problem) => {
    const { problems } = await read(chat);
    expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual([expect.stringContaining(problem)]);
  });

  test('means something else in the files of other hosts', async () => {
    expect(await read({ agent: true }, '.vscode/mcp.json')).not.toHaveProperty('chat');
  });

  test('of a later file is put over the one before, field by field', async () => {
    const layers = [await read({ model: 'planner', maxSteps: 1 }), await read({ maxSteps: 2 })];
    expect(mergeConfigs(layers).chat).toEqual({ model: 'planner', maxSteps: 2 });
  });

  test('has on its page every setting that the schema has, with its meaning and its default', () => {
    const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const page = text('docs/configuration.md').split('## The model')[1] ?? '';
    const { properties } = JSON.parse(text('config.schema.json')).properties.chat;
    const rows = Object.entries<{ description: string; default?: unknown }>(properties).map(
      ([name, { description, default: value }]) =>
        `| \`${name}\` | ${description} | ${value === undefined ? '' : `\`${value}\` `}|`,
    );
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
    expect(rows).toHaveLength(10);
  });
});
