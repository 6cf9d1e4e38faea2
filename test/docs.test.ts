/** What a newcomer reads is there: a doc comment on every public name, a first word in every room, and a README that tells the truth. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API, SymbolFlags } from 'typescript/unstable/sync';
import { afterAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));

const entries = Object.values<{ types?: string }>(manifest.exports).flatMap(({ types }) =>
  types === undefined ? [] : types.replace('./dist/', 'src/').replace('.d.ts', '.ts'),
);

describe('public names', () => {
  const compiler = new API();
  afterAll(() => compiler.close());

  test.each(entries)('%s: each has a doc comment', (entry) => {
    const config = join(root, 'tsconfig.build.json');
    const project = compiler.updateSnapshot({ openProjects: [config] }).getProject(config);
    const file = project?.program.getSourceFile(join(root, entry));
    const entrySymbol = file && project?.checker.getSymbolAtLocation(file);
    if (!project || !entrySymbol) throw new Error(`${entry} is not a module of ${config}`);
    const names = project.checker.getExportsOfModule(entrySymbol).map((exported) => {
      const isAlias = (exported.flags & SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? project.checker.getAliasedSymbol(exported) : exported;
      return { name: exported.name, comment: symbol.getDocumentationComment(project.checker) };
    });
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter(({ comment }) => comment.trim().length < 10).map(({ name }) => name)).toEqual([]);
  });
});

describe('rooms', () => {
  const rooms = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length));

  test.each(rooms)('the first file of %s says what it is for, and names only what is there', (room) => {
    expect(readdirSync(join(root, room)).sort()[0]).toBe('README.md');
    const text = read(join(room, 'README.md'));
    expect(text).toMatch(new RegExp(`^# ${basename(room)}\n\n.{40,}.\n`));
    const named = [...text.matchAll(/`([\w./-]+\.ts|[\w.-]+\/|\.\.\/[\w-]+)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(root, room, path)))).toEqual([]);
  });
});

describe('README', () => {
  const readme = read('README.md');

  test('names the two commands of a fresh machine, and the second is the one that is run before a change is taken', () => {
    for (const command of ['npm ci && npm start', 'npm ci && npm test']) expect(readme).toContain(`\n${command}\n`);
    expect(read('.ci/run')).toContain('npm ci && npm test');
  });

  test('names only scripts that exist', () => {
    const named = [...readme.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(Object.keys(manifest.scripts)).toContain(name);
  });

  test('asks of its own mcp.json only for what the servers in it have', () => {
    const { mcpServers } = JSON.parse(/```json\n(\{\n {2}"mcpServers"[\s\S]*?)```/.exec(readme)?.[1] ?? '');
    const asked = [...readme.matchAll(/^toolway (?:call|read) (\S+).*--config mcp\.json$/gm)].map(([, what]) => what);
    expect(asked.length).toBeGreaterThan(0);
    for (const what of asked) expect(Object.keys(mcpServers)).toContain(what?.split('.')[0]);
  });

  test('links only to files that exist', () => {
    const linked = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path);
    expect(linked.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
