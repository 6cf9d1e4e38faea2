/**
 * One protocol era behind one interface. Everything above asks for a method and gets its complete result; what the
 * server wants to know in between, sessions, tasks and envelopes are the era's own business.
 */
import type { Call } from '../call.ts';
import type { SendOptions } from '../transport/transport.ts';
import type { Implementation, JsonObject, LogLevel, ServerCapabilities } from './types.ts';
import type { EraName } from './wire.ts';

/** What a server says of itself, in whichever handshake. */
export interface ServerIdentity {
  serverInfo: Implementation;
  capabilities: ServerCapabilities;
  instructions?: string;
}

export interface Era {
  readonly name: EraName;
  readonly protocolVersion: string;
  readonly identity: ServerIdentity;
  /** Sends a request in the era's envelope and resolves to its complete result, unchecked but for the envelope. */
  send(call: Call, method: string, params: JsonObject, options?: SendOptions): Promise<JsonObject>;
  /** Asks for a sign of life. */
  ping(call: Call): Promise<void>;
  /** Asks for log messages from `level` on. */
  setLogLevel(call: Call, level: LogLevel): Promise<void>;
  subscribe(call: Call, uri: string): Promise<void>;
  unsubscribe(call: Call, uri: string): Promise<void>;
  /** Tells the server that the roots changed, where the era has a word for it. */
  rootsChanged(): void;
  /** False for a notification that is the era's own business, or that the server may not send here and now. */
  admits(method: string, params: JsonObject): boolean;
  close(): void;
}
