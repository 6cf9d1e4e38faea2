import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readConfigText } from './read.ts';

const read = (text: string, file = 'c.json') => readConfigText(text, { file });
const schema = JSON.parse(readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'));
const USUAL: Record<string, unknown> = {
  servers: { a: { command: 'x' } },
  mcp_servers: { a: { command: 'x' } },
  mcpServers: { a: { command: 'x' } },
  context_servers: { a: { command: 'x' } },
  defaults: { timeoutMs: 7 },
  limits: { maxQueue: 7 },
  policy: { default: 'ask' },
  pins: 'warn',
  gateway: { allowedHosts: ['a.example'] },
  chat: { model: 'planner' },
  inputs: [{ id: 'a', type: 'promptString' }],
  batchWindowMs: 7,
  catalogueFile: 'lists.json',
  pinFile: 'pins.json',
};

describe('a setting of the whole', () => {
  test.each(Object.keys(schema.properties).filter((name) => name !== '$schema'))(
    'that the schema offers has an effect: %s',
    async (name) => {
      const { problems: none, ...without } = await read('{"mcpServers": {}}');
      const { problems, ...parsed } = await read(JSON.stringify({ mcpServers: {}, [name]: USUAL[name] }));
      expect([...none, ...problems].filter(({ message }) => !message.includes('the servers of all are used'))).toEqual(
        [],
      );
      expect(parsed).not.toEqual(without);
    },
  );

  test.each([
    ['"pinFile": 5', 'error 2:2 /pinFile must be a string, not a number'],
    ['"pinFile": ""', 'error 2:2 /pinFile must not be empty'],
    ['"catalogueFile": "${HOME}/x"', 'error 2:2 /catalogueFile must be a path; ${…} is not filled in here'],
    ['"batchWindowMs": -1', 'error 2:2 /batchWindowMs must be a number of milliseconds, not -1'],
    ['"pinsFile": "x"', 'error 2:2 /pinsFile is not a field; did you mean pinFile?'],
    ['"connect": "lazy"', 'warning 2:2 /connect has no effect here: it is an option of createToolkit'],
    ['"telemetry": true', 'warning 2:2 /telemetry has no effect here: it is an option of createToolkit'],
  ])('that is wrong is told with its place: %s', async (setting, problem) => {
    const { problems } = await read(`{"mcpServers": {},\n ${setting}}`);
    const told = problems.map(
      ({ level, line, column, path, message }) => `${level} ${line}:${column} ${path} ${message}`,
    );
    expect(told).toEqual([expect.stringContaining(problem)]);
  });

  test('of a program means something else in the files of other hosts', async () => {
    const { problems } = await read('{"mcpServers": {}, "telemetry": {"enabled": false}}', '.gemini/settings.json');
    expect(problems).toEqual([]);
  });
});
