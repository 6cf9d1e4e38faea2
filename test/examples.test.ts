/** Every example runs as it stands, against the built library and real servers. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const examples = fileURLToPath(new URL('../examples/', import.meta.url));

/** What each example must have printed. */
const PRINTED: Record<string, string[]> = {
  'batch.js': [
    'The sum of 19 and 23 is 42',
    'Echo: Hello',
    'unknown_tool',
    'invalid_arguments',
    'queued: The sum of 40 and 1 is 41',
    'work answered: true\nhome answered: true',
    'read_graph was answered by home',
    'nothing for work.read_graph: unknown_tool',
  ],
  'demo.js': [
    'everything.echo(message)',
    'Echo: Hello',
    'The sum of 19 and 23 is 42',
    '"name": "Toolway"',
    'progress on the way: 1/3 2/3 3/3',
    'the tool reports an error: Access denied',
    'unknown_tool: ',
  ],
  'testing.js': ['an order whose answer is lost on the way is not placed twice', 'pass 4', 'fail 0'],
};

test('each example is known here', () => {
  expect(readdirSync(examples).sort()).toEqual(Object.keys(PRINTED).sort());
});

test.each(Object.entries(PRINTED))('%s', { timeout: 60_000 }, async (file, printed) => {
  const { stdout } = await run(process.execPath, [`${examples}${file}`], { timeout: 60_000 });
  for (const text of printed) expect(stdout).toContain(text);
});
