import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('..', import.meta.url));

/** What loading a file loads with it: its imports that are not for types alone, and theirs. */
const loadedWith = (file: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/^import (?!type\b)[^'"]*['"]([^'"]+)['"];/gm);
  for (const [, target = ''] of imports) {
    if (target.startsWith('.')) loadedWith(join(dirname(file), target), seen);
    else seen.add(target);
  }
  return seen;
};

test('completion at Tab costs the reading of configuration files: no toolkit, no package', () => {
  const loaded = ['cli/main.ts', 'cli/at-tab.ts', 'node/config-files.ts'].flatMap((file) => [
    ...loadedWith(join(src, file)),
  ]);
  const names = loaded.map((file) => (file.startsWith('/') ? relative(src, file) : file));
  expect(names).toContain('config/parse.ts');
  expect(names.filter((name) => !name.includes('/') && !name.startsWith('node:') && !name.endsWith('.ts'))).toEqual([]);
  expect(
    // Of schemas, the one small file that makes a line of them.
    names.filter((name) =>
      /^(server|transport|middleware|connection|schema\/(?!signature)|calls)\/|^toolkit/.test(name),
    ),
  ).toEqual([]);
});

const namesOf = (...files: string[]): string[] =>
  [...new Set(files.flatMap((file) => [...loadedWith(join(src, file))]))]
    .map((file) => (file.startsWith('/') ? relative(src, file) : file))
    .sort();

test('help and version cost a handful of small files: nothing of Node is imported, and no package', () => {
  expect(namesOf('cli/main.ts', 'cli/quick.ts')).toEqual([
    'cli/args.ts',
    'cli/commands.ts',
    'cli/compile-cache.ts',
    'cli/help.ts',
    'cli/main.ts',
    'cli/options.ts',
    'cli/quick.ts',
    'cli/reader-left.ts',
    'config/nearest.ts',
    'errors.ts',
    'version.ts',
  ]);
});

test('a line for the daemon costs the same and what talks to it: no command, no toolkit, no package', () => {
  expect(namesOf('cli/main.ts', 'cli/daemon/client.ts')).toEqual([
    'cli/args.ts',
    'cli/commands.ts',
    'cli/compile-cache.ts',
    'cli/daemon/client.ts',
    'cli/daemon/connect.ts',
    'cli/daemon/frames.ts',
    'cli/daemon/place.ts',
    'cli/exit-codes.ts',
    'cli/main.ts',
    'cli/options.ts',
    'cli/reader-left.ts',
    'config/nearest.ts',
    'errors.ts',
    'node/state-folder.ts',
    'node:os',
    'node:path',
    'version.ts',
  ]);
});

test('every other line begins with a dozen small files: no command, no transport, no package', () => {
  expect(namesOf('cli/main.ts', 'cli/process.ts')).toEqual([
    'cli/args.ts',
    'cli/commands.ts',
    'cli/compile-cache.ts',
    'cli/exit-codes.ts',
    'cli/main.ts',
    'cli/options.ts',
    'cli/output.ts',
    'cli/process.ts',
    'cli/reader-left.ts',
    'cli/report.ts',
    'cli/run.ts',
    'cli/style.ts',
    'config/nearest.ts',
    'errors.ts',
    'version.ts',
  ]);
});

test('a call loads neither Markdown nor images before there is one: only what tells them', () => {
  const loaded = namesOf('cli/main.ts', 'cli/process.ts', 'cli/commands/call.ts', 'cli/terminal.ts');
  expect(loaded.filter((name) => /markdown|marked|sixel|jpeg|within/.test(name))).toEqual(['cli/markdown/view.ts']);
});
