/** A server in the words of the host whose file it goes into. */
import type { Dialect } from '../../config/dialect.ts';
import type { ServerConfig } from '../../options.ts';
import type { Entry, EntryValue } from './entry.ts';

/** Fields that every host has a word for; the rest is Toolway's own. */
const COMMON: readonly string[] = ['command', 'args', 'env', 'cwd', 'url', 'headers', 'disabled'];

/** What is written for a server, and what the host has no word for. */
export interface WrittenEntry {
  entry: Entry;
  lost: string[];
}

/** Toolway's own words in its own files; in those of another host the nearest that it has. */
export const entryFor = (config: Partial<ServerConfig>, { name }: Pick<Dialect, 'name'>): WrittenEntry => {
  const fields = Object.entries(config).filter(([, value]) => value !== undefined && typeof value !== 'function');
  if (name === 'plain') return { entry: Object.fromEntries(fields) as Entry, lost: [] };
  const { url, headers, disabled, transport, ...rest } = Object.fromEntries(
    fields.filter(([field]) => COMMON.includes(field) || field === 'transport'),
  ) as { [field: string]: EntryValue };
  const entry: Entry = { ...typeOf(name, url !== undefined, transport), ...rest };
  if (url !== undefined) entry[urlField(name, transport)] = url;
  if (headers !== undefined) entry[name === 'codex' ? 'http_headers' : 'headers'] = headers;
  if (disabled !== undefined) Object.assign(entry, name === 'codex' ? { enabled: disabled !== true } : { disabled });
  const lost = fields.map(([field]) => field).filter((field) => !COMMON.includes(field) && field !== 'transport');
  return { entry, lost };
};

const urlField = (name: Dialect['name'], transport: EntryValue | undefined): string => {
  if (name === 'windsurf') return 'serverUrl';
  return name === 'gemini' && transport !== 'sse' ? 'httpUrl' : 'url';
};

/** Hosts that want to be told how a server is spoken to. */
const typeOf = (name: Dialect['name'], isRemote: boolean, transport: EntryValue | undefined): Entry => {
  if (name !== 'vscode' && name !== 'claude-code' && name !== 'claude-code-settings') {
    return transport === undefined || name === 'gemini' || name === 'windsurf' ? {} : { type: transport };
  }
  if (!isRemote) return { type: 'stdio' };
  return { type: transport === 'sse' ? 'sse' : 'http' };
};
