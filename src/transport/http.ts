/**
 * Streamable HTTP, both eras: every message is a POST of its own, answered by JSON or by a stream of events. There is
 * no link that could be lost; what fails is a single request. A request is modern when it says so in its `_meta`
 * (2026-07-28), everything else is legacy: a session, a stream on which the server speaks unasked, resumption.
 * Sources: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports and
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
import { type Clock, systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { RequestId } from '../protocol/wire.ts';
import { createRoster } from '../roster.ts';
import { onceLoaded } from '../waits.ts';
import { acceptance } from './acceptance.ts';
import { excerpt } from './http-errors.ts';
import { Exchange, type ExchangeHost, type ExchangeInit } from './http-exchange.ts';
import type { HeaderSource } from './http-headers.ts';
import { httpParts } from './http-parts.ts';
import type { HttpPort } from './http-port.ts';
import { checkUrl } from './http-url.ts';
import { createLingerers } from './lingerers.ts';
import { type Outgoing, outgoingHeaders, versionIn } from './outgoing-headers.ts';
import type { SessionLink } from './session-streams.ts';
import {
  DEFAULT_MAX_MESSAGE_BYTES,
  SESSION_LOST,
  type SendOptions,
  type Transport,
  type TransportLimits,
} from './transport.ts';

/** Where the server is, and the way to it. */
export interface HttpTransportOptions {
  /** The MCP endpoint. */
  url: string;
  headers?: HeaderSource;
  port: HttpPort;
  limits?: Partial<TransportLimits>;
  clock?: Clock;
}

/** Visible ASCII (2025-11-25 basic/transports, "Session Management"). */
const SESSION_ID = /^[\x21-\x7e]+$/;
const DONE = Promise.resolve();

/** Connects to one MCP endpoint. Throws `invalid_config` when the URL cannot be used; `start` rejects with it when the headers cannot. */
export const createHttpTransport = (options: HttpTransportOptions): Transport => {
  const { port, clock = systemClock, limits } = options;
  const url = checkUrl(options.url).href;
  const headers = outgoingHeaders(options.headers);
  const maxMessageBytes = limits?.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  const exchanges = createRoster<Exchange>();
  const lingerers = createLingerers(clock);
  let standby: { stop(): void } | undefined;
  let closing: Promise<void> | undefined;

  const warn = (error: ToolwayError): void => transport.onerror?.(error);

  /** What all streams of a session have in common. */
  const link: SessionLink = {
    parts: httpParts,
    port,
    url,
    headers: headers.forStream,
    clock,
    maxMessageBytes,
    onwarning: warn,
  };

  const exchangeOf = (id: RequestId): Exchange | undefined => exchanges.find(({ init }) => init.id === id);
  const leave = (exchange: Exchange): void => {
    if (exchange.seat !== undefined) exchanges.remove(exchange.seat);
  };

  const host: ExchangeHost = {
    maxMessageBytes,
    onhead({ init }, status, header) {
      if (init.id !== undefined) transport.onanswer?.(init.id);
      if (init.method !== 'initialize' || status < 200 || status > 299) return;
      const given = header('mcp-session-id');
      headers.sessionId = given !== undefined && SESSION_ID.test(given) ? given : undefined;
      if (given !== undefined && headers.sessionId === undefined) {
        warn(new ToolwayError('protocol_error', `the server gave an unusable session id: ${excerpt(given)}`));
      }
    },
    onmessage: (message, status) => transport.onmessage?.(message, status === undefined ? undefined : { status }),
    onwarning: warn,
    onsettled(exchange, error) {
      const { init } = exchange;
      // Of many requests that fail by the same lost session, the first one forgets it.
      if (error?.cause === SESSION_LOST && headers.sessionId === init.sessionId) {
        headers.sessionId = undefined;
        standby?.stop();
      }
      leave(exchange);
      if (init.id === undefined) {
        if (error === undefined && init.method === 'notifications/initialized') openStandby();
        init.done?.(error);
      } else if (error !== undefined) transport.onfail?.(init.id, error);
    },
    resume: (exchange, start) =>
      onceLoaded(
        import('./session-streams.ts').then(({ resumeAnswer }) => resumeAnswer),
        (resumeAnswer) => resumeAnswer(link, exchange, start),
        (error) => exchange.fail(error),
      ),
    linger: lingerers.add,
    left: lingerers.remove,
  };

  /** Only the legacy era has sessions with streams of their own, so what reads them is loaded with the first one. */
  const openStandby = (): void => {
    standby?.stop();
    standby = onceLoaded(
      import('./session-streams.ts').then(({ openStandby }) => openStandby),
      (openStandby) => openStandby(link, transport),
      warn,
    );
  };

  const begin = (exchange: Exchange, message: Outgoing, sendOptions?: SendOptions): void => {
    const body = JSON.stringify(message);
    const go = (given: Record<string, string>): void => {
      exchange.init.sessionId = given['mcp-session-id'];
      exchange.begin(port, { method: 'POST', url, headers: given, body });
    };
    const given = headers.forMessage(message, sendOptions);
    if (!(given instanceof Promise)) go(given);
    else given.then(go).catch((error: unknown) => exchange.fail(ToolwayError.from(error, { executed: 'no' })));
  };

  const transport: Transport = {
    kind: 'http',
    get sessionId() {
      return headers.sessionId;
    },
    setProtocolVersion(version) {
      headers.protocolVersion = version;
    },
    async start() {
      await headers.open();
      await port.open?.();
    },
    send(message, sendOptions) {
      const { id, method, params } = message as Outgoing;
      const isRequest = method !== undefined && id !== undefined;
      const init: ExchangeInit = { method, resumable: versionIn(params) === undefined };
      if (isRequest) init.id = id;
      const exchange = new Exchange(host, init);
      const settled = isRequest ? DONE : acceptance(exchange, clock);
      const refusal = refuse(init);
      if (refusal !== undefined) {
        if (!isRequest) init.done?.(refusal);
        else queueMicrotask(() => transport.onfail?.(id, refusal));
        return settled;
      }
      exchange.seat = exchanges.add(exchange);
      try {
        begin(exchange, message as Outgoing, sendOptions);
      } catch (error) {
        queueMicrotask(() => exchange.fail(ToolwayError.from(error, { executed: 'no' })));
      }
      return settled;
    },
    cancel(id) {
      const exchange = exchangeOf(id);
      if (exchange === undefined) return;
      exchange.abort();
      leave(exchange);
    },
    close() {
      closing ??= end();
      return closing;
    },
  };

  const refuse = ({ id }: ExchangeInit): ToolwayError | undefined => {
    if (closing !== undefined) return new ToolwayError('closed', 'the transport is closed', { executed: 'no' });
    if (id !== undefined && exchangeOf(id) !== undefined) {
      return new ToolwayError('internal', `the request id ${JSON.stringify(id)} is in use`, { executed: 'no' });
    }
    return undefined;
  };

  const end = async (): Promise<void> => {
    standby?.stop();
    for (const exchange of exchanges.values()) {
      if (exchange.init.id !== undefined) exchange.abort();
      else exchange.fail(new ToolwayError('closed', 'the transport was closed', { executed: 'unknown' }));
      leave(exchange);
    }
    lingerers.close();
    if (headers.sessionId !== undefined) {
      await import('./session-streams.ts').then(({ endSession }) => endSession(link, headers)).catch(() => {});
    }
    await port.close?.();
    transport.onclose?.();
  };

  return transport;
};
