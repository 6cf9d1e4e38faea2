/** Where other hosts keep their configuration, on each platform. Pure: whether the files are there is not asked. */
import { posix, win32 } from 'node:path';

/** The hosts that are known. */
export const HOSTS = {
  'claude-desktop': 'Claude Desktop',
  'claude-code': 'Claude Code',
  cursor: 'Cursor',
  vscode: 'VS Code',
  windsurf: 'Windsurf',
  gemini: 'Gemini CLI',
  codex: 'Codex',
  kiro: 'Kiro',
  zed: 'Zed',
} as const;

export type HostName = keyof typeof HOSTS;

/** A file that may be there. */
export interface HostFile {
  host: HostName;
  path: string;
  /** `project`: about the working directory; `user`: about everything this user does; `machine`: set by who administers it. */
  scope: 'project' | 'user' | 'machine';
}

/** What the places depend on. */
export interface HostFilesOptions {
  platform: NodeJS.Platform;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

/** All files of all hosts, those of the project first. Platforms that are neither Windows nor macOS are like Linux. */
export const hostFiles = ({ platform, home, env, cwd }: HostFilesOptions): HostFile[] => {
  const isWindows = platform === 'win32';
  const isMac = platform === 'darwin';
  const { join, isAbsolute } = isWindows ? win32 : posix;
  const given = (name: string, otherwise: string): string => {
    const path = env[name];
    return path !== undefined && isAbsolute(path) ? path : otherwise;
  };
  const roaming = given('APPDATA', join(home, 'AppData', 'Roaming'));
  const xdg = given('XDG_CONFIG_HOME', join(home, '.config'));
  const applications = isWindows ? roaming : isMac ? join(home, 'Library', 'Application Support') : xdg;
  const machine = isWindows
    ? join(given('ProgramFiles', 'C:\\Program Files'), 'ClaudeCode')
    : isMac
      ? '/Library/Application Support/ClaudeCode'
      : '/etc/claude-code';

  const project = (host: HostName, ...steps: string[]): HostFile => ({
    host,
    path: join(cwd, ...steps),
    scope: 'project',
  });
  const user = (host: HostName, ...steps: [string, ...string[]]): HostFile => ({
    host,
    path: join(...steps),
    scope: 'user',
  });
  return [
    project('claude-code', '.mcp.json'),
    project('cursor', '.cursor', 'mcp.json'),
    project('vscode', '.vscode', 'mcp.json'),
    project('vscode', '.vscode', 'settings.json'),
    project('gemini', '.gemini', 'settings.json'),
    project('codex', '.codex', 'config.toml'),
    project('kiro', '.kiro', 'settings', 'mcp.json'),
    project('zed', '.zed', 'settings.json'),
    user('claude-desktop', applications, 'Claude', 'claude_desktop_config.json'),
    user('claude-code', given('CLAUDE_CONFIG_DIR', home), '.claude.json'),
    { host: 'claude-code', path: join(machine, 'managed-mcp.json'), scope: 'machine' },
    user('cursor', home, '.cursor', 'mcp.json'),
    ...['Code', 'Code - Insiders'].flatMap((edition) => [
      user('vscode', applications, edition, 'User', 'mcp.json'),
      user('vscode', applications, edition, 'User', 'settings.json'),
    ]),
    user('windsurf', home, '.codeium', 'windsurf', 'mcp_config.json'),
    user('windsurf', home, '.codeium', 'mcp_config.json'),
    user('gemini', home, '.gemini', 'settings.json'),
    user('codex', given('CODEX_HOME', join(home, '.codex')), 'config.toml'),
    user('kiro', home, '.kiro', 'settings', 'mcp.json'),
    isWindows ? user('zed', roaming, 'Zed', 'settings.json') : user('zed', xdg, 'zed', 'settings.json'),
  ];
};
