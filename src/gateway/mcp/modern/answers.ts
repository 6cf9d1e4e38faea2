/** What a request of the modern era comes to: results with what each must carry, failures with the status that goes with them. */
import { ToolwayError } from '../../../errors.ts';
import * as RPC from '../../../protocol/rpc-codes.ts';
import type { RpcFault } from '../../../protocol/rpc-fault.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, type JsonRpcErrorBody, META } from '../../../protocol/wire.ts';
import type { Caller } from '../../principal.ts';
import { GATEWAY_INFO } from '../about.ts';
import { faultOf, GENERAL_ERROR } from '../fault.ts';
import { requiredFor, type Wanted } from './asked.ts';
import { HttpFault, missingCapability } from './faults.ts';
import type { Answer } from './reply.ts';

/** The extension under which calls become tasks. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** How long a client may believe a list that it was given; changes are announced on subscriptions. */
const LIST_TTL_MS = 10_000;

const OWN_META = { [META.serverInfo]: GATEWAY_INFO };

/** A result as it is sent: it says what kind it is, and whose. */
export const complete = (result: JsonObject): JsonObject => typed('complete', result);

export const typed = (resultType: string, { _meta, ...result }: JsonObject): JsonObject => ({
  ...result,
  resultType,
  _meta: isObject(_meta) ? { ..._meta, ...OWN_META } : OWN_META,
});

/**
 * A result that may be kept. What two callers are told can differ where they are known one by one, so that only the
 * answers of a gateway without keys are for everybody.
 */
export const cacheable = (result: JsonObject, { principal }: Caller, ttlMs: number = LIST_TTL_MS): JsonObject => ({
  ...complete(result),
  ttlMs,
  cacheScope: principal.id === 'local' ? 'public' : 'private',
});

/** The same for what a server said may be kept, or not. */
export const cacheableAsSaid = (result: JsonObject, { principal }: Caller): JsonObject => {
  const { ttlMs, cacheScope } = result;
  return {
    ...complete(result),
    ttlMs: typeof ttlMs === 'number' && ttlMs > 0 ? Math.floor(ttlMs) : 0,
    cacheScope: cacheScope === 'public' && principal.id === 'local' ? 'public' : 'private',
  };
};

export const succeeded = (result: JsonObject): Answer => ({ status: 200, result });

/** What is known of a request that failed, beside its error. */
export interface FailureFacts {
  /** What the client can do, as it says. */
  capabilities?: JsonObject;
  /** What was asked of it that it cannot answer. */
  refused?: ReadonlySet<Wanted> | undefined;
  /** The resource that was to be read. */
  uri?: unknown;
}

/** The error that a request ends with. */
export const failed = (thrown: unknown, { capabilities = {}, refused, uri }: FailureFacts = {}): Answer => {
  if (thrown instanceof HttpFault) return faulty(thrown.status, thrown);
  const missing = missingOf(thrown, capabilities, refused);
  if (missing !== undefined) return failed(missingCapability(missing));
  const error = allowed(faultOf(thrown, 'modern'));
  // server/resources#error-handling
  if (uri !== undefined && error.code === RPC.invalidParams) {
    error.data = { ...(isObject(error.data) && error.data), uri };
  }
  return { status: error.code === RPC.methodNotFound ? 404 : 200, error };
};

const faulty = (status: number, { code, message, data }: RpcFault): Answer => ({
  status,
  error: { code, message, ...(data !== undefined && { data }) },
});

/** The capabilities for the lack of which it failed. What the client has declared it does not lack: then the lack is ours. */
const missingOf = (
  thrown: unknown,
  capabilities: JsonObject,
  refused: ReadonlySet<Wanted> | undefined,
): JsonObject | undefined => {
  if (refused !== undefined && refused.size > 0) return requiredFor(refused);
  if (!(thrown instanceof ToolwayError) || thrown.rpcCode !== RPC.missingClientCapability) return undefined;
  const required = isObject(thrown.data) ? thrown.data.requiredCapabilities : undefined;
  if (!isObject(required)) return undefined;
  const missing = Object.entries(required).filter(([name, what]) => isObject(what) && !has(capabilities[name], what));
  return missing.length === 0 ? undefined : Object.fromEntries(missing);
};

/** Whether a declared capability has all parts of a required one. */
const has = (declared: unknown, required: JsonObject): boolean =>
  isObject(declared) && Object.keys(required).every((part) => declared[part] !== undefined);

/** Codes that a server of this revision must not send, or only in a sense that is not that of the server behind. */
const allowed = (error: JsonRpcErrorBody): JsonRpcErrorBody => {
  if (error.code === RPC.resourceNotFound) return { ...error, code: RPC.invalidParams };
  if (error.code > -32020 || error.code < -32099) return error;
  return { ...error, code: GENERAL_ERROR, data: { code: 'server_error', rpcCode: error.code, data: error.data } };
};
