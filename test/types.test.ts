/** What `toolway types` writes is TypeScript, whatever the schemas are. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { ListedTool } from '../src/api.ts';
import { typesModule } from '../src/cli/types/module.ts';
import { hostileSchemas } from './corpus/hostile-schemas.ts';
import { live } from './fixtures/cli/live.ts';
import { folder } from './fixtures/cli/world.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const everything = join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const tsc = join(root, 'node_modules/typescript/bin/tsc');

/** Compiles files of a folder strictly; what the compiler says. */
const compile = (cwd: string, ...files: string[]): string => {
  const flags = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--types', ''];
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
  const { stdout } = spawnSync(process.execPath, [tsc, ...flags, ...files], { cwd, encoding: 'utf8' });
  return stdout;
};
const listed = (server: string, name: string, inputSchema: unknown, more: object = {}): ListedTool =>
  ({
    name,
    server,
    qualifiedName: `${server}.${name}`,
    inputSchema,
    fetchedAt: 0,
    stale: false,
    ...more,
  }) as ListedTool;

/** What comes over a wire: a schema that JSON cannot hold does not. */
const asJson = (schema: unknown): unknown[] => {
  try {
    return [JSON.parse(JSON.stringify(schema))];
  } catch {
    return [];
  }
};

test('the tools of server-everything: what fits compiles, what does not does not', async () => {
  const cwd = folder();
  const { code, out, err } = await live(
    ['types', '-o', 'tools.ts', '--stdio', `'${process.execPath}' '${everything}'`],
    { cwd },
  );
  expect([code, out, err]).toEqual([0, '', expect.stringMatching(/^tools\.ts: the types of \d\d tools\n$/)]);
  writeFileSync(
    join(cwd, 'use.ts'),
    `import type { CallTool, Tools } from './tools.js';
declare const call: CallTool;
const sum: Tools['adhoc.get-sum']['arguments'] = { a: 1, b: 2 };
await call('adhoc.get-sum', sum);
const { structuredContent } = await call('adhoc.get-structured-content', { location: 'New York' });
const degrees: number | undefined = structuredContent?.temperature;
// @ts-expect-error
await call('adhoc.get-sum', { a: 1 });
// @ts-expect-error
await call('adhoc.get-sum', { a: 1, b: '2' });
// @ts-expect-error
await call('adhoc.get-structured-content', { location: 'Bern' });
// @ts-expect-error
await call('adhoc.nothing', {});
export { degrees };
`,
  );
  expect(compile(cwd, 'use.ts')).toBe('');
});

test('a toolkit can be used with these types', () => {
  const cwd = folder();
  writeFileSync(
    join(cwd, 'tools.ts'),
    typesModule([listed('s', 'echo', { properties: { n: { type: 'number' } }, required: ['n'] })]),
  );
  const api = join(root, 'src/api.ts');
  writeFileSync(
    join(cwd, 'use.ts'),
    `import type { Toolkit } from ${JSON.stringify(api)};
import type { CallTool } from './tools.ts';
export const typed = (toolkit: Toolkit): CallTool => toolkit.callTool as CallTool;
`,
  );
  expect(compile(cwd, '--allowImportingTsExtensions', '--lib', 'es2023,esnext.disposable,dom', 'use.ts')).toBe('');
});

test('hostile schemas, names and texts', () => {
  const cwd = folder();
  const names = ['*/', 'constructor', '__proto__', "a'b", 'tools', '\u202e\u0000', 'CallTool', 'ärger', '日本', ''];
  const tools = [
    ...hostileSchemas('http://127.0.0.1:9').flatMap(({ schema }, at) =>
      asJson(schema).map((json) => listed('evil', `t${at}`, json, { outputSchema: json })),
    ),
    ...names.map((name) =>
      listed(
        's',
        name,
        { properties: { [name]: { description: '*/ }; evil(' } } },
        { description: `*/ ${name} /*\u2028 evil()` },
      ),
    ),
    listed('s', 'tool-s', {}),
    listed('s', 'tool_s', {}),
  ];
  const module = typesModule(tools);
  writeFileSync(join(cwd, 'tools.ts'), module);
  expect(compile(cwd, 'tools.ts')).toBe('');
  expect(module).not.toMatch(/[^\x20-\x7e\n\u00c0-\u024f\u3040-\u9fff]/);
  expect(typesModule([...tools].reverse())).toBe(module);
});

test('on stdout, and as a document', async () => {
  const stdio = ['--stdio', `'${process.execPath}' '${everything}'`];
  const { out } = await live(['types', ...stdio]);
  const { out: document } = await live(['types', ...stdio, '--json']);
  expect(JSON.parse(document)).toEqual({ tools: expect.arrayContaining(['adhoc.echo']), types: out });
  expect(await live(['types', ...stdio, '-o', '/nowhere/x.ts'])).toMatchObject({ code: 2 });
});
