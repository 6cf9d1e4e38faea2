/** The hosts, each with what its own documentation says. `docs/configuration.md` lists the sources. */
import type { Dialect, DialectName } from './dialect.ts';
import { type Field, map } from './fields.ts';
import {
  flag,
  isObject,
  kindOf,
  limitMs,
  limitSeconds,
  limitSecondsOrMs,
  names,
  type Read,
  someText,
  strings,
  words,
} from './readers.ts';

const MCP_SERVERS = [['mcpServers']] as const;
const OAUTH = ['oauth', 'oauthScopes', 'auth'] as const;

const milliseconds = map(limitMs, (timeoutMs) => ({ timeoutMs }));
const wholeSeconds = map(limitSeconds, (timeoutMs) => ({ timeoutMs }));

/** Claude Code reads milliseconds, and goes by its own default below 1000. */
const claudeTimeout: Field = (value) => {
  const read = milliseconds(value);
  if (!read.ok || typeof value !== 'number' || value >= 1000) return read;
  return { ok: true, value: {}, remark: 'is in milliseconds here; below 1000 it does not count' };
};

/** Zed has had both the program with its arguments in one object and side by side. */
const zedCommand: Field = (value) => {
  if (!isObject(value)) return map(someText, (command) => ({ command }))(value);
  if (value.path === undefined) return { ok: false, message: 'needs a path: it is an object { path, args?, env? }' };
  const parts = { path: someText(value.path), args: words(value.args ?? []), env: strings(value.env ?? {}) };
  for (const [step, part] of Object.entries(parts)) if (!part.ok) return { ...part, step };
  const { path, args, env } = parts as { [K in keyof typeof parts]: Extract<(typeof parts)[K], { ok: true }> };
  return { ok: true, value: { command: path.value, args: args.value, env: env.value } };
};

/** Names of variables to pass on, some of them with the place they come from. */
const codexVariables: Field = (value) => {
  const given = Array.isArray(value) ? value.map((item) => (isObject(item) ? item.name : item)) : value;
  return map(words, (variables) => ({ env: Object.fromEntries(variables.map((name) => [name, `\${${name}}`])) }))(
    given,
  );
};

/** `tools.<name>.approval_mode` and `tools.<name>.enabled`. */
const codexTools: Field = (value) => {
  if (!isObject(value)) return { ok: false, message: `must be a table of tools by name, not ${kindOf(value)}` };
  const is = (field: string, wanted: unknown): string[] =>
    Object.entries(value).flatMap(([tool, entry]) => (isObject(entry) && entry[field] === wanted ? [tool] : []));
  const approved = is('approval_mode', 'approve');
  const disabled = is('enabled', false);
  return {
    ok: true,
    value: {
      ...(approved.length > 0 && { autoApprove: approved }),
      ...(disabled.length > 0 && { disabledTools: disabled }),
    },
  };
};

const approveAll =
  (isMeant: (value: unknown) => Read<boolean>): Field =>
  (value) => {
    const read = isMeant(value);
    return read.ok ? { ok: true, value: read.value ? { autoApprove: ['*'] } : {} } : read;
  };

const listed = (value: unknown, name: string): boolean => {
  const read = names(value ?? []);
  return read.ok && read.value.includes(name);
};

const DIALECTS: readonly Dialect[] = [
  {
    name: 'claude-desktop',
    title: 'Claude Desktop',
    files: ['claude_desktop_config.json'],
    roots: MCP_SERVERS,
    isSettings: true,
    strictJson: true,
  },
  {
    name: 'claude-code',
    title: 'Claude Code',
    files: ['.mcp.json', 'managed-mcp.json'],
    roots: MCP_SERVERS,
    fields: { timeout: claudeTimeout },
    withoutEffect: ['headersHelper', ...OAUTH],
    ignored: ['alwaysLoad'],
    strictJson: true,
  },
  {
    name: 'claude-code-settings',
    title: 'Claude Code',
    files: ['.claude.json'],
    roots: [['mcpServers'], ['projects', '${workspaceFolder}', 'mcpServers']],
    laterRootWins: true,
    fields: { timeout: claudeTimeout },
    withoutEffect: ['headersHelper', ...OAUTH],
    ignored: ['alwaysLoad'],
    isSettings: true,
    strictJson: true,
  },
  {
    name: 'vscode',
    title: 'VS Code',
    files: [
      '.vscode/mcp.json',
      '.vscode/settings.json',
      'User/mcp.json',
      'User/settings.json',
      'devcontainer.json',
      '*.code-workspace',
    ],
    roots: [
      ['servers'],
      ['mcpServers'],
      ['mcp', 'servers'],
      ['settings', 'mcp', 'servers'],
      ['customizations', 'vscode', 'mcp', 'servers'],
    ],
    withoutEffect: ['sandboxEnabled', ...OAUTH],
    ignored: ['dev', 'sandbox', 'gallery', 'version'],
    isSettings: true,
    hasFolders: true,
  },
  {
    name: 'cursor',
    title: 'Cursor',
    files: ['.cursor/mcp.json'],
    roots: MCP_SERVERS,
    withoutEffect: OAUTH,
    hasFolders: true,
  },
  {
    name: 'windsurf',
    title: 'Windsurf',
    files: ['windsurf/mcp_config.json', '.codeium/mcp_config.json'],
    roots: MCP_SERVERS,
    withoutEffect: OAUTH,
    strictJson: true,
  },
  {
    name: 'kiro',
    title: 'Kiro',
    files: ['.kiro/settings/mcp.json'],
    roots: MCP_SERVERS,
    fields: { timeout: milliseconds },
    withoutEffect: OAUTH,
    strictJson: true,
  },
  {
    name: 'cline',
    title: 'Cline',
    files: ['cline_mcp_settings.json'],
    roots: MCP_SERVERS,
    fields: { timeout: wholeSeconds },
    withoutEffect: OAUTH,
    ignored: ['remoteConfigured', 'metadata'],
    strictJson: true,
  },
  {
    name: 'roo',
    title: 'Roo Code',
    files: ['.roo/mcp.json', 'mcp_settings.json'],
    roots: MCP_SERVERS,
    fields: { timeout: wholeSeconds },
    withoutEffect: OAUTH,
    ignored: ['watchPaths'],
    hasFolders: true,
    strictJson: true,
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    files: ['.gemini/settings.json', 'gemini-extension.json'],
    roots: MCP_SERVERS,
    fields: { timeout: milliseconds, trust: approveAll(flag) },
    withoutEffect: ['authProviderType', 'targetAudience', 'targetServiceAccount', ...OAUTH],
    ignored: ['description', 'extension'],
    isSettings: true,
    bareUrl: 'sse',
    hasBareReferences: true,
    isSwitchedOff: ({ mcp }, name) =>
      isObject(mcp) && (listed(mcp.excluded, name) || (mcp.allowed !== undefined && !listed(mcp.allowed, name))),
  },
  {
    name: 'codex',
    title: 'Codex',
    files: ['.codex/config.toml'],
    roots: [['mcp_servers']],
    fields: {
      startup_timeout_ms: map(limitMs, (connectTimeoutMs) => ({ connectTimeoutMs })),
      default_tools_approval_mode: approveAll((mode) =>
        typeof mode === 'string' ? { ok: true, value: mode === 'approve' } : { ok: false, message: 'must be a string' },
      ),
      tools: codexTools,
      env_vars: codexVariables,
    },
    withoutEffect: ['oauth_resource', 'scopes', ...OAUTH],
    ignored: ['required', 'supports_parallel_tool_calls', 'experimental_environment'],
    isSettings: true,
  },
  {
    name: 'zed',
    title: 'Zed',
    files: ['zed/settings.json', 'Zed/settings.json', '.zed/settings.json'],
    roots: [['context_servers']],
    fields: { command: zedCommand, timeout: map(limitSecondsOrMs, (timeoutMs) => ({ timeoutMs })) },
    withoutEffect: OAUTH,
    ignored: ['source', 'settings', 'remote'],
    isSettings: true,
    skip: ({ command, url, source }) =>
      source === 'extension' || (command === undefined && url === undefined)
        ? 'is started by an extension of Zed, which alone knows its command'
        : undefined,
  },
];

/** Toolway's own shape. It has everybody's spellings where they do not contradict each other. */
export const PLAIN: Dialect = {
  name: 'plain',
  title: 'Toolway',
  files: [],
  roots: [['mcpServers'], ['servers'], ['mcp_servers'], ['context_servers']],
};

/** The shape of a host by its name. */
export const dialectNamed = (name: DialectName): Dialect => DIALECTS.find((one) => one.name === name) ?? PLAIN;

/** The shape of a file by how its path ends, with either kind of slash; `plain` for any other. */
export const dialectOf = (path: string): Dialect => {
  const slashed = `/${path.replaceAll('\\', '/')}`;
  const fits = (end: string): boolean => slashed.endsWith(end.startsWith('*') ? end.slice(1) : `/${end}`);
  return DIALECTS.find(({ files }) => files.some(fits)) ?? PLAIN;
};
