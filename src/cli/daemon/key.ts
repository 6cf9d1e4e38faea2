/** Which lines may share a toolkit: those whose servers would be started in the very same way. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { inputVariable } from '../../config/inputs.ts';
import { childEnvironment } from '../../node/child-env.ts';
import type { ServerConfig, ToolkitOptions } from '../../options.ts';
import type { ToolkitSource } from '../command.ts';

export interface ToolkitKey {
  /** Of everything. */
  all: string;
  /** Of where it is from, without what stands there: what has the same place and another key was changed. */
  place: string;
}

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64');

/** Every name that may be looked up when the references in a text are filled in, and perhaps some more. */
const namesIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/\$\{([^}]*)/g)].flatMap(([, inner = '']) => [
      ...(inner.match(/[A-Za-z_]\w*/g) ?? []),
      inner.split(':-')[0]?.replace(/^env:/, '') ?? '',
    ]),
  ),
];

/** The files that are read at the start of a server, as they are named. */
const filesNamed = (text: string, servers: readonly ServerConfig[]): string[] => [
  ...[...text.matchAll(/\$\{file:([^}]*)\}/g)].map(([, path = '']) => JSON.parse(`"${path}"`) as string),
  ...servers.flatMap(({ envFile, tls = {} }) => [envFile, ...Object.values(tls)].filter((path) => path !== undefined)),
];

/** When a file was changed last. */
const changed = (file: string, cwd: string, { HOME, USERPROFILE }: NonNullable<ToolkitOptions['env']>): unknown => {
  const path = file.replace(/^~(?=[\\/])/, () => HOME || USERPROFILE || homedir());
  const found = statSync(resolve(cwd, path), { throwIfNoEntry: false });
  return found && [found.mtimeMs, found.size];
};

const isStarted = ({ command, transport }: ServerConfig): boolean => command !== undefined || transport === 'stdio';

/**
 * The key of a toolkit: its configuration, the variables that it refers to or that children inherit, the working
 * directory of children, the file of pins, and the inputs that the line gives.
 */
export const keyOf = (
  options: ToolkitOptions,
  { mcpServers, files, inputs }: ToolkitSource,
  cwd: string,
): ToolkitKey => {
  // Where a value stands is no matter: a comment that is added changes nothing.
  const {
    rootOrigins: _,
    mcpServers: _chosen,
    logger: _logger,
    env = {},
    inputs: defined = [],
    ...rest
  } = options as ToolkitOptions & {
    rootOrigins?: unknown;
  };
  const servers = Object.values(mcpServers);
  const written = { ...rest, mcpServers, defined };
  const text = JSON.stringify(written);
  const names = [...namesIn(text), ...defined.map(({ id }) => inputVariable(id))];
  const world = [
    files,
    inputs,
    names.map((name) => env[name] ?? null),
    servers.some(isStarted) && [cwd, childEnvironment({}, env)],
  ];
  const all = hashOf([world, text, filesNamed(text, servers).map((file) => changed(file, cwd, env))]);
  return { all, place: files.length === 0 ? all : hashOf(world) };
};
