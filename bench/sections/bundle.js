// What a browser downloads, minified and gzipped: the entry with all it imports statically, and what a first call adds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { runSample } from '../lib/sample.js';
import { startHttpServer } from '../lib/server.js';
import { isBuilt, toolwayFile } from '../lib/toolway-dist.js';

const kilobytes = (contents) => gzipSync(contents).length / 1000;

const bundle = (options) =>
  build({
    entryPoints: [toolwayFile('index.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
    logLevel: 'error',
    outdir: 'out',
    ...options,
    external: ['node:*'],
  });

/** Leaves out what is imported dynamically: it comes later, if ever. */
const withoutDynamicImports = {
  name: 'without-dynamic-imports',
  setup: ({ onResolve }) =>
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined)),
};

/** Runs the bundle as a browser would split it, makes one call over HTTP, and says which of its files were loaded. */
const filesOfFirstCall = async (outputFiles) => {
  const folder = mkdtempSync(join(tmpdir(), 'toolway-bench-'));
  const server = await startHttpServer({ era: 'legacy' });
  try {
    for (const { path, text } of outputFiles) {
      const name = basename(path);
      writeFileSync(join(folder, name), `(globalThis.loadedFiles??=[]).push(${JSON.stringify(name)});${text}`);
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const { report } = await runSample('first-call', [join(folder, 'index.js'), server.url()]);
    return new Set(report.files);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
};

/** Bundles the browser entry, prints its weight, and resolves to kilobytes and the number of `node:` imports. */
export const measureBundle = async ({ print }) => {
  if (!isBuilt('index.js')) return {};
  const entry = await bundle({ plugins: [withoutDynamicImports] });
  const split = await bundle({ splitting: true });
  const loaded = await filesOfFirstCall(split.outputFiles);
  const weigh = (files) => files.reduce((sum, { contents }) => sum + kilobytes(contents), 0);
  const bundleKb = kilobytes(entry.outputFiles[0].contents);
  const firstCallKb = weigh(split.outputFiles.filter(({ path }) => loaded.has(basename(path))));
  const nodeImports = Object.values(split.metafile.outputs)
    .flatMap(({ imports }) => imports.map(({ path }) => path))
    .filter((path) => path.startsWith('node:'));
  print('\nbrowser bundle, minified and gzipped');
  print(`  entry with its static imports                ${bundleKb.toFixed(1)} kB`);
  print(`  all that one checked call over HTTP loads    ${firstCallKb.toFixed(1)} kB in ${loaded.size} files`);
  print(`  everything                                   ${weigh(split.outputFiles).toFixed(1)} kB`);
  if (nodeImports.length > 0) print(`  it imports ${[...new Set(nodeImports)].join(', ')}`);
  return { bundleKb, nodeImports: nodeImports.length };
};
