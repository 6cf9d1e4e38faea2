/** `toolway config`: what is configured, and where each value comes from. Nothing is started and nothing is expanded. */
import { describeOrigin, type Origins } from '../../config/origin.ts';
import type { LoadedConfig } from '../../node/config-files.ts';
import type { ServerConfig } from '../../options.ts';
import type { Run } from '../command.ts';
import { type ConfigValue, rootValuesOf, valuesOf } from '../config-values.ts';
import { EXIT } from '../exit-codes.ts';
import type { OptionName, Options } from '../options.ts';
import { type Output, safeJson } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import { configOf, requireServer } from '../session.ts';

export const run: Run = async ({ args, options, output, context }) => {
  const config = await configOf(context, options, output, true);
  const all = Object.keys(config.mcpServers);
  const chosen = args[0] ?? options.value('server');
  if (chosen !== undefined) requireServer(chosen, all);
  const names = chosen === undefined ? all : [chosen];
  const servers = await Promise.all(names.map((name) => serverOf(name, config, options)));
  const root = rootValuesOf({ ...config }, config.rootOrigins);
  if (output.json) {
    const { files, untrusted, problems, aliases } = config;
    const document = Object.fromEntries(
      servers.map(({ name, values, ...rest }) => [name, { values: byField(values), ...rest }]),
    );
    await output.document({ files, untrusted, aliases, servers: document, settings: byField(root), problems });
    return EXIT.done;
  }
  if (servers.length === 0)
    await output.note('There are no servers; name a file with --config, or use --stdio or --url.');
  for (const { name, values, untrusted, error } of servers) {
    const alias = config.aliases[name];
    const remarks = [
      alias === undefined ? '' : `  (in the file: ${safeLine(alias)})`,
      untrusted ? '  (untrusted)' : '',
    ];
    await output.print(output.style.bold(name) + remarks.join(''));
    if (error !== undefined) await output.print(output.style.red(`  ${safeLine(error)}`));
    else await printRows(values, output);
  }
  if (root.length > 0) {
    await output.print(output.style.bold('settings'));
    await printRows(root, output);
  }
  return EXIT.done;
};

interface Shown {
  name: string;
  values: ConfigValue[];
  /** Nobody has agreed to it yet. */
  untrusted?: true;
  /** Why it cannot be used. */
  error?: string;
}

const serverOf = async (name: string, config: LoadedConfig, options: Options): Promise<Shown> => {
  const { untrusted, ...server } = config.mcpServers[name] as ServerConfig;
  const origins = { ...config.origins[name], ...originsOfLine(server, config.origins[name], options) };
  const values = valuesOf(server, origins, config);
  if (typeof server.transport !== 'function') return { name, values, ...(untrusted && { untrusted }) };
  try {
    await server.transport();
    return { name, values };
  } catch (thrown) {
    return { name, values: [], error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};

/** What the line says, by the field that it sets. */
const FLAGS: Readonly<Record<string, readonly OptionName[]>> = {
  url: ['url'],
  transport: ['transport'],
  headers: ['header'],
  command: ['stdio', 'server-command'],
  args: ['stdio', 'server-args'],
  env: ['env'],
};
const TIMES = ['timeoutMs', 'totalTimeoutMs', 'connectTimeoutMs'] as const;

const originsOfLine = (server: ServerConfig, known: Origins | undefined, options: Options): Origins => {
  const origins: Origins = {};
  if (options.flag('timeout')) {
    const timeoutMs = Number(options.value('timeout'));
    for (const field of TIMES) if (server[field] === timeoutMs) origins[field] = { kind: 'flag', name: '--timeout' };
  }
  // A server that no file and no variable knows is the line's own.
  if (known !== undefined) return origins;
  for (const [field, names] of Object.entries(FLAGS)) {
    const name = names.find((option) => options.flag(option));
    if (name !== undefined) origins[field] = { kind: 'flag', name: `--${name}` };
  }
  return origins;
};

const byField = (values: readonly ConfigValue[]): Record<string, Omit<ConfigValue, 'field'>> =>
  Object.fromEntries(values.map(({ field, ...rest }) => [field, rest]));

const WIDEST_VALUE = 60;

const printRows = async (values: readonly ConfigValue[], output: Output): Promise<void> => {
  const rows = values.map(({ field, value, origin }) => ({
    field: safeLine(field),
    shown: safeLine(typeof value === 'string' ? value : safeJson(value, 0)),
    origin: safeLine(describeOrigin(origin)),
  }));
  const widthOf = (key: 'field' | 'shown', most: number): number =>
    Math.min(most, Math.max(0, ...rows.map((row) => row[key].length)));
  const fieldWidth = widthOf('field', WIDEST_VALUE);
  const valueWidth = widthOf('shown', WIDEST_VALUE);
  for (const { field, shown, origin } of rows) {
    const line = `  ${field.padEnd(fieldWidth)}  ${shown.padEnd(valueWidth)}  `;
    await output.print(line + output.style.dim(origin));
  }
};
