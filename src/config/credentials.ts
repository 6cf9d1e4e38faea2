/** `${principal:NAME}`: the credential that each caller of the gateway has given for a server; where it may stand, and what must stand beside it. */
import { CREDENTIAL_FIELDS, credentialNames, credentialsOf } from '../credentials.ts';
import type { Problem } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { pointerStep } from './places.ts';

const NAME = /^[A-Za-z_][\w.-]{0,63}$/;
/** A URL of which the host is complete before the first credential. */
const HOST_FIRST = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]+|\$\{[^}]*\}[^/?#]*)[/?#]/i;

/** Fields that are no place for one. */
const OTHERS = ['command', 'args', 'cwd', 'envFile', 'proxy', 'tls'] as const satisfies (keyof ServerConfig)[];

const textsOf = (
  config: Partial<ServerConfig>,
  fields: readonly (keyof ServerConfig)[],
): [path: string, text: string][] =>
  fields.flatMap((field): [string, string][] => {
    const value: unknown = config[field];
    if (typeof value === 'string') return [[`/${field}`, value]];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, text]): [string, string][] =>
      typeof text === 'string' ? [[`/${field}${pointerStep(key)}`, text]] : [],
    );
  });

/** What is wrong with the references to callers' credentials, by JSON Pointers into the server. */
export const credentialProblems = (config: Partial<ServerConfig>): Problem[] => {
  const problems: Problem[] = [];
  for (const [path, text] of textsOf(config, OTHERS))
    if (credentialNames(text).length > 0)
      problems.push({
        path,
        message: `refers to a caller's credential, which may stand in ${CREDENTIAL_FIELDS.join(', ')} only`,
      });
  for (const [path, text] of textsOf(config, CREDENTIAL_FIELDS)) {
    const unusable = credentialNames(text).find((name) => !NAME.test(name));
    if (unusable !== undefined)
      problems.push({
        path,
        message: `"\${principal:${unusable}}" does not name a credential; it has no default either`,
      });
  }
  const { url = '', isolation } = config;
  if (credentialNames(url).length > 0 && !HOST_FIRST.test(url.slice(0, url.search(/(?<!\$)\$\{principal:/))))
    problems.push({ path: '/url', message: "cannot have a caller's credential in its host" });
  if (isolation !== undefined && isolation !== 'perPrincipal' && credentialsOf(config).length > 0)
    problems.push({
      path: '/isolation',
      message: `cannot be ${isolation}: with \${principal:…} every caller has a connection of its own`,
    });
  return problems;
};
