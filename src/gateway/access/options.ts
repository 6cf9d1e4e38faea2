/** What decides who may come in, as the operator says it. Times are in milliseconds. */
import type { Permission } from '../principal.ts';

/**
 * Which tools exist for a principal, or which resources or prompts. A pattern is `server` or `server.name`, in both of
 * which `*` stands for any run of characters; the name of a resource is its URI, that of a template its text.
 */
export interface ToolFilter {
  /** Default: all. */
  allow?: readonly string[];
  /** Stronger than `allow`. */
  deny?: readonly string[];
}

/** How fast a principal may ask. Requests and calls are counted each for themselves. */
export interface RateLimit {
  perSecond?: number;
  perMinute?: number;
  /** How many at once, of the smaller of the two. Default: one second's or one minute's worth. */
  burst?: number;
}

/** What somebody is let do. */
export interface Grant {
  /** Default: `read` and `call`. `call` holds `read`, `admin` holds everything. */
  scopes?: readonly Permission[];
  /** A list is what is allowed. A server that is denied as a whole is not there at all. */
  tools?: readonly string[] | ToolFilter;
  /** Resources and their templates. Default: those of the servers that `tools` allows as a whole. */
  resources?: readonly string[] | ToolFilter;
  /** Default: those of the servers that `tools` allows as a whole. */
  prompts?: readonly string[] | ToolFilter;
}

/** How much somebody is let do. */
export interface Allowance {
  rateLimit?: RateLimit;
  /** Calls per day of UTC, counted in the store. */
  quota?: { perDay: number };
}

/** One key. Exactly one of `key` and `sha256` is given. */
export interface ApiKey extends Grant, Allowance {
  /** Names its holder in calls, histories and logs: `key:NAME`. */
  name: string;
  /** The key itself. */
  key?: string;
  /** SHA-256 of the key as 64 hexadecimal digits. Only for keys of at least 128 random bits, such as `createApiKey` makes. */
  sha256?: string;
  /** From then on it opens nothing: an ISO 8601 time. */
  expires?: string;
}

/** Access tokens of an authorization server, which the gateway accepts as an OAuth 2.0 resource server. What is allowed holds for each subject. */
export interface JwtOptions extends Allowance {
  /** Compared exactly with `iss`. */
  issuer: string;
  /** One of them has to be in `aud`, exactly: the URL of this gateway, as clients ask for it in `resource` (RFC 8707). */
  audience: string | readonly string[];
  /** Where the issuer's keys are. Default: what its metadata say (RFC 8414, OpenID Connect Discovery). https, or loopback. */
  jwksUri?: string;
  /** Signatures that are accepted; never `none`, never a shared secret. Default: RS256, PS256, ES256, EdDSA and their longer forms. */
  algorithms?: readonly string[];
  /**
   * What each scope of a token gives; `*` is given to every token. Permissions add up, and so do tools; a scope that
   * names no tools adds none to those that others name. Default: `toolway:read`, `toolway:call`, `toolway:approve`, `toolway:admin`.
   */
  scopes?: Readonly<Record<string, Grant>>;
  /** By how much clocks may differ for `exp` and `nbf`. Default 30 000, at most 300 000. */
  clockToleranceMs?: number;
}

/** What `createGateway` is told of who may come in. */
export interface AccessOptions {
  /**
   * `keys`: a key, a token or a cookie is asked for. `none`: everybody on this machine comes in as `local`, with all
   * permissions; Host and Origin are checked all the same. Default `keys`.
   */
  auth?: 'keys' | 'none';
  /** Default: none, so that only `createLink` lets anybody in. */
  apiKeys?: readonly ApiKey[];
  jwt?: JwtOptions | readonly JwtOptions[];
  /** Names by which the gateway may be called, beside those of loopback and the address it listens on: `name`, `name:port` or `*.name`. */
  allowedHosts?: readonly string[];
  /** Origins of web pages that may use the gateway, exactly as browsers send them: `https://app.example.com`. Its own pages always may. */
  allowedOrigins?: readonly string[];
  /** The URL under which clients know the gateway, where it differs from what their requests say. */
  publicUrl?: string;
  /** How many proxies of the operator's stand in front, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; `true` is 1. Default 0. */
  trustProxy?: boolean | number;
  /** Wrong credentials of one address in a minute before more of them are not looked at. Default 20. */
  maxFailures?: number;
  /** A browser's session without a request. Default 3 600 000. */
  sessionIdleMs?: number;
  /** A browser's session altogether. Default 43 200 000. */
  sessionMaxMs?: number;
  /** Fetches metadata and keys of issuers. Default: the global `fetch`. */
  fetch?: typeof fetch;
}
