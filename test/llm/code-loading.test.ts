/** The engine of programs is loaded with the first program, and found from a bundle as well. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
// A bundle finds packages as its folder does.
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'toolway-code-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['src/llm/index.ts', 'src/node/index.ts'])('%s loads none of it by itself', async (entry) => {
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: join(folder, 'split'),
    metafile: true,
    write: false,
  });
  const reached = new Set<string>();
  const reach = (output: string): void => {
    if (reached.has(output)) return;
    reached.add(output);
    for (const { path, kind } of metafile.outputs[output]?.imports ?? []) if (kind === 'import-statement') reach(path);
  };
  for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) if (entryPoint === entry) reach(output);
  const inputs = [...reached].flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
  expect(inputs).toContain(entry);
  expect([...reached, ...inputs].filter((one) => /quickjs|code-thread/.test(one))).toEqual([]);
});

const APP = `
import { codeTool } from ${JSON.stringify(join(root, 'src/llm/index.ts'))};
import { createCodeSandbox } from ${JSON.stringify(join(root, 'src/node/index.ts'))};
const toolkit = { listTools: async () => [{ server: 's', name: 't', qualifiedName: 's.t', inputSchema: {} }], on: () => () => {} };
const tool = await codeTool(toolkit, { sandbox: createCodeSandbox() });
const context = { signal: new AbortController().signal, onProgress() {}, call: async () => ({ content: [{ type: 'text', text: 'called' }] }) };
const { content } = await tool.run({ code: 'return [await tools.s.t({}), 6 * 7]' }, context);
console.log(content[0].text);
`;
const node24 = join(root, 'test/node/node_modules/node24/bin/node');

test.each([false, true])(
  'a program runs from a bundle, minified: %s',
  async (minify) => {
    writeFileSync(join(folder, 'app.js'), APP);
    const outfile = join(folder, `bundle-${minify}.mjs`);
    const packages = 'external';
    await build({
      entryPoints: [join(folder, 'app.js')],
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages,
      minify,
      outfile,
    });
    for (const node of [process.execPath, ...(existsSync(node24) ? [node24] : [])]) {
      expect(execFileSync(node, [outfile], { encoding: 'utf8' })).toBe('["called",42]\n');
    }
  },
  60_000,
);
