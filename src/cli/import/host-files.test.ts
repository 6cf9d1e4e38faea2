import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../config/dialects.ts';
import { HOSTS, type HostFilesOptions, hostFiles } from './host-files.ts';

const linux: HostFilesOptions = { platform: 'linux', home: '/home/me', env: {}, cwd: '/work' };
const mac: HostFilesOptions = { platform: 'darwin', home: '/Users/me', env: {}, cwd: '/work' };
const windows: HostFilesOptions = { platform: 'win32', home: 'C:\\Users\\me', env: {}, cwd: 'C:\\work' };
const paths = (options: HostFilesOptions, host?: string, scope?: string): string[] =>
  hostFiles(options).flatMap((file) =>
    (host === undefined || file.host === host) && (scope === undefined || file.scope === scope) ? [file.path] : [],
  );

test.each<[string, string[], string[], string[]]>([
  [
    'claude-desktop',
    ['/home/me/.config/Claude/claude_desktop_config.json'],
    ['/Users/me/Library/Application Support/Claude/claude_desktop_config.json'],
    ['C:\\Users\\me\\AppData\\Roaming\\Claude\\claude_desktop_config.json'],
  ],
  [
    'claude-code',
    ['/work/.mcp.json', '/home/me/.claude.json', '/etc/claude-code/managed-mcp.json'],
    ['/work/.mcp.json', '/Users/me/.claude.json', '/Library/Application Support/ClaudeCode/managed-mcp.json'],
    ['C:\\work\\.mcp.json', 'C:\\Users\\me\\.claude.json', 'C:\\Program Files\\ClaudeCode\\managed-mcp.json'],
  ],
  [
    'cursor',
    ['/work/.cursor/mcp.json', '/home/me/.cursor/mcp.json'],
    ['/work/.cursor/mcp.json', '/Users/me/.cursor/mcp.json'],
    ['C:\\work\\.cursor\\mcp.json', 'C:\\Users\\me\\.cursor\\mcp.json'],
  ],
  [
    'vscode',
    [
      '/work/.vscode/mcp.json',
      '/work/.vscode/settings.json',
      '/home/me/.config/Code/User/mcp.json',
      '/home/me/.config/Code/User/settings.json',
      '/home/me/.config/Code - Insiders/User/mcp.json',
      '/home/me/.config/Code - Insiders/User/settings.json',
    ],
    [
      '/work/.vscode/mcp.json',
      '/work/.vscode/settings.json',
      '/Users/me/Library/Application Support/Code/User/mcp.json',
      '/Users/me/Library/Application Support/Code/User/settings.json',
      '/Users/me/Library/Application Support/Code - Insiders/User/mcp.json',
      '/Users/me/Library/Application Support/Code - Insiders/User/settings.json',
    ],
    [
      'C:\\work\\.vscode\\mcp.json',
      'C:\\work\\.vscode\\settings.json',
      'C:\\Users\\me\\AppData\\Roaming\\Code\\User\\mcp.json',
      'C:\\Users\\me\\AppData\\Roaming\\Code\\User\\settings.json',
      'C:\\Users\\me\\AppData\\Roaming\\Code - Insiders\\User\\mcp.json',
      'C:\\Users\\me\\AppData\\Roaming\\Code - Insiders\\User\\settings.json',
    ],
  ],
  [
    'windsurf',
    ['/home/me/.codeium/windsurf/mcp_config.json', '/home/me/.codeium/mcp_config.json'],
    ['/Users/me/.codeium/windsurf/mcp_config.json', '/Users/me/.codeium/mcp_config.json'],
    ['C:\\Users\\me\\.codeium\\windsurf\\mcp_config.json', 'C:\\Users\\me\\.codeium\\mcp_config.json'],
  ],
  [
    'gemini',
    ['/work/.gemini/settings.json', '/home/me/.gemini/settings.json'],
    ['/work/.gemini/settings.json', '/Users/me/.gemini/settings.json'],
    ['C:\\work\\.gemini\\settings.json', 'C:\\Users\\me\\.gemini\\settings.json'],
  ],
  [
    'codex',
    ['/work/.codex/config.toml', '/home/me/.codex/config.toml'],
    ['/work/.codex/config.toml', '/Users/me/.codex/config.toml'],
    ['C:\\work\\.codex\\config.toml', 'C:\\Users\\me\\.codex\\config.toml'],
  ],
  [
    'kiro',
    ['/work/.kiro/settings/mcp.json', '/home/me/.kiro/settings/mcp.json'],
    ['/work/.kiro/settings/mcp.json', '/Users/me/.kiro/settings/mcp.json'],
    ['C:\\work\\.kiro\\settings\\mcp.json', 'C:\\Users\\me\\.kiro\\settings\\mcp.json'],
  ],
  [
    'zed',
    ['/work/.zed/settings.json', '/home/me/.config/zed/settings.json'],
    ['/work/.zed/settings.json', '/Users/me/.config/zed/settings.json'],
    ['C:\\work\\.zed\\settings.json', 'C:\\Users\\me\\AppData\\Roaming\\Zed\\settings.json'],
  ],
])('%s on Linux, macOS and Windows', (host, onLinux, onMac, onWindows) => {
  expect([paths(linux, host), paths(mac, host), paths(windows, host)]).toEqual([onLinux, onMac, onWindows]);
});

describe('every host', () => {
  test.each([linux, mac, windows])('$platform: each file is read in the shape of its host', (options) => {
    expect(new Set(hostFiles(options).map(({ host }) => host))).toEqual(new Set(Object.keys(HOSTS)));
    for (const { host, path } of hostFiles(options)) expect([path, dialectOf(path).title]).toEqual([path, HOSTS[host]]);
  });

  test('the environment moves what the host lets it move; a relative path moves nothing', () => {
    const env = { XDG_CONFIG_HOME: '/xdg', CODEX_HOME: '/codex', CLAUDE_CONFIG_DIR: '/claude' };
    expect(paths({ ...linux, env })).toEqual(
      expect.arrayContaining([
        '/xdg/zed/settings.json',
        '/xdg/Code/User/mcp.json',
        '/codex/config.toml',
        '/claude/.claude.json',
      ]),
    );
    expect(paths({ ...linux, env: { XDG_CONFIG_HOME: 'xdg', CODEX_HOME: '' } })).toEqual(paths(linux));
    expect(paths({ ...windows, env: { APPDATA: 'D:\\Roaming' } }, 'claude-desktop')).toEqual([
      'D:\\Roaming\\Claude\\claude_desktop_config.json',
    ]);
  });

  test('files of the project come first', () => {
    const scopes = hostFiles(linux).map(({ scope }) => scope);
    expect(scopes.lastIndexOf('project')).toBeLessThan(scopes.indexOf('user'));
  });
});
