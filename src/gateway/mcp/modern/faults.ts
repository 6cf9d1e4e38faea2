/** Requests of the modern era that are refused before, or instead of, being carried out: as JSON-RPC errors with their HTTP status. */
import * as RPC from '../../../protocol/rpc-codes.ts';
import { RpcFault } from '../../../protocol/rpc-fault.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { MODERN_VERSIONS } from '../../../protocol/wire.ts';

/** A JSON-RPC error that travels with an HTTP status other than 200. */
export class HttpFault extends RpcFault {
  readonly status: number;

  constructor(status: number, code: number, message: string, data?: unknown) {
    super(code, message, data);
    this.status = status;
  }
}

/** What is no request of the protocol at all. */
export const badRequest = (message: string): HttpFault => new HttpFault(400, RPC.invalidRequest, message);

/** Metadata that every request must carry is missing or unusable. */
export const badMeta = (message: string): HttpFault => new HttpFault(400, RPC.invalidParams, message);

/** A header is missing, unreadable, or says something else than the body. */
export const headerMismatch = (message: string): HttpFault =>
  new HttpFault(400, RPC.headerMismatch, `Header mismatch: ${message}`);

export const unsupportedVersion = (requested: string): HttpFault =>
  new HttpFault(400, RPC.unsupportedProtocolVersion, 'Unsupported protocol version', {
    supported: [...MODERN_VERSIONS],
    requested,
  });

/** What was asked for needs something that the client has not declared for this request; it names what. */
export const missingCapability = (requiredCapabilities: JsonObject): HttpFault =>
  new HttpFault(400, RPC.missingClientCapability, 'Missing required client capability', { requiredCapabilities });

export const noSuchMethod = (method: string): HttpFault =>
  new HttpFault(404, RPC.methodNotFound, `Method not found: ${method.slice(0, 80)}`);

/** Parameters that a method cannot use. It was understood, so that the status is 200. */
export const invalidParams = (message: string): RpcFault => new RpcFault(RPC.invalidParams, message);
