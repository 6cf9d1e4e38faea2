/** The headers of everything that a Streamable HTTP transport sends: the user's, those of the content, those of the session or of the modern envelope. */
import type { JsonObject } from '../protocol/types.ts';
import { META, type RequestId } from '../protocol/wire.ts';
import type { HeaderSource } from './http-headers.ts';
import { requestHeaders } from './mcp-headers.ts';
import type { SendOptions } from './transport.ts';

/** A message of ours, of whichever kind. */
export interface Outgoing {
  id?: RequestId;
  method?: string;
  params?: JsonObject;
}

type Headers = Record<string, string>;

export interface OutgoingHeaders {
  sessionId: string | undefined;
  protocolVersion: string | undefined;
  /** Gets the user's headers ready. Rejects with `invalid_config` when they cannot be used. */
  open(): Promise<void>;
  /** For one message. At once, unless the user's headers come from a function that takes its time. */
  forMessage(message: Outgoing, options?: SendOptions): Headers | Promise<Headers>;
  /** For a stream of events of this session. */
  forStream(): Headers | Promise<Headers>;
  /** For the end of this session. */
  forEnd(): Headers | Promise<Headers>;
}

/**
 * `identity`, because Node's pool hands out bodies as they come, and a compressed stream of events would be held back
 * by whoever compresses it. (Browsers set this header themselves and decode by themselves.)
 */
const JSON_IN = {
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
  'content-type': 'application/json',
};
const NONE: Headers = {};
const EVENTS_IN = { accept: 'text/event-stream', 'accept-encoding': 'identity' };

export const outgoingHeaders = (source: HeaderSource | undefined): OutgoingHeaders => {
  let read: () => Headers | Promise<Headers> = () => NONE;
  let usual: { given: Headers; sessionId?: string; protocolVersion?: string; headers: Headers } | undefined;

  const withGiven = (join: (given: Headers) => Headers): Headers | Promise<Headers> => {
    const given = read();
    return given instanceof Promise ? given.then(join) : join(given);
  };
  const session = (): Headers => {
    const { sessionId, protocolVersion } = own;
    return {
      ...(protocolVersion === undefined ? {} : { 'mcp-protocol-version': protocolVersion }),
      ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
    };
  };
  /** Nearly all requests of a session share one object, as long as nothing in it changes. */
  const inSession = (given: Headers): Headers => {
    const { sessionId, protocolVersion } = own;
    const known = usual;
    if (known?.given === given && known.sessionId === sessionId && known.protocolVersion === protocolVersion) {
      return known.headers;
    }
    const headers = { ...given, ...JSON_IN, ...session() };
    usual = { given, sessionId, protocolVersion, headers };
    return headers;
  };

  const own: OutgoingHeaders = {
    sessionId: undefined,
    protocolVersion: undefined,
    async open() {
      if (source !== undefined) read = (await import('./http-headers.ts')).headerReader(source);
    },
    forMessage({ method, params }, options) {
      const version = versionIn(params);
      return withGiven((given) => {
        if (version !== undefined && method !== undefined) {
          return { ...given, ...JSON_IN, ...requestHeaders(version, method, params), ...options?.headers };
        }
        // A new session begins with a request that knows of none.
        return method === 'initialize' ? { ...given, ...JSON_IN } : inSession(given);
      });
    },
    forStream: () => withGiven((given) => ({ ...given, ...EVENTS_IN, ...session() })),
    forEnd() {
      const ended = session();
      return withGiven((given) => ({ ...given, ...ended }));
    },
  };
  return own;
};

/** The revision that a request of the modern era carries. */
export const versionIn = (params: JsonObject | undefined): string | undefined => {
  const version = (params?._meta as JsonObject | undefined)?.[META.protocolVersion];
  return typeof version === 'string' ? version : undefined;
};
