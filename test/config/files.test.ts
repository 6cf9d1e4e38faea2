/**
 * Every host's files are read as the host means them, whatever is in them; a broken one is an error with its place.
 * The files are shaped after what the hosts document; the pages are named in the table.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { DialectName } from '../../src/config/dialect.ts';
import { dialectNamed, dialectOf } from '../../src/config/dialects.ts';
import { describeProblem } from '../../src/config/problem.ts';
import { readConfigText } from '../../src/config/read.ts';
import { BROKEN } from './broken.ts';
import { DOCUMENTED } from './documented.ts';
import { FEATURES } from './features.ts';

const root = fileURLToPath(new URL('files/', import.meta.url));
const folders = { workspaceFolder: '/work/app', userHome: '/home/me', pathSeparator: '/' };

const read = async (file: string, host: DialectName) => {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const options = { file: name, dialect: dialectNamed(host), folders };
  const config = await readConfigText(readFileSync(root + file, 'utf8'), options);
  return { ...config, says: config.problems.map((problem) => `${problem.level} ${describeProblem(problem)}`) };
};
const hostOf = (file: string): DialectName => file.slice(0, file.indexOf('/')) as DialectName;

describe.each([
  ['documented', DOCUMENTED],
  ['features', FEATURES],
])('%s', (_, cases) => {
  test.each(cases)('$file', async ({ file, servers, inputs = [], says = [] }) => {
    const config = await read(file, hostOf(file));
    expect({ ...config.servers }).toEqual(servers);
    expect(config.inputs).toEqual(inputs);
    expect(config.says).toEqual(says);
    for (const [name, server] of Object.entries(config.servers)) {
      const fields = Object.keys(server).filter((field) => field !== 'transport' && field !== 'disabled');
      expect(Object.keys(config.origins[name] ?? {})).toEqual(expect.arrayContaining(fields));
      for (const origin of Object.values(config.origins[name] ?? {})) {
        expect(origin).toMatchObject({ kind: 'file', line: expect.any(Number), column: expect.any(Number) });
      }
    }
  });
});

describe('broken', () => {
  test.each(BROKEN)('$file', async ({ file, host = 'plain', runs = [], says }) => {
    const { servers, ...config } = await read(`broken/${file}`, host);
    expect(config.says).toEqual(says);
    const usable = Object.entries(servers).filter(([, { transport }]) => typeof transport !== 'function');
    expect(usable.map(([name]) => name)).toEqual(runs);
  });
});

describe('the table', () => {
  const good = [...DOCUMENTED, ...FEATURES];

  test('has every file, and files of every host', () => {
    const there = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.length).replace(/^\//, ''));
    const listed = [...good.map(({ file }) => file), ...BROKEN.map(({ file }) => `broken/${file}`)];
    expect(listed.sort()).toEqual(there.sort());
    expect(new Set(DOCUMENTED.map(({ file }) => hostOf(file))).size).toBe(12);
  });

  test('is as long as it has to be', () => {
    expect(good.length).toBeGreaterThanOrEqual(60);
    expect(DOCUMENTED.filter(({ source }) => source?.startsWith('https://')).length).toBeGreaterThanOrEqual(20);
    expect(BROKEN.length).toBeGreaterThanOrEqual(25);
  });
});

test.each<[path: string, host: DialectName]>([
  ['/Users/me/Library/Application Support/Claude/claude_desktop_config.json', 'claude-desktop'],
  ['C:\\Users\\me\\AppData\\Roaming\\Claude\\claude_desktop_config.json', 'claude-desktop'],
  ['.mcp.json', 'claude-code'],
  ['/home/me/.claude.json', 'claude-code-settings'],
  ['/work/app/.vscode/mcp.json', 'vscode'],
  ['C:\\Users\\me\\AppData\\Roaming\\Code\\User\\mcp.json', 'vscode'],
  ['/work/app/.devcontainer/devcontainer.json', 'vscode'],
  ['/work/app.code-workspace', 'vscode'],
  ['/home/me/.cursor/mcp.json', 'cursor'],
  ['/home/me/.codeium/windsurf/mcp_config.json', 'windsurf'],
  ['/work/app/.kiro/settings/mcp.json', 'kiro'],
  ['/x/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json', 'cline'],
  ['/work/app/.roo/mcp.json', 'roo'],
  ['/x/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json', 'roo'],
  ['/home/me/.gemini/settings.json', 'gemini'],
  ['/home/me/.codex/config.toml', 'codex'],
  ['/home/me/.config/zed/settings.json', 'zed'],
  ['/work/app/.zed/settings.json', 'zed'],
  ['/home/me/.config/toolway/config.json', 'plain'],
  ['mcp.json', 'plain'],
  ['/work/settings.json', 'plain'],
  ['/work/my.mcp.json', 'plain'],
])('%s is a file of %s', (path, host) => {
  expect(dialectOf(path).name).toBe(host);
});
