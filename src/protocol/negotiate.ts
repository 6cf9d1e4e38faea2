/**
 * Finds out which era a server speaks, by asking (2026-07-28 basic/versioning). Evidence is what the server says about
 * the protocol; refusals (401, 403), failures (5xx) and, over HTTP, silence are none.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { Era } from './era.ts';
import { checkDiscover } from './results.ts';
import * as RPC from './rpc-codes.ts';
import type { JsonObject } from './types.ts';
import { type EraName, LEGACY_VERSIONS, MODERN_VERSIONS } from './wire.ts';

export interface Negotiation {
  /** Opens and starts a link, which the caller closes when the attempt fails; `sse` is asked for where Streamable HTTP was refused. */
  open(kind?: 'sse'): Promise<Engine>;
  /** True when the configuration leaves open whether the URL speaks Streamable HTTP or HTTP+SSE. */
  mayFallBackToSse: boolean;
  /** The era that the configuration pins, or that this server is known to speak. */
  known?: EraName;
  clock: Clock;
  /** What is left of the time of the attempt. */
  remainingMs(): number;
  /** A request of the handshake, under the limits of the connection attempt. */
  attempt<T>(method: string, run: (call: Call) => Promise<T>): Promise<T>;
  discover(engine: Engine, call: Call): Promise<JsonObject>;
  openModern(engine: Engine, discovered: JsonObject): Era;
  /** `accept` is asked once the server has answered; false means that the era has been decided otherwise meanwhile. */
  openLegacy(engine: Engine, call: Call, accept?: () => boolean): Promise<Era>;
}

export interface Negotiated {
  engine: Engine;
  era: Era;
}

/** What the finer cases go on with. */
export interface Ways {
  probe: typeof probe;
  legacy: typeof legacy;
  modern: typeof modern;
  isModern: typeof isModern;
  firstGuess: typeof firstGuess;
  refusesStreamableHttp: typeof refusesStreamableHttp;
  versions: Readonly<Record<EraName, readonly string[]>>;
}

export const negotiate = async (options: Negotiation): Promise<Negotiated> => {
  const engine = await options.open();
  const { known } = options;
  if (known === 'legacy') return legacy(options, engine);
  if (known === undefined && engine.transport.kind !== 'http') {
    const { overChannel } = await import('./negotiate-channel.ts');
    return overChannel(options, engine, WAYS);
  }
  return probe(options, engine).then(
    (discovered) => modern(options, engine, discovered),
    async (error: unknown) => {
      const guess = firstGuess(error);
      if (guess === undefined) throw error;
      if (guess === 'legacy' && known === undefined) return legacy(options, engine);
      const { afterRefusal } = await import('./negotiate-refused.ts');
      return afterRefusal(options, engine, error, WAYS);
    },
  );
};

/** Servers that know nothing of the probe may answer it with anything: what is no answer to it is a failure of the probe. */
const probe = (options: Negotiation, engine: Engine): Promise<JsonObject> =>
  options.attempt('server/discover', async (call) => {
    const discovered = await options.discover(engine, call);
    checkDiscover(discovered);
    return discovered;
  });

/** In the words of which era a server has refused; undefined where the failure has nothing to do with the protocol. */
const firstGuess = (error: unknown): EraName | undefined => {
  const { code, rpcCode = 0, status = 0 } = ToolwayError.from(error);
  if (code === 'protocol_error') return status < 500 ? 'legacy' : undefined;
  if (code !== 'server_error') return undefined;
  return MODERN_ERRORS.has(rpcCode) ? 'modern' : 'legacy';
};

const MODERN_ERRORS: ReadonlySet<number> = new Set([
  RPC.headerMismatch,
  RPC.missingClientCapability,
  RPC.unsupportedProtocolVersion,
]);

const legacy = async (options: Negotiation, engine: Engine): Promise<Negotiated> => {
  try {
    return { engine, era: await options.attempt('initialize', (call) => options.openLegacy(engine, call)) };
  } catch (error) {
    if (!options.mayFallBackToSse || !refusesStreamableHttp(error)) throw error;
    const { overSse } = await import('./negotiate-refused.ts');
    await engine.close();
    return overSse(options, error);
  }
};

/** HTTP answers that say "no Streamable HTTP here" (2025-11-25 basic/transports, backwards compatibility). */
const refusesStreamableHttp = (error: unknown): boolean =>
  error instanceof ToolwayError &&
  [400, 404, 405].includes(error.status ?? 0) &&
  // Who answers in the words of the modern era does speak Streamable HTTP.
  firstGuess(error) !== 'modern';

/** A server that has answered the probe: a modern one where we share a revision. */
const modern = async (options: Negotiation, engine: Engine, discovered: JsonObject): Promise<Negotiated> => {
  if (isModern(discovered)) return { engine, era: options.openModern(engine, discovered) };
  const { notOurs } = await import('./negotiate-refused.ts');
  return notOurs(options, engine, discovered, WAYS);
};

const isModern = ({ supportedVersions }: JsonObject): boolean =>
  Array.isArray(supportedVersions) && supportedVersions.includes(MODERN_VERSIONS[0]);

const WAYS: Ways = {
  probe,
  legacy,
  modern,
  isModern,
  firstGuess,
  refusesStreamableHttp,
  versions: { legacy: LEGACY_VERSIONS, modern: MODERN_VERSIONS },
};
