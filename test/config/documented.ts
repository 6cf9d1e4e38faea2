/** Files shaped after what the hosts' own documentation shows, and what they mean. */
import type { Case } from './case.ts';

const SOURCES = {
  'claude-desktop': 'https://modelcontextprotocol.io/docs/develop/connect-local-servers',
  'claude-code': 'https://code.claude.com/docs/en/mcp',
  'claude-code-settings': 'https://code.claude.com/docs/en/mcp',
  vscode: 'https://code.visualstudio.com/docs/copilot/reference/mcp-configuration',
  cursor: 'https://cursor.com/docs/mcp',
  windsurf: 'https://docs.windsurf.com/windsurf/cascade/mcp',
  kiro: 'https://kiro.dev/docs/mcp/configuration',
  cline: 'https://docs.cline.bot/mcp/configuring-mcp-servers',
  roo: 'https://docs.roocode.com/features/mcp/using-mcp-in-roo',
  gemini: 'https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md',
  codex: 'https://developers.openai.com/codex/mcp',
  zed: 'https://zed.dev/docs/ai/mcp',
} as const;

export const DOCUMENTED: readonly Case[] = [
  {
    file: 'claude-code/expansion.json',
    source: SOURCES['claude-code'],
    servers: {
      'api-server': {
        transport: 'http',
        url: '${API_BASE_URL:-https://api.example.com}/mcp',
        headers: { Authorization: 'Bearer ${API_KEY}' },
      },
    },
  },
  {
    file: 'claude-code/project.json',
    source: SOURCES['claude-code'],
    servers: { 'shared-server': { command: '/path/to/server', args: [], env: {} } },
  },
  {
    file: 'claude-code/sse.json',
    source: SOURCES['claude-code'],
    servers: {
      'private-api': { transport: 'sse', url: 'https://api.company.example/sse', headers: { 'X-API-Key': 'your-key' } },
    },
  },
  {
    file: 'claude-code-settings/scopes.json',
    source: SOURCES['claude-code-settings'],
    servers: { both: { command: 'local' }, user: { transport: 'stdio', command: 'npx', args: ['-y', 'a'] } },
  },
  {
    file: 'claude-desktop/filesystem.json',
    source: SOURCES['claude-desktop'],
    servers: {
      filesystem: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-filesystem', '/Users/me/Desktop', '/Users/me/Downloads'],
      },
    },
  },
  {
    file: 'claude-desktop/windows-env.json',
    source: SOURCES['claude-desktop'],
    servers: {
      'brave-search': {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-brave-search'],
        env: { APPDATA: 'C:\\Users\\me\\AppData\\Roaming\\', BRAVE_API_KEY: '...' },
      },
    },
  },
  {
    file: 'cline/remote.json',
    source: SOURCES.cline,
    servers: {
      'remote-server': {
        url: 'https://your-server-url.com/mcp',
        headers: { Authorization: 'Bearer your-token' },
        autoApprove: ['tool3'],
        disabled: false,
      },
    },
  },
  {
    file: 'cline/stdio.json',
    source: SOURCES.cline,
    servers: {
      'local-server': {
        command: 'node',
        args: ['/path/to/server.js'],
        env: { API_KEY: 'your_api_key' },
        autoApprove: ['tool1', 'tool2'],
        disabled: false,
      },
    },
  },
  {
    file: 'cline/streamable.json',
    source: SOURCES.cline,
    servers: {
      'streamable-server': {
        transport: 'http',
        url: 'https://your-server-url.com/mcp',
        headers: { Authorization: 'Bearer your-token' },
        disabled: false,
        timeoutMs: 60000,
      },
      hour: { transport: 'stdio', command: 'x', timeoutMs: 3600000 },
      legacy: { transport: 'sse', url: 'https://h.example/sse', autoApprove: [] },
    },
  },
  {
    file: 'codex/http.toml',
    source: SOURCES.codex,
    servers: {
      figma: {
        url: 'https://mcp.figma.com/mcp',
        headers: {
          Authorization: 'Bearer ${FIGMA_OAUTH_TOKEN}',
          'X-Figma-Region': 'us-east-1',
          'X-Team': '${FIGMA_TEAM}',
        },
      },
    },
  },
  {
    file: 'codex/options.toml',
    source: SOURCES.codex,
    servers: {
      chrome_devtools: {
        url: 'http://localhost:3000/mcp',
        enabledTools: ['open', 'screenshot'],
        disabledTools: ['screenshot'],
        connectTimeoutMs: 20000,
        timeoutMs: 45000,
        disabled: false,
      },
    },
  },
  {
    file: 'codex/stdio.toml',
    source: SOURCES.codex,
    servers: {
      context7: {
        command: 'npx',
        args: ['-y', '@upstash/context7-mcp'],
        env: { LOCAL_TOKEN: '${LOCAL_TOKEN}', MY_ENV_VAR: 'MY_ENV_VALUE' },
      },
    },
  },
  {
    file: 'cursor/remote.json',
    source: SOURCES.cursor,
    servers: {
      'web-api': { url: 'https://api.example.com/mcp', headers: { Authorization: 'Bearer ${env:MY_SERVICE_TOKEN}' } },
    },
  },
  {
    file: 'cursor/stdio.json',
    source: SOURCES.cursor,
    servers: {
      'local-server': {
        command: 'python',
        args: ['/work/app/tools/mcp_server.py'],
        env: { API_KEY: '${env:API_KEY}' },
      },
    },
  },
  {
    file: 'gemini/credentials.json',
    source: SOURCES.gemini,
    servers: { googleCloudServer: { url: 'https://my-gcp-service.run.app/mcp', transport: 'http' } },
    says: [
      'warning credentials.json:5:7: /mcpServers/googleCloudServer/authProviderType: has no effect in this version',
      'warning credentials.json:6:7: /mcpServers/googleCloudServer/oauth: has no effect in this version',
    ],
  },
  {
    file: 'gemini/docker.json',
    source: SOURCES.gemini,
    servers: {
      dockerizedServer: {
        command: 'docker',
        args: ['run', '-i', '--rm', '-e', 'API_KEY', '-v', '${PWD}:/workspace', 'my-mcp-server:latest'],
        env: { API_KEY: '${EXTERNAL_SERVICE_TOKEN}' },
      },
    },
  },
  {
    file: 'gemini/filter.json',
    source: SOURCES.gemini,
    servers: {
      filteredServer: {
        command: 'python',
        args: ['-m', 'my_mcp_server'],
        enabledTools: ['safe_tool', 'file_reader', 'data_processor'],
        timeoutMs: 30000,
      },
    },
    says: ['note filter.json:8:7: comments are not part of JSON'],
  },
  {
    file: 'gemini/http.json',
    source: SOURCES.gemini,
    servers: {
      httpServerWithAuth: {
        url: 'http://localhost:3000/mcp',
        transport: 'http',
        headers: { Authorization: 'Bearer your-api-token', 'X-Custom-Header': 'custom-value' },
        timeoutMs: 5000,
      },
      discoveredServer: { url: 'https://api.example.com/sse', transport: 'sse' },
      typed: { url: 'https://api.example.com/mcp', transport: 'http' },
      short: { url: 'https://api.example.com/sse', timeoutMs: 500, transport: 'sse' },
    },
  },
  {
    file: 'gemini/python.json',
    source: SOURCES.gemini,
    servers: {
      pythonTools: {
        command: 'python',
        args: ['-m', 'my_mcp_server', '--port', '8080'],
        cwd: './mcp-servers/python',
        env: { DATABASE_URL: '${DB_CONNECTION_STRING}', API_KEY: '${EXTERNAL_API_KEY}', PRICE: '$5 and $$6' },
        timeoutMs: 15000,
      },
    },
  },
  {
    file: 'gemini/trust.json',
    source: SOURCES.gemini,
    servers: {
      nodeServer: {
        command: 'node',
        args: ['dist/server.js', '--verbose'],
        cwd: './mcp-servers/node',
        autoApprove: ['*'],
      },
      careful: { command: 'node' },
    },
  },
  {
    file: 'kiro/local.json',
    source: SOURCES.kiro,
    servers: {
      'local-server-name': {
        command: 'uvx',
        args: ['arg1', 'arg2'],
        env: { ENV_VAR1: 'hard-coded-variable', ENV_VAR2: '${EXPANDED_VARIABLE}' },
        disabled: false,
        autoApprove: ['tool_name1', 'tool_name2'],
        disabledTools: ['tool_name3'],
      },
    },
  },
  {
    file: 'kiro/remote.json',
    source: SOURCES.kiro,
    servers: {
      'remote-server-name': {
        url: 'https://endpoint.to.connect.to/mcp',
        headers: { HEADER1: 'value1' },
        disabled: false,
        autoApprove: ['*'],
        timeoutMs: 120000,
      },
    },
    says: ['warning remote.json:9:7: /mcpServers/remote-server-name/oauthScopes: has no effect in this version'],
  },
  {
    file: 'roo/docker.json',
    source: SOURCES.roo,
    servers: {
      github: {
        command: 'docker',
        args: [
          'run',
          '-i',
          '--rm',
          '-e',
          'GITHUB_PERSONAL_ACCESS_TOKEN=${env:GITHUB_PERSONAL_ACCESS_TOKEN}',
          'ghcr.io/github/github-mcp-server',
        ],
        autoApprove: ['get_pull_request'],
      },
    },
  },
  {
    file: 'roo/sse.json',
    source: SOURCES.roo,
    servers: {
      'legacy-remote-server': {
        transport: 'sse',
        url: 'https://your-legacy-server-url.com/mcp-base',
        headers: { Authorization: 'Bearer your-legacy-token' },
        timeoutMs: 300000,
        disabledTools: ['oldToolX'],
      },
    },
  },
  {
    file: 'roo/stdio.json',
    source: SOURCES.roo,
    servers: {
      'local-server': {
        command: 'node',
        args: ['server.js'],
        cwd: '/path/to/project/root',
        env: { API_KEY: 'your_api_key' },
        autoApprove: ['tool1', 'tool2'],
        disabled: false,
      },
    },
  },
  {
    file: 'roo/streamable.json',
    source: SOURCES.roo,
    servers: {
      'modern-remote-server': {
        transport: 'http',
        url: 'https://your-modern-server.com/api/mcp-endpoint',
        headers: { 'X-API-Key': 'your-secure-api-key' },
        autoApprove: ['newToolA', 'newToolB'],
        disabled: false,
      },
    },
  },
  {
    file: 'vscode/devcontainer.json',
    source: SOURCES.vscode,
    servers: { playwright: { command: 'npx', args: ['-y', '@microsoft/mcp-server-playwright'] } },
  },
  {
    file: 'vscode/input.json',
    source: SOURCES.vscode,
    servers: {
      perplexity: {
        transport: 'stdio',
        command: 'npx',
        args: ['-y', 'server-perplexity-ask'],
        env: { PERPLEXITY_API_KEY: '${input:perplexity-key}' },
      },
    },
    inputs: [{ type: 'promptString', id: 'perplexity-key', description: 'Perplexity API Key', password: true }],
  },
  {
    file: 'vscode/sandbox.json',
    source: SOURCES.vscode,
    servers: { myServer: { transport: 'stdio', command: 'npx', args: ['-y', '@example/mcp-server'] } },
    says: ['warning sandbox.json:7:7: /servers/myServer/sandboxEnabled: has no effect in this version'],
  },
  {
    file: 'vscode/servers.json',
    source: SOURCES.vscode,
    servers: {
      memory: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-memory'] },
      context7: { transport: 'http', url: 'https://mcp.context7.com/mcp' },
    },
  },
  {
    file: 'windsurf/remote.json',
    source: SOURCES.windsurf,
    servers: {
      'remote-http-mcp': {
        url: 'https://example.com/mcp',
        headers: { API_KEY: 'Bearer ${env:AUTH_TOKEN}', 'X-File': '${file:/run/secrets/token}' },
      },
    },
  },
  {
    file: 'windsurf/stdio.json',
    source: SOURCES.windsurf,
    servers: {
      github: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-github'],
        env: { GITHUB_PERSONAL_ACCESS_TOKEN: '<YOUR_PERSONAL_ACCESS_TOKEN>' },
      },
    },
  },
  {
    file: 'zed/custom.json',
    source: SOURCES.zed,
    servers: {
      'local-mcp-server': { command: 'some-command', args: ['arg-1', 'arg-2'], env: {} },
      'remote-mcp-server': { url: 'https://example.com/mcp', headers: { Authorization: 'Bearer <token>' } },
    },
  },
  {
    file: 'zed/source.json',
    source: SOURCES.zed,
    servers: { 'your-mcp-server': { command: 'some-command', args: ['arg-1', 'arg-2'], env: {} } },
  },
];
