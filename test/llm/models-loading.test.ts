import { build } from 'esbuild';
import { expect, test } from 'vitest';

const external = ['@anthropic-ai/sdk', 'openai', 'ai', '@langchain/core', '@langchain/core/*', '@openai/agents'];

test('`toolway/llm` loads no room of a provider, and no package, before it is used', async () => {
  const { metafile } = await build({
    entryPoints: ['src/llm/index.ts'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    write: false,
    outdir: 'out',
    metafile: true,
    logLevel: 'silent',
    external,
  });
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { path: next, kind } of metafile.inputs[path]?.imports ?? [])
      if (kind === 'import-statement') load(next);
  };
  load('src/llm/index.ts');
  expect(loaded).toContain('src/llm/models/anthropic.ts');
  const rooms = [...loaded].filter((path) =>
    /models\/.*(exchange|request|answer|asking|response)|node_modules|^[^/]+$/.test(path),
  );
  expect(rooms).toEqual([]);
  expect(Object.keys(metafile.inputs)).toContain('src/llm/models/anthropic-exchange.ts');
});
