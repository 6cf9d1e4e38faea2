/** Files with one feature or several that the documentation's examples do not show. */
import type { Case } from './case.ts';

export const FEATURES: readonly Case[] = [
  {
    file: 'claude-code/oauth.json',
    servers: { corp: { transport: 'http', url: 'https://mcp.example.com/mcp' } },
    says: [
      'warning oauth.json:6:7: /mcpServers/corp/headersHelper: has no effect in this version',
      'warning oauth.json:7:7: /mcpServers/corp/oauth: has no effect in this version',
    ],
  },
  {
    file: 'claude-code/timeouts.json',
    servers: {
      slow: { transport: 'http', url: 'https://slow.example.com/mcp', timeoutMs: 600000 },
      hasty: { transport: 'http', url: 'https://hasty.example.com/mcp' },
    },
    says: [
      'warning timeouts.json:4:72: /mcpServers/hasty/timeout: is in milliseconds here; below 1000 it does not count',
    ],
  },
  {
    file: 'claude-desktop/comment.json',
    servers: { a: { command: 'x' } },
    says: ['warning comment.json:2:3: comments are not part of JSON; Claude Desktop itself refuses such a file'],
  },
  {
    file: 'codex/approvals.toml',
    servers: {
      one: { command: 'one', autoApprove: ['*'] },
      two: {
        command: 'two',
        connectTimeoutMs: 1500,
        env: { A: '${A}', B: '${B}' },
        autoApprove: ['search'],
        disabledTools: ['drop'],
      },
    },
  },
  {
    file: 'cursor/oauth-env-file.json',
    servers: {
      'oauth-server': { url: 'https://api.example.com/mcp' },
      local: { transport: 'stdio', command: 'node', args: ['s.js'], envFile: '/work/app/.env' },
    },
    says: ['warning oauth-env-file.json:5:7: /mcpServers/oauth-server/auth: has no effect in this version'],
  },
  {
    file: 'gemini/excluded.json',
    servers: { one: { command: '1' }, two: { command: '2', disabled: true }, three: { command: '3', disabled: true } },
  },
  {
    file: 'plain/all.yaml',
    servers: {
      files: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-filesystem', '.'],
        env: { LOG_LEVEL: 'info', TOKEN: '${keychain:token}' },
        envFile: '.env',
        cwd: '/srv',
        disabled: false,
        autoApprove: ['read_text_file', 'list_directory'],
        enabledTools: ['read_*', 'list_directory'],
        disabledTools: ['write_file'],
        trustHints: false,
        retrySafe: ['search'],
        cache: { ttlMs: 60000, tools: ['search'] },
        autoReconnect: true,
        maxRetries: 10,
        retryDelayMs: 1000,
        healthCheckIntervalMs: 30000,
        connectTimeoutMs: 60000,
        timeoutMs: 60000,
        totalTimeoutMs: 300000,
        maxConcurrency: 64,
        maxMessageBytes: 10485760,
        rateLimit: { perSecond: 50, burst: 100 },
        breaker: { failures: 5, openMs: 5000 },
        retry: { attempts: 3 },
        era: 'auto',
        group: 'docs',
        pins: 'warn',
        logLevel: 'warning',
      },
      web: {
        url: 'wss://h.example/mcp',
        transport: 'websocket',
        headers: { Authorization: 'Bearer ${TOKEN}' },
        tls: { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' },
        proxy: 'http://me:${PROXY_PASSWORD}@proxy.example:8080',
        retry: false,
      },
    },
    inputs: [{ type: 'promptString', id: 'x' }],
  },
  {
    file: 'plain/anchors.yaml',
    servers: {
      one: { command: 'npx', args: ['-y', 'server'], timeoutMs: 5000 },
      two: { command: 'npx', args: ['-y', 'server'] },
    },
  },
  { file: 'plain/empty.yaml', servers: {} },
  {
    file: 'plain/filters.json',
    servers: {
      a: { command: 'x', enabledTools: ['r'], disabledTools: ['w'] },
      b: { command: 'x', enabledTools: ['r'], disabledTools: ['w'] },
      c: { command: 'x', enabledTools: ['r'], disabledTools: ['w'], autoApprove: ['*'] },
    },
  },
  {
    file: 'plain/names.json',
    servers: {
      'proto-30e2': { command: 'x' },
      constructor: { command: 'y', env: { toString: 'w' } },
      'my-server-b129': { command: 'v' },
    },
  },
  { file: 'plain/nulls.yml', servers: { a: { command: 'x' } } },
  { file: 'plain/schema.json', servers: { a: { command: 'x' } } },
  {
    file: 'plain/seeds.json',
    servers: {
      a: {
        transport: 'stdio',
        command: 'python',
        args: ['-m', 'server'],
        autoReconnect: true,
        maxRetries: 5,
        retryDelayMs: 1500,
        healthCheckIntervalMs: 30000,
        timeoutMs: 30000,
      },
      b: { transport: 'http', url: 'http://h.example/mcp', timeoutMs: 45000, disabled: true },
    },
  },
  {
    file: 'plain/servers.toml',
    servers: { a: { command: 'x', args: ['-v'] }, 'my-server-b129': { url: 'http://h.example/mcp' } },
  },
  {
    file: 'plain/transports.json',
    servers: {
      a: { url: 'https://h.example', transport: 'http' },
      b: { url: 'https://h.example', transport: 'http' },
      c: { url: 'https://h.example', transport: 'http' },
      d: { url: 'https://h.example', transport: 'sse' },
      e: { url: 'ws://h.example' },
      f: { url: 'https://h.example', transport: 'http' },
      g: { command: 'x', transport: 'stdio' },
    },
  },
  {
    file: 'plain/trust.json',
    servers: { a: { command: 'x', autoApprove: ['read'] } },
    says: ['note trust.json:2:42: /mcpServers/a/trust: is not a field of Toolway'],
  },
  {
    file: 'plain/twice.json',
    servers: { a: { command: 'y' }, b: { url: 'http://two.example' }, c: { command: 'z', autoApprove: ['r', 's'] } },
    says: [
      'warning twice.json:4:41: /mcpServers/b/serverUrl: says the same as url; this one counts',
      'warning twice.json:3:28: /mcpServers/a/command: is given twice; the last one counts',
    ],
  },
  {
    file: 'plain/two-roots.json',
    servers: { a: { command: 'x' }, b: { command: 'y' } },
    says: ['warning two-roots.json:1:1: has mcpServers and servers; the servers of all are used'],
  },
  {
    file: 'plain/of-others.json',
    servers: { a: { command: 'x' } },
    says: [
      'note of-others.json:3:28: /mcpServers/a/watchPaths: is not a field of Toolway',
      'warning of-others.json:3:51: /mcpServers/a/oauthScopes: has no effect in this version',
      'warning of-others.json:3:74: /mcpServers/a/auth: has no effect in this version',
    ],
  },
  {
    file: 'plain/windows.json',
    servers: { a: { command: 'C:\\Program Files\\nodejs\\npx.cmd', args: ['-y', 's'] } },
    says: ['note windows.json:3:82: /mcpServers/a/nope: is not a field of Toolway'],
  },
  {
    file: 'vscode/env-file.json',
    servers: {
      python: {
        transport: 'stdio',
        command: 'python',
        args: ['/work/app/server.py', '--port', '3000'],
        env: { API_KEY: '${env:API_KEY}', HOME_DIR: '/home/me/data' },
        envFile: '/work/app/.env',
      },
    },
  },
  {
    file: 'vscode/pick.json',
    servers: { cloud: { transport: 'http', url: 'https://${input:region}.example.com/mcp' } },
    inputs: [
      {
        type: 'pickString',
        id: 'region',
        description: 'Region',
        default: 'eu',
        options: [{ value: 'eu' }, { value: 'us', label: 'Far West' }],
      },
    ],
    says: [
      'note pick.json:2:3: comments are not part of JSON',
      'note pick.json:4:144: a comma before "}" is not part of JSON',
      'note pick.json:4:147: a comma before "]" is not part of JSON',
    ],
  },
  {
    file: 'vscode/settings.json',
    servers: { old: { command: 'run', args: ['${input:key}', '$${literal}'] } },
    inputs: [{ type: 'promptString', id: 'key' }],
  },
  {
    file: 'windsurf/switched.json',
    servers: {
      off: { url: 'https://example.com/sse', disabled: true, disabledTools: ['drop_table'], autoApprove: ['read'] },
    },
  },
  {
    file: 'zed/older.json',
    servers: {
      old: { command: 'run', args: ['-v'], env: { A: 'b' } },
      off: { disabled: true, command: 'x', timeoutMs: 60000 },
      slow: { command: 'x', timeoutMs: 120000 },
    },
    says: [
      'note older.json:7:5: /context_servers/from-extension: is started by an extension of Zed, which alone knows its command',
      'note older.json:1:1: comments are not part of JSON',
      'note older.json:9:50: a comma before "}" is not part of JSON',
    ],
  },
];
