import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const here = dirname(fileURLToPath(import.meta.url));
let folder = '';

/** What bundlers do to functions must not hurt a worker that is made from the text of one. */
const BUILDS = { plain: {}, minified: { minify: true }, named: { keepNames: true } };

beforeAll(async () => {
  const cache = join(here, '../../node_modules/.cache');
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, 'toolway-schema-'));
  for (const [name, options] of Object.entries(BUILDS)) {
    await build({
      entryPoints: [join(here, 'schema-engine.ts')],
      outfile: join(folder, `${name}.mjs`),
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      ...options,
    });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = async (program: string, ...flags: string[]): Promise<unknown> => {
  const file = join(folder, `program-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, program);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, file], { timeout: 20_000 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

const preludeOf = (build: string): string => `
  import { createRequire } from 'node:module';
  import { createAjvValidator } from './${build}.mjs';
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/ajv/'));
  const validator = createAjvValidator();
`;

describe.each(Object.keys(BUILDS))('built %s', (build) => {
  test('nothing is loaded before the first schema, and a thread at rest does not keep the process alive', async () => {
    const program = `${preludeOf(build)}
    const before = loaded();
    const simple = await validator.compile({ type: 'string' });
    const careful = await validator.compile({ pattern: '^a$' });
    console.log(JSON.stringify([before, loaded(), simple(1), (await careful('a')) ?? null, await careful('b')]));
  `;
    expect(await run(program)).toEqual([
      false,
      true,
      [{ path: '', message: 'must be a string, got 1' }],
      null,
      [{ path: '', message: 'must match the pattern ^a$, got "b"' }],
    ]);
  });

  test('work in the thread keeps the process alive until it is done', async () => {
    const program = `${preludeOf(build)}
    validator.compile({ pattern: '^(?=a)(a+)+$' }).then((check) =>
      check('a'.repeat(60) + '!').then((problems) => console.log(JSON.stringify(problems))));
  `;
    expect(await run(program)).toEqual([{ path: '', message: 'could not be checked: took longer than 250 ms' }]);
  });

  test('where no code may be generated, schemas are refused and nothing else happens', async () => {
    const program = `${preludeOf(build)}
    console.log(JSON.stringify(await validator.compile({ type: 'string' })));
  `;
    expect(await run(program, '--disallow-code-generation-from-strings')).toEqual({
      reason: expect.stringContaining('cannot be compiled'),
    });
  });
});
