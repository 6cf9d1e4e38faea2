/** Tells clients where their tokens come from (RFC 9728), and what is wrong with those they have (RFC 6750). */

import type { Permission } from '../principal.ts';
import { scopesGiving, scopesOf } from './jwt.ts';
import type { JwtOptions } from './options.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

export interface ResourceMetadata {
  resource: string;
  authorization_servers: string[];
  scopes_supported: string[];
  bearer_methods_supported: string[];
  resource_name: string;
}

/** `path` is that of the request for the document; `home` the gateway's own URL, without a slash at its end. */
export const metadataFor = (path: string, home: string, issuers: readonly JwtOptions[]): ResourceMetadata => ({
  resource: resourceOf(home + path.slice(WELL_KNOWN.length), issuers),
  authorization_servers: issuers.map(({ issuer }) => issuer),
  scopes_supported: scopesOf(issuers),
  bearer_methods_supported: ['header'],
  resource_name: 'Toolway',
});

/** The audience that stands for a URL: itself, or the nearest one above it, so that what clients ask for is what is accepted. */
const resourceOf = (url: string, issuers: readonly JwtOptions[]): string => {
  const above = issuers
    .flatMap(({ audience }) => audience)
    .filter((one) => one.replace(/\/$/, '') === url || url.startsWith(one.endsWith('/') ? one : `${one}/`));
  return above.sort((one, other) => other.length - one.length)[0] ?? url;
};

/** Why a request is not let in, in the terms of RFC 6750 §3.1. Without a credential there is nothing wrong with one. */
export type Fault = 'none' | 'invalid_token' | { missing: Permission };

/** `WWW-Authenticate` for a request of this path. */
export const challengeFor = (fault: Fault, path: string, home: string, issuers: readonly JwtOptions[]): string => {
  const parts = ['realm="toolway"'];
  if (fault === 'invalid_token') parts.push('error="invalid_token"', 'error_description="the credential is not valid"');
  else if (fault !== 'none') parts.push('error="insufficient_scope"');
  if (issuers.length > 0) {
    const scopes = scopesGiving(issuers, typeof fault === 'string' ? ['read', 'call'] : [fault.missing]);
    if (scopes.length > 0) parts.push(`scope="${scopes.join(' ')}"`);
    const suffix = /^\/mcp(\/[A-Za-z0-9_-]+)?$/.test(path) ? path : '';
    parts.push(`resource_metadata="${home}${WELL_KNOWN}${suffix}"`);
  }
  return `Bearer ${parts.join(', ')}`;
};
