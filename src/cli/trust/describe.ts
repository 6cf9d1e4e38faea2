/** What is agreed to, in lines that people read before they agree: complete, and with nothing hidden in it. */
import type { LaunchDefinition, SettingsDefinition } from '../../config/launch-definition.ts';
import type { FoundDefinition } from '../../node/found-files.ts';
import type { ServerConfig } from '../../options.ts';
import { lookOf } from '../../policy/lookalikes.ts';
import { createMask } from '../../telemetry/masking.ts';
import { secretValues } from '../../telemetry/secret-values.ts';
import { quote, shown } from './quote.ts';

/** One line: what it is about, and what there is. */
export interface DescribedLine {
  about: string;
  text: string;
  warning?: true;
}

const secretsOf = (server: ServerConfig): string[] => secretValues(server, []).filter((secret) => secret !== '');

const REFERENCE = /(?<!\$)\$\{[^}]*\}/g;
const LONG = 2_000;

/** Secrets that are written out give way to `***`; references stay, because they say what is handed over. */
const masked = (text: string, secrets: readonly string[]): string => {
  const mask = createMask();
  for (const secret of secrets) mask.add(secret);
  return text
    .split(/((?<!\$)\$\{[^}]*\})/)
    .map((part, index) => (index % 2 === 1 ? part : secrets.includes(part) ? '***' : mask.text(part)))
    .join('');
};

/** A header without its secret: the scheme is shown, and the variables that fill it. */
const headerValue = (name: string, value: string): string => {
  if (secretsOf({ headers: { [name]: value } }).length === 0) return value;
  const scheme = /^(?:bearer|basic|token|apikey|digest)\s+/i.exec(value)?.[0] ?? '';
  const parts = value.slice(scheme.length).split(/((?<!\$)\$\{[^}]*\})/);
  return scheme + parts.map((part, index) => (index % 2 === 1 || part === '' ? part : '***')).join('');
};

/** The same server with nothing secret in its headers and its URL, for people and for `--json`. */
export const withoutSecrets = (server: Partial<ServerConfig>): Partial<ServerConfig> => {
  const { headers, url, proxy } = server;
  return {
    ...server,
    ...(headers && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerValue(name, value)])),
    }),
    ...(url !== undefined && { url: masked(url, secretsOf({ url })) }),
    ...(proxy !== undefined && { proxy: masked(proxy, secretsOf({ url: proxy })) }),
  };
};

/** The same with nothing secret in its variables and arguments either, where nobody has to agree to them. */
export const screened = (server: ServerConfig): ServerConfig => {
  const { env, args } = server;
  const secrets = secretsOf({ ...(env && { env }), ...(args && { args }) });
  const hide = (text: string): string => masked(text, secrets);
  return {
    ...withoutSecrets(server),
    ...(env && { env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, hide(value)])) }),
    ...(args && { args: args.map(hide) }),
  };
};

/** Everything that is agreed to with a definition. */
export const describeDefinition = ({ definition }: Pick<FoundDefinition, 'definition'>): DescribedLine[] =>
  'settings' in definition ? describeSettings(definition) : describeLaunch(definition);

const describeSettings = ({ settings, folder }: SettingsDefinition): DescribedLine[] => [
  { about: 'for all servers', text: '' },
  ...Object.entries(settings).map(([name, value]) => ({ about: name, text: shown(JSON.stringify(value)) })),
  { about: 'in', text: quote(folder) },
];

const describeLaunch = ({ server, folder, inputs }: LaunchDefinition): DescribedLine[] => {
  const { command, args = [], cwd, env = {}, envFile, url, headers = {}, ...rest } = withoutSecrets(server);
  const lines: DescribedLine[] = [];
  const add = (about: string, text: string): void => void lines.push({ about, text });
  const warn = (text: string): void => void lines.push({ about: 'warning', text, warning: true });
  const words = command === undefined ? [] : [command, ...args];
  if (command !== undefined) add('starts', words.map(quote).join(' '));
  if (url !== undefined) add('connects to', quote(url));
  for (const [name, value] of Object.entries(headers)) add('header', `${quote(name)}: ${quote(value)}`);
  add('in', cwd === undefined ? quote(folder) : `${quote(cwd)}, seen from ${quote(folder)}`);
  for (const [name, value] of Object.entries(env)) add('with', `${quote(name)}=${quote(value)}`);
  if (envFile !== undefined) add('with all of', quote(envFile));
  for (const [field, value] of Object.entries(rest)) add(field, shown(JSON.stringify(value)));
  for (const input of inputs ?? []) add('input', shown(JSON.stringify(input)));
  const references = [...new Set(textsIn(server).flatMap((text) => text.match(REFERENCE) ?? []))];
  if (references.length > 0) add('is given', references.map(shown).join(' '));
  const host = url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
  if (host !== undefined && !url?.includes(`//${host}`)) warn(`its host is ${quote(host)}`);
  for (const word of [...words, url])
    if (word !== undefined && looksLikeAnother(word))
      warn(`${quote(word)} has letters of other alphabets that look like ${quote(lookOf(word))}`);
  const length = words.join(' ').length;
  if (length > LONG) warn(`what it starts has ${length} characters; read all of them`);
  return lines;
};

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

const looksLikeAnother = (word: string): boolean => {
  const look = lookOf(word);
  return look !== word && /^[\x20-\x7e]*$/.test(look);
};
