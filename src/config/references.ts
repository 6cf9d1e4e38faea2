/** References that are settled when a file is read, because they depend on where it lies and on its host. */
import type { ServerConfig } from '../options.ts';
import type { Dialect } from './dialect.ts';
import { escapeReferences } from './expand.ts';
import { pointerStep } from './places.ts';

/** The folders that hosts have names for. */
export interface Folders {
  /** The folder that the host would have open. */
  workspaceFolder: string;
  userHome: string;
  /** `/` or `\`. */
  pathSeparator: string;
}

const REFERENCE = /(?<!\$)\$\{(workspaceFolderBasename|workspaceFolder|userHome|pathSeparator|\/)\}/g;
const BARE = /(?<!\$)\$([A-Za-z_]\w*)/g;
const INPUT = /(?<!\$)\$\{input:([^}:]*)(?::-[^}]*)?\}/g;

/** Changes every text of a server that says where it is; `change` is given the JSON Pointer of each. */
const mapTexts = (
  config: Partial<ServerConfig>,
  change: (text: string, path: string) => string,
): Partial<ServerConfig> => {
  const mapped = { ...config };
  for (const key of ['command', 'cwd', 'envFile', 'url', 'proxy'] as const) {
    const text = config[key];
    if (text !== undefined) mapped[key] = change(text, `/${key}`);
  }
  if (config.args !== undefined) mapped.args = config.args.map((arg, index) => change(arg, `/args/${index}`));
  for (const key of ['env', 'headers'] as const) {
    const record = config[key];
    if (record === undefined) continue;
    mapped[key] = Object.fromEntries(
      Object.entries(record).map(([name, text]) => [name, change(text, `/${key}${pointerStep(name)}`)]),
    );
  }
  return mapped;
};

/** Fills in the folders that the host knows, and writes `$NAME` as `${NAME}` where the host has that. */
export const settleReferences = (
  config: Partial<ServerConfig>,
  { hasFolders, hasBareReferences }: Pick<Dialect, 'hasFolders' | 'hasBareReferences'>,
  folders: Folders | undefined,
): Partial<ServerConfig> => {
  const fills = hasFolders && folders !== undefined;
  if (!hasBareReferences && !fills) return config;
  return mapTexts(config, (text) => {
    const settled = hasBareReferences ? text.replace(BARE, (_, name: string) => `\${${name}}`) : text;
    return fills
      ? settled.replace(REFERENCE, (_, name: string) => escapeReferences(folderNamed(name, folders)))
      : settled;
  });
};

const folderNamed = (name: string, { workspaceFolder, userHome, pathSeparator }: Folders): string => {
  if (name === 'workspaceFolder') return workspaceFolder;
  if (name === 'userHome') return userHome;
  if (name === 'workspaceFolderBasename') return workspaceFolder.split(/[\\/]/).findLast((part) => part !== '') ?? '';
  return pathSeparator;
};

/** The inputs that a server refers to, each with the JSON Pointer of the text that does. */
export const inputsOf = (config: Partial<ServerConfig>): { id: string; path: string }[] => {
  const found: { id: string; path: string }[] = [];
  mapTexts(config, (text, path) => {
    for (const [, id = ''] of text.matchAll(INPUT)) found.push({ id, path });
    return text;
  });
  return found;
};
