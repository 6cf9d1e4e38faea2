/** Files that are broken, and what is said about each. */
import type { DialectName } from '../../src/config/dialect.ts';

/** `runs`: the servers that are usable all the same. */
export interface BrokenCase {
  file: string;
  host?: DialectName;
  runs?: string[];
  says: string[];
}

export const BROKEN: readonly BrokenCase[] = [
  { file: 'alias.yaml', says: ['error alias.yaml:2:6: there is no anchor &base before this alias'] },
  {
    file: 'args-item.json',
    runs: ['ok'],
    says: ['error args-item.json:2:41: /mcpServers/a/args/1: must be a string, not an object'],
  },
  {
    file: 'args.toml',
    runs: ['ok'],
    says: ['error args.toml:5:1: /mcp_servers/a/args: must be a list of strings, not a string'],
  },
  { file: 'both.yaml', runs: ['ok'], says: ['error both.yaml:3:3: /mcpServers/a: has both a command and a url'] },
  {
    file: 'cache.yaml',
    runs: ['ok'],
    says: ['error cache.yaml:3:20: /mcpServers/a/cache: needs tools: it is an object { ttlMs?, tools }'],
  },
  {
    file: 'codex-tools.toml',
    host: 'codex',
    runs: ['ok'],
    says: ['error codex-tools.toml:5:1: /mcp_servers/a/tools: must be a table of tools by name, not a list'],
  },
  { file: 'colon.json', says: ['error colon.json:2:16: ":" is expected, not "{"'] },
  { file: 'comment.jsonc', says: ['error comment.jsonc:1:22: this comment is not closed'] },
  { file: 'deep.json', says: ['error deep.json:1:79: nested deeper than 64 levels'] },
  {
    file: 'defaults.json',
    says: ['error defaults.json:1:35: /defaults/timeoutMs: must be a number of milliseconds above 0, not -1'],
  },
  { file: 'documents.yaml', says: ['error documents.yaml:2:1: a second document begins; a configuration is one'] },
  { file: 'ends.json', says: ['error ends.json:2:1: the text ends where a name in double quotes is expected'] },
  {
    file: 'env.yaml',
    runs: ['ok'],
    says: ['error env.yaml:6:7: /mcpServers/a/env/PATHS: must be a string, not a list'],
  },
  {
    file: 'escape.json',
    says: ['error escape.json:1:37: this string is not closed, or has a bad escape or a line break in it'],
  },
  {
    file: 'gemini-timeout.json',
    host: 'gemini',
    runs: ['ok'],
    says: [
      'error gemini-timeout.json:1:68: /mcpServers/a/timeout: must be a number of milliseconds above 0, not "fast"',
    ],
  },
  {
    file: 'gemini-trust.json',
    host: 'gemini',
    runs: ['ok'],
    says: ['error gemini-trust.json:1:68: /mcpServers/a/trust: must be true or false, not a string'],
  },
  { file: 'hash.json', says: ['error hash.json:2:3: comments begin with "//" in JSON, not with "#"'] },
  {
    file: 'limits.yaml',
    says: ['error limits.yaml:2:11: /limits/maxQueue: must be a whole number of 0 or more, not "many"'],
  },
  { file: 'list.json', says: ['error list.json:1:1: a configuration must be an object, not a list'] },
  { file: 'neither.json', runs: ['ok'], says: ['error neither.json:1:45: /mcpServers/a: needs a command or a url'] },
  { file: 'nested.yaml', says: ['error nested.yaml:1:13: nested mappings are not allowed in compact mappings'] },
  {
    file: 'no-servers.json',
    says: [
      'error no-servers.json:1:1: holds no servers: none of mcpServers, servers, mcp_servers, context_servers is there',
    ],
  },
  { file: 'pins.toml', says: ['error pins.toml:1:1: /pins: must be one of block, warn, off'] },
  {
    file: 'policy.yaml',
    says: [
      'error policy.yaml:3:3: /policy/default: must be one of allow, ask, deny',
      'error policy.yaml:4:24: /policy/rules/0/acton: is not known; did you mean action?',
      'error policy.yaml:4:11: /policy/rules/0: needs an action: allow, ask, deny',
    ],
  },
  {
    file: 'policy-typo.json',
    runs: ['a'],
    says: ['error policy-typo.json:3:3: /polcy: is not a field; did you mean policy?'],
  },
  { file: 'quotes.json', says: ['error quotes.json:1:3: a name in double quotes is expected, not "\'"'] },
  {
    file: 'retry.yaml',
    runs: ['ok'],
    says: ['error retry.yaml:3:29: /mcpServers/a/retry/atempts: is no part of { attempts }; did you mean attempts?'],
  },
  {
    file: 'scheme.json',
    runs: ['ok'],
    says: ['error scheme.json:1:45: /mcpServers/a: has a url of the scheme unix:, not http(s) or ws(s)'],
  },
  {
    file: 'server-string.json',
    runs: ['ok'],
    says: ['error server-string.json:2:3: /mcpServers/a: must be an object, not a string'],
  },
  {
    file: 'servers-list.yaml',
    says: ['error servers-list.yaml:1:1: /mcpServers: must be an object of servers by name, not a list'],
  },
  {
    file: 'string.json',
    says: ['error string.json:1:37: this string is not closed, or has a bad escape or a line break in it'],
  },
  { file: 'string.toml', says: ['error string.toml:2:13: unterminated string constant'] },
  { file: 'tab.yaml', says: ['error tab.yaml:2:1: tabs are not allowed as indentation'] },
  { file: 'tag.yaml', says: ['error tag.yaml:2:17: unresolved tag: tag:yaml.org,2002:js/function'] },
  {
    file: 'timeout.json',
    runs: ['ok'],
    says: ['error timeout.json:1:68: /mcpServers/a/timeoutMs: must be a number of milliseconds above 0, not "60s"'],
  },
  { file: 'tls.yaml', runs: ['ok'], says: ['error tls.yaml:3:33: /mcpServers/a/tls/ca: must be a string, not a list'] },
  { file: 'twice.toml', says: ['error twice.toml:3:1: defining a key multiple times is invalid'] },
  {
    file: 'type.json',
    runs: ['ok'],
    says: ['error type.json:1:71: /mcpServers/a/type: must be one of stdio, http, sse, websocket, not "grpc"'],
  },
  {
    file: 'vscode-command-input.json',
    host: 'vscode',
    runs: ['ok'],
    says: [
      'warning vscode-command-input.json:2:28: /inputs/0/type: runs a command of the editor, which only the editor has',
      'error vscode-command-input.json:4:37: /servers/a/env/PW: ${input:pw} runs a command of the editor, which only the editor has',
    ],
  },
  {
    file: 'vscode-input.json',
    host: 'vscode',
    runs: ['ok'],
    says: [
      'error vscode-input.json:4:37: /servers/a/args/0: ${input:apikey} is not among the inputs; did you mean api-key?',
    ],
  },
  {
    file: 'vscode-pick.json',
    host: 'vscode',
    runs: ['ok'],
    says: [
      'warning vscode-pick.json:2:54: /inputs/0/options: must be a list of strings or { label, value }, with one at least',
      'error vscode-pick.json:4:12: /servers/a/url: ${input:region} is defined wrongly at /inputs/0/options',
    ],
  },
  {
    file: 'zed-command.json',
    host: 'zed',
    runs: ['ok'],
    says: [
      'error zed-command.json:2:10: /context_servers/a/command: needs a path: it is an object { path, args?, env? }',
    ],
  },
  {
    file: 'typos.jsonc',
    runs: ['ok'],
    says: [
      'error typos.jsonc:4:28: /mcpServers/a/disabledTool: is not a field; did you mean disabledTools?',
      'error typos.jsonc:4:51: /mcpServers/a/arg: is not a field; did you mean args?',
      'note typos.jsonc:4:66: /mcpServers/a/watch: is not a field of Toolway',
      'warning typos.jsonc:5:29: /mcpServers/ok/oauthScopes: has no effect in this version',
      'note typos.jsonc:2:3: comments are not part of JSON',
    ],
  },
];
