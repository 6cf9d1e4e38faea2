/** Makes the command of few files: each one costs a third of a millisecond at every start. */
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What every call needs, and consists of sixty files. All other packages stay where they are installed. */
const BUNDLED = 'ajv';

/** Bundled, a CommonJS package that is imported later has no names; one that is imported by name has. @type {import('esbuild').Plugin} */
const byName = {
  name: 'ajv by name',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^ajv\/dist\/2020\.js$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'by-name' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'by-name' }, ({ path }) => ({
      contents: `export { Ajv2020 } from '${path}';`,
      resolveDir: root,
    }));
  },
};

/** The licences of the packages that these files are of. @param {string[]} files */
const licencesOf = (files) => {
  const folders = files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/.][^/]*)\//.exec(file)?.[1] ?? []);
  return [...new Set(folders)].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no licence file`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
};

/** Bundles `cli/` of a compiled folder, in place. @param {string} dist */
export const bundleCommand = async (dist) => {
  const { engines, dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packages = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => name !== BUNDLED);
  const external = packages.flatMap((name) => [name, `${name}/*`]);
  const outdir = join(dist, 'command');
  /** @satisfies {import('esbuild').BuildOptions} */
  const common = {
    outdir,
    bundle: true,
    format: /** @type {const} */ ('esm'),
    platform: /** @type {const} */ ('node'),
    target: `node${engines.node.replace(/[^\d.]/g, '')}`,
    logLevel: /** @type {const} */ ('error'),
  };

  // What a command loads when it needs it stays in files of its own.
  const main = join(dist, 'cli/main.js');
  const { metafile } = await build({
    ...common,
    absWorkingDir: root,
    entryPoints: [main],
    splitting: true,
    metafile: true,
    plugins: [byName],
    external: [...external, './quick.js', './at-tab.js', './daemon/client.js'],
  });
  /** @type {import('esbuild').Plugin} */
  const alone = {
    name: 'what is imported later is never imported',
    setup: ({ onResolve }) =>
      onResolve({ filter: /.*/ }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      ),
  };
  await build({ ...common, entryPoints: [join(dist, 'cli/quick.js')], plugins: [alone] });
  // Each of the two that a line for the daemon loads is one file, too.
  await build({ ...common, entryPoints: { 'daemon/client': join(dist, 'cli/daemon/client.js') }, plugins: [alone] });
  await build({ ...common, entryPoints: { 'daemon/rare': join(dist, 'cli/daemon/rare.js') } });
  // The languages that most configurations are not written in stay where the library has them.
  /** @type {import('esbuild').Plugin} */
  const withoutLanguages = {
    name: 'no command is imported, and yaml and toml when there is some',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/commands\// }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /\/(yaml|toml)\.js$/ }, ({ path }) => ({
        path: `../config/${basename(path)}`,
        external: true,
      }));
    },
  };
  await build({ ...common, entryPoints: [join(dist, 'cli/at-tab.js')], external, plugins: [withoutLanguages] });

  const licences = licencesOf(Object.keys(metafile.inputs).map((file) => join(root, file)));
  writeFileSync(
    join(outdir, 'THIRD-PARTY.txt'),
    `The command contains these packages.\n\n${licences.join('\n---\n\n')}`,
  );
  rmSync(join(dist, 'cli'), { recursive: true });
  renameSync(outdir, join(dist, 'cli'));
  chmodSync(join(dist, 'cli/main.js'), 0o755);
};
