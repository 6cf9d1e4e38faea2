/** Credentials of one's own: what each principal gives for `${principal:NAME}` in the configuration of a server. */

import type { ServerConfig } from './options.ts';

/** Where the credentials of a server go. A value is given for one target, and sent to no other. */
export interface CredentialTarget {
  /** `url`: its origin. `command`: the SHA-256 of the program, its arguments, folder and variables as the configuration has them. */
  kind: 'url' | 'command';
  id: string;
  /** For people: the origin, or the command line as it is configured, without what is secret in it. */
  shown: string;
}

/** What a server wants of each principal. */
export interface WantedCredentials {
  /** By which the configuration calls them, sorted. */
  names: readonly string[];
  /** Those that are sent in a header, which takes printable ASCII only. */
  inHeaders: readonly string[];
  target: CredentialTarget;
}

/** What is asked for when a principal is connected. */
export interface CredentialRequest {
  server: string;
  principal: string;
  names: readonly string[];
  /** The `id` of the target as it is now. */
  target: string;
}

/** Gives the values of all names. Rejects with `auth_required` where one was not given, or not for this target. */
export type CredentialSource = (request: CredentialRequest) => Promise<Readonly<Record<string, string>>>;

/** Where such a credential may stand. What a program is started with can be read by everybody on its machine. */
export const CREDENTIAL_FIELDS = ['env', 'headers', 'url'] as const satisfies (keyof ServerConfig)[];

/** The names that a text refers to, also within the default of another reference. */
export const credentialNames = (text: string): string[] =>
  [...text.matchAll(/(?<!\$)\$\{principal:([^}]*)\}/g)].map(([, name = '']) => name);

/** What each principal has to give for a server, sorted; with `fields` for these alone. */
export const credentialsOf = (
  config: Partial<ServerConfig>,
  fields: readonly (typeof CREDENTIAL_FIELDS)[number][] = CREDENTIAL_FIELDS,
): string[] => {
  const texts = fields.flatMap((field) => {
    const value = config[field];
    return typeof value === 'object' ? Object.values(value) : [value ?? ''];
  });
  return [...new Set(texts.flatMap(credentialNames))].sort();
};
