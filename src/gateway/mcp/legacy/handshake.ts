/** The handshake of the legacy era (2025-11-25 basic/lifecycle): what a client says in `initialize`, and what it is told. */
import type { ClientCapabilities, JsonObject } from '../../../protocol/types.ts';
import { isObject, LEGACY_VERSIONS } from '../../../protocol/wire.ts';
import type { About } from '../about.ts';
import { invalidParams } from '../fault.ts';

export type LegacyVersion = (typeof LEGACY_VERSIONS)[number];

/** Reads the parameters of `initialize`. A revision that we do not speak is answered with the latest that we do. */
export const readHello = (params: JsonObject): { version: LegacyVersion; capabilities: ClientCapabilities } => {
  const { protocolVersion, capabilities = {} } = params;
  if (typeof protocolVersion !== 'string') throw invalidParams('protocolVersion is not a text');
  if (!isObject(capabilities)) throw invalidParams('capabilities is not an object');
  return {
    version: LEGACY_VERSIONS.find((known) => known === protocolVersion) ?? LEGACY_VERSIONS[0],
    capabilities: readCapabilities(capabilities),
  };
};

/** What is declared as an object is offered; all else of it is the client's own business. */
const readCapabilities = ({ elicitation, sampling, roots }: JsonObject): ClientCapabilities => ({
  ...(isObject(elicitation) && { elicitation }),
  ...(isObject(sampling) && { sampling }),
  ...(isObject(roots) && { roots }),
});

const TASKS = { list: {}, cancel: {}, requests: { tools: { call: {} } } };

/** Only the latest revision knows tasks, and only of tools. */
export const helloOf = (version: LegacyVersion, { serverInfo, capabilities, instructions }: About): JsonObject => ({
  protocolVersion: version,
  capabilities: {
    ...capabilities,
    ...(version === '2025-11-25' && capabilities.tools !== undefined && { tasks: TASKS }),
  },
  serverInfo,
  ...(instructions !== undefined && { instructions }),
});
