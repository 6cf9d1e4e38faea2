/** Finds out the era where the first answer does not settle it. Loaded with the first such answer. */
import { ToolwayError } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { Negotiated, Negotiation, Ways } from './negotiate.ts';
import * as RPC from './rpc-codes.ts';
import type { JsonObject } from './types.ts';
import type { EraName } from './wire.ts';

/** Goes on where the probe was refused in the words of the modern era, or of the legacy one though the modern one is asked for. */
export const afterRefusal = async (
  options: Negotiation,
  engine: Engine,
  refusal: unknown,
  ways: Ways,
): Promise<Negotiated> => {
  const { probe, legacy, modern, refusesStreamableHttp, versions } = ways;
  if (options.known === 'modern') throw refusesStreamableHttp(refusal) ? notModern(refusal) : refusal;
  let last = refusal;
  if (offers(refusal, versions.modern)) {
    // A server that names our revision among those it supports is asked again.
    const discovered = await probe(options, engine).catch((error: unknown) => {
      last = error;
    });
    if (discovered !== undefined) return modern(options, engine, discovered);
  }
  const failure = modernRefusal(last, ways);
  if (failure !== undefined) throw failure;
  return legacy(options, engine);
};

/** What an error answer to the probe says: undefined means legacy, else the error that ends the attempt. */
export const modernRefusal = (thrown: unknown, { firstGuess, versions }: Ways): ToolwayError | undefined => {
  const error = ToolwayError.from(thrown);
  if (firstGuess(error) === 'legacy' || offers(error, versions.legacy)) return undefined;
  if (error.rpcCode !== RPC.unsupportedProtocolVersion || offers(error, versions.modern)) return error;
  return new ToolwayError('unsupported', `the server speaks no protocol revision of ours: ${error.message}`, {
    executed: 'no',
    rpcCode: error.rpcCode,
    cause: error,
  });
};

/** Goes on where the server has answered the probe, and none of its revisions is of our modern era. */
export const notOurs = async (
  options: Negotiation,
  engine: Engine,
  { supportedVersions }: JsonObject,
  { legacy, versions: ours }: Ways,
): Promise<Negotiated> => {
  // Some legacy servers answer whatever they do not know with an empty result.
  const versions = Array.isArray(supportedVersions) ? supportedVersions : ours.legacy;
  if (options.known === undefined && shares(versions, ours.legacy)) return legacy(options, engine);
  const shown = versions.filter((version) => typeof version === 'string').join(', ');
  throw new ToolwayError('unsupported', `the server speaks only protocol revisions ${shown.slice(0, 200)}`, {
    executed: 'no',
  });
};

const notModern = (thrown: unknown): ToolwayError => {
  const cause = ToolwayError.from(thrown);
  return new ToolwayError(
    'unsupported',
    `the server seems to speak the legacy era, and its configuration asks for the modern one: ${cause.message}`,
    { executed: 'no', status: cause.status, rpcCode: cause.rpcCode, cause },
  );
};

/** With these a server refuses the handshake of an era that it does not speak. */
const NOT_THIS_ERA: ReadonlySet<number> = new Set([
  RPC.invalidRequest,
  RPC.methodNotFound,
  RPC.invalidParams,
  RPC.unsupportedProtocolVersion,
]);

/** The refusal of a handshake whose era is pinned: where the server does not speak it, nothing else is left to try. */
export const pinnedRefusal = (pinned: EraName, cause: ToolwayError): ToolwayError =>
  NOT_THIS_ERA.has(cause.rpcCode ?? 0)
    ? new ToolwayError('unsupported', `the server refuses the ${pinned} era, which its configuration asks for`, {
        executed: 'no',
        server: cause.server,
        rpcCode: cause.rpcCode,
        cause,
      })
    : cause;

/** Opens the session over HTTP+SSE, where Streamable HTTP was refused. */
export const overSse = async (options: Negotiation, refusal: unknown): Promise<Negotiated> => {
  try {
    const engine = await options.open('sse');
    return { engine, era: await options.attempt('initialize', (call) => options.openLegacy(engine, call)) };
  } catch (error) {
    const both = [refusal, error].map((each) => ToolwayError.from(each).message).join('; over HTTP+SSE: ');
    throw new ToolwayError('connect_failed', `over Streamable HTTP: ${both}`, {
      executed: 'no',
      cause: new AggregateError([refusal, error]),
      status: refusal instanceof ToolwayError ? refusal.status : undefined,
    });
  }
};

/** Whether a refusal of our revision names one of `ours` among those that the server supports. */
const offers = (error: unknown, ours: readonly string[]): boolean => {
  if (!(error instanceof ToolwayError) || error.rpcCode !== RPC.unsupportedProtocolVersion) return false;
  const supported = (error.data as { supported?: unknown } | undefined)?.supported;
  return Array.isArray(supported) && shares(supported, ours);
};

const shares = (offered: readonly unknown[], ours: readonly string[]): boolean =>
  offered.some((version) => typeof version === 'string' && ours.includes(version));
