// What a browser downloads before the first call: the entry with all it imports statically, minified and gzipped.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { figure } from '../lib/table.js';
import { isBuilt, toolwayFile } from '../lib/toolway-dist.js';

/** The output files that `file` needs at once; what it imports dynamically comes later. */
const staticChunks = (outputs, file, found = new Set()) => {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path, kind } of outputs[file].imports) {
    if (kind === 'import-statement' && outputs[path] !== undefined) staticChunks(outputs, path, found);
  }
  return found;
};

/** Bundles the browser entry, prints its weight, and resolves to kilobytes and the `node:` imports found. */
export const measureBundle = async ({ print }) => {
  if (!isBuilt('index.js')) return {};
  const { outputFiles, metafile } = await build({
    entryPoints: [toolwayFile('index.js')],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['node:*'],
    metafile: true,
    write: false,
    outdir: 'out',
    logLevel: 'error',
  });
  const { outputs } = metafile;
  const entry = Object.keys(outputs).find((file) => outputs[file].entryPoint !== undefined);
  const chunks = staticChunks(outputs, entry);
  const contents = new Map(Object.keys(outputs).map((file, index) => [file, outputFiles[index].contents]));
  const weigh = (files) => files.reduce((sum, file) => sum + gzipSync(contents.get(file)).length, 0) / 1000;
  const bundleKb = weigh([...chunks]);
  const laterKb = weigh([...contents.keys()].filter((file) => !chunks.has(file)));
  const nodeImports = Object.values(outputs)
    .flatMap(({ imports }) => imports.map(({ path }) => path))
    .filter((path) => path.startsWith('node:'));
  print(`\nbrowser bundle: ${figure(bundleKb)} kB gzipped, ${figure(laterKb)} kB more loaded when needed`);
  if (nodeImports.length > 0) print(`  it imports ${[...new Set(nodeImports)].join(', ')}`);
  return { bundleKb, nodeImports: nodeImports.length };
};
