/** The variables that a configuration refers to and that are not set. */
import type { ServerConfig } from '../../options.ts';
import type { Finding } from './finding.ts';

const REFERENCE = /(\$?)\$\{(?:env:)?([A-Za-z_]\w*)\}/g;

/** Texts of a configuration in which references are expanded. */
const textsOf = ({
  command,
  args = [],
  cwd,
  url,
  env = {},
  headers = {},
  envFile,
  proxy,
  tls = {},
}: ServerConfig): string[] =>
  [
    command,
    ...args,
    cwd,
    url,
    ...Object.values(env),
    ...Object.values(headers),
    envFile,
    proxy,
    ...Object.values(tls),
  ].filter((text) => typeof text === 'string');

export const checkVariables = (config: ServerConfig, env: Readonly<Record<string, string | undefined>>): Finding[] => {
  const names = textsOf(config).flatMap((text) =>
    [...text.matchAll(REFERENCE)].flatMap(([, escaped, name = '']) => (escaped === '' ? [name] : [])),
  );
  return [...new Set(names)]
    .filter((name) => env[name] === undefined)
    .map((name) => ({
      level: 'problem',
      check: 'configuration',
      says: `the variable ${name} is not set`,
      fix: `export ${name}=…`,
    }));
};
