/** How a server introduces itself, in either handshake. Lenient: much of it is for display only. */
import { broken, type CacheHints, cacheHints, listOf, objectOf } from './answer.ts';
import { isAbsent, isObject } from './shape.ts';
import type { Implementation, JsonObject, ServerCapabilities } from './types.ts';
import { META } from './wire.ts';

/** What a handshake tells of a server. */
interface ServerIntroduction {
  capabilities: ServerCapabilities;
  serverInfo: Implementation;
  instructions?: string;
}

// Only what is declared as an object is used, so a `null` reads as "not declared" and any other value as "without options".
const capabilitiesOf = (method: string, value: unknown): ServerCapabilities => {
  if (isAbsent(value)) return {};
  if (!isObject(value)) throw broken(method, 'capabilities is not an object');
  if (Object.values(value).every(isObject)) return value as ServerCapabilities;
  const declared = Object.entries(value).filter(([, options]) => !isAbsent(options) && options !== false);
  return Object.fromEntries(declared.map(([key, options]) => [key, isObject(options) ? options : {}]));
};

// For display only, so nothing in it is worth losing a server for.
const implementationOf = (value: unknown): Implementation => {
  const { name, version, ...rest } = isObject(value) ? value : {};
  const info: JsonObject = rest;
  for (const key of ['title', 'description', 'websiteUrl']) if (typeof info[key] !== 'string') delete info[key];
  if (!Array.isArray(info.icons)) delete info.icons;
  return { ...info, name: typeof name === 'string' ? name : '', version: typeof version === 'string' ? version : '' };
};

const introduction = (method: string, value: JsonObject, serverInfo: unknown): ServerIntroduction => {
  const told: ServerIntroduction = {
    capabilities: capabilitiesOf(method, value.capabilities),
    serverInfo: implementationOf(serverInfo),
  };
  if (typeof value.instructions === 'string') told.instructions = value.instructions;
  return told;
};

/** The answer to `initialize`. Lenient: only the revision is needed. */
export const checkInitialize = (value: unknown): ServerIntroduction & { protocolVersion: string } => {
  const result = objectOf('initialize', value);
  const { protocolVersion } = result;
  if (typeof protocolVersion !== 'string') throw broken('initialize', 'protocolVersion is not a string');
  return { protocolVersion, ...introduction('initialize', result, result.serverInfo) };
};

/** The answer to `server/discover` (2026-07-28); who the server is stands in its `_meta`. */
export const checkDiscover = (value: unknown): ServerIntroduction & CacheHints & { supportedVersions: string[] } => {
  const method = 'server/discover';
  const result = objectOf(method, value);
  const supportedVersions = listOf(method, result, 'supportedVersions');
  const wrong = supportedVersions.findIndex((version) => typeof version !== 'string');
  if (wrong >= 0) throw broken(method, `supportedVersions[${wrong}] is not a string`);
  const meta = isObject(result._meta) ? result._meta : {};
  return {
    supportedVersions: supportedVersions as string[],
    ...introduction(method, result, meta[META.serverInfo]),
    ...cacheHints(result),
  };
};
