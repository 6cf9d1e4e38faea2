/** The browser entry as a web application would ship it: bundled and minified by esbuild. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

const ENTRY = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
const WEB = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  metafile: true,
  write: false,
} satisfies BuildOptions;

/** One file of a bundle. */
export interface Chunk {
  text: string;
  gzipped: number;
  /** The sources that are in it. */
  sources: string[];
}

const chunksOf = (files: readonly { path: string; contents: Uint8Array; text: string }[], { outputs }: Metafile) =>
  new Map(
    Object.entries(outputs).map(([name, { inputs }]): [string, Chunk] => {
      const file = files.find(({ path }) => path.replaceAll('\\', '/').endsWith(`/${name.split('/').at(-1)}`));
      const contents = file?.contents ?? new Uint8Array();
      return [name, { text: file?.text ?? '', gzipped: gzipSync(contents).length, sources: Object.keys(inputs) }];
    }),
  );

/** Bundles a page into `outdir`, with what is loaded on demand in files of its own. */
export const bundlePage = async (page: string, outdir: string): Promise<void> => {
  await build({ ...WEB, entryPoints: [page], splitting: true, outdir, write: true });
};

/**
 * The bundle with on-demand parts in files of their own. `loaded` are those that a browser fetches before anything runs,
 * `behind` those that every toolkit fetches beside them, while it connects.
 */
export const bundleInParts = async (): Promise<{ loaded: Chunk[]; behind: Chunk[]; all: Chunk[] }> => {
  const { outputFiles, metafile } = await build({ ...WEB, entryPoints: [ENTRY], splitting: true, outdir: 'parts' });
  const chunks = chunksOf(outputFiles, metafile);
  /** A file, and all that it imports at once. */
  const closureOf = (entry: string): Set<string> => {
    const closure = new Set<string>();
    const isEntry = (name: string): boolean => metafile.outputs[name]?.entryPoint?.endsWith(entry) === true;
    const load = (name: string): void => {
      if (closure.has(name)) return;
      closure.add(name);
      for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind === 'import-statement') load(path);
    };
    load(Object.keys(metafile.outputs).find(isEntry) ?? '');
    return closure;
  };
  const loaded = closureOf('src/index.ts');
  const behind = closureOf('src/toolkit/road.ts');
  return {
    loaded: [...chunks].filter(([name]) => loaded.has(name)).map(([, chunk]) => chunk),
    behind: [...chunks].filter(([name]) => behind.has(name) && !loaded.has(name)).map(([, chunk]) => chunk),
    all: [...chunks.values()],
  };
};

/** The bundle in one file, without what is loaded on demand. */
export const bundleInOne = async (): Promise<Chunk> => {
  const leaveOut: Plugin = {
    name: 'leave out what is loaded on demand',
    setup: ({ onResolve }) =>
      onResolve({ filter: /.*/ }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      ),
  };
  const options = { ...WEB, entryPoints: [ENTRY], outfile: 'one.js', plugins: [leaveOut] };
  const { outputFiles, metafile } = await build(options);
  const [chunk] = chunksOf(outputFiles, metafile).values();
  if (chunk === undefined) throw new Error('esbuild gave no file');
  return chunk;
};
