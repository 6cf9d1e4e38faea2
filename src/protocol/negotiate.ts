/**
 * Finds out which era a server speaks, by asking (2026-07-28 basic/versioning). Evidence is what the server says about
 * the protocol; refusals (401, 403), failures (5xx) and, over HTTP, silence are none.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { TransportKind } from '../transport/transport.ts';
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

const MODERN_ERRORS: ReadonlySet<number> = new Set([
  RPC.headerMismatch,
  RPC.missingClientCapability,
  RPC.unsupportedProtocolVersion,
]);

export const negotiate = async (options: Negotiation): Promise<Negotiated> => {
  const engine = await options.open();
  if (options.known === 'legacy') return legacy(options, engine);
  if (options.known === 'modern') return modern(options, engine, await probe(options, engine));
  if (speaksHttp(engine.transport.kind)) return overHttp(options, engine);
  const { overChannel } = await import('./negotiate-channel.ts');
  return overChannel(options, engine, { legacy, modern, isModern, modernRefusal });
};

/** What the ways of finding out have in common. */
export interface Verdicts {
  legacy: typeof legacy;
  modern: typeof modern;
  isModern: typeof isModern;
  modernRefusal: typeof modernRefusal;
}

const speaksHttp = (kind: TransportKind | undefined): boolean => kind === 'http';

/** Servers that know nothing of the probe may answer it with anything: what is no answer to it is a failure of the probe. */
const probe = (options: Negotiation, engine: Engine): Promise<JsonObject> =>
  options.attempt('server/discover', async (call) => {
    const discovered = await options.discover(engine, call);
    checkDiscover(discovered);
    return discovered;
  });

const legacy = async (options: Negotiation, engine: Engine): Promise<Negotiated> => {
  try {
    return { engine, era: await options.attempt('initialize', (call) => options.openLegacy(engine, call)) };
  } catch (error) {
    if (!options.mayFallBackToSse || !speaksHttp(engine.transport.kind) || !refusesStreamableHttp(error)) throw error;
    await engine.close();
    return overSse(options, error);
  }
};

const overSse = async (options: Negotiation, first: unknown): Promise<Negotiated> => {
  try {
    const engine = await options.open('sse');
    return { engine, era: await options.attempt('initialize', (call) => options.openLegacy(engine, call)) };
  } catch (error) {
    const both = [first, error].map((each) => ToolwayError.from(each).message).join('; over HTTP+SSE: ');
    throw new ToolwayError('connect_failed', `over Streamable HTTP: ${both}`, {
      executed: 'no',
      cause: new AggregateError([first, error]),
      status: first instanceof ToolwayError ? first.status : undefined,
    });
  }
};

/** A server of the modern era that we share a revision with, or a legacy one that answers `server/discover`. */
const modern = async (options: Negotiation, engine: Engine, discovered: JsonObject): Promise<Negotiated> => {
  // Some legacy servers answer whatever they do not know with an empty result.
  if (options.known === undefined && !Array.isArray(discovered.supportedVersions)) return legacy(options, engine);
  if (isModern(discovered)) return { engine, era: options.openModern(engine, discovered) };
  const { supportedVersions } = checkDiscover(discovered);
  if (sharesVersion(supportedVersions, LEGACY_VERSIONS) && options.known === undefined) return legacy(options, engine);
  throw new ToolwayError(
    'unsupported',
    `the server speaks only protocol revisions ${supportedVersions.join(', ').slice(0, 200)}`,
    {
      executed: 'no',
    },
  );
};

/** What an error answer to the probe says: undefined means legacy, else the error that ends the attempt. */
const modernRefusal = (error: unknown): ToolwayError | undefined => {
  if (!(error instanceof ToolwayError)) return ToolwayError.from(error);
  if (error.code === 'protocol_error') return error.status !== undefined && error.status >= 500 ? error : undefined;
  if (error.code !== 'server_error') return error;
  if (offers(error, LEGACY_VERSIONS)) return undefined;
  if (error.rpcCode === RPC.unsupportedProtocolVersion && !offers(error, MODERN_VERSIONS))
    return new ToolwayError('unsupported', `the server speaks no protocol revision of ours: ${error.message}`, {
      executed: 'no',
      rpcCode: error.rpcCode,
      cause: error,
    });
  return MODERN_ERRORS.has(error.rpcCode ?? 0) ? error : undefined;
};

const overHttp = async (options: Negotiation, engine: Engine): Promise<Negotiated> => {
  let discovered: JsonObject;
  try {
    discovered = await probe(options, engine).catch((error: unknown) => {
      // A server that names our revision among those it supports is asked again.
      if (offers(error, MODERN_VERSIONS)) return probe(options, engine);
      throw error;
    });
  } catch (error) {
    const refusal = modernRefusal(error);
    if (refusal !== undefined) throw refusal;
    return legacy(options, engine);
  }
  return modern(options, engine, discovered);
};

/** Whether a refusal of our revision names one of `ours` among those that the server supports. */
const offers = (error: unknown, ours: readonly string[]): boolean => {
  if (!(error instanceof ToolwayError) || error.rpcCode !== RPC.unsupportedProtocolVersion) return false;
  const supported = (error.data as { supported?: unknown } | undefined)?.supported;
  return Array.isArray(supported) && sharesVersion(supported, ours);
};

/** HTTP answers that say "no Streamable HTTP here" (2025-11-25 basic/transports, backwards compatibility). */
const refusesStreamableHttp = (error: unknown): boolean =>
  error instanceof ToolwayError &&
  [400, 404, 405].includes(error.status ?? 0) &&
  // Who answers in the words of the modern era does speak Streamable HTTP.
  !MODERN_ERRORS.has(error.rpcCode ?? 0);

const isModern = ({ supportedVersions }: JsonObject): boolean =>
  Array.isArray(supportedVersions) && sharesVersion(supportedVersions, MODERN_VERSIONS);

const sharesVersion = (offered: readonly unknown[], ours: readonly string[]): boolean =>
  offered.some((version) => typeof version === 'string' && ours.includes(version));
