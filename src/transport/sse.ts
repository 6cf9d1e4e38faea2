/**
 * HTTP+SSE, the transport of 2024-11-05: one long GET brings everything the server says, beginning with the address to
 * which messages are posted. Deprecated, and spoken only with servers that know nothing else.
 * Source: https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
 */
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';
import type { ByteStore } from './bytes.ts';
import type { Envelope } from './envelope-scan.ts';
import { createSkipping } from './event-skip.ts';
import type { EventStream, StreamEvent } from './event-stream.ts';
import type { Exchange, ExchangeHost, ExchangeInit } from './http-exchange.ts';
import { type HeaderSource, headerReader } from './http-headers.ts';
import type { HttpParts } from './http-parts.ts';
import type { HeaderLookup, HttpPort, HttpReceiver, LinkReason } from './http-port.ts';
import type { Transport, TransportLimits } from './transport.ts';

/** Where the server is, and the way to it. */
export interface SseTransportOptions {
  /** Where the stream of events is. */
  url: string;
  headers?: HeaderSource;
  port: HttpPort;
  limits: TransportLimits;
  clock: Clock;
}

const EVENTS_IN = { accept: 'text/event-stream', 'accept-encoding': 'identity', 'cache-control': 'no-store' };
const MESSAGE_OUT = {
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
  'content-type': 'application/json',
};
const MAX_REFUSAL_BYTES = 4096;
const DONE = Promise.resolve();

/** Connects to one server. `start` resolves when the server has named its address for messages. Throws `invalid_config`. */
export const createSseTransport = (options: SseTransportOptions, parts: HttpParts): Transport => {
  const { createLingerers, excerpt, messageTooLarge, readEvent } = parts;
  const { port, clock } = options;
  const { maxMessageBytes } = options.limits;
  const url = parts.checkUrl(options.url);
  const readHeaders = headerReader(options.headers ?? {});
  const posts = new Map<RequestId, Exchange>();
  const others = new Set<Exchange>();
  const lingerers = createLingerers(clock);
  let protocolVersion: string | undefined;
  let endpoint: string | undefined;
  let ended: ToolwayError | undefined;
  let stopStream = (): void => {};
  let opened = { resolve: (): void => {}, reject: (_error: ToolwayError): void => {} };

  const warn = (error: ToolwayError): void => transport.onerror?.(error);

  const release = (why: ToolwayError): void => {
    ended = why;
    stopStream();
    for (const exchange of posts.values()) exchange.abort();
    posts.clear();
    for (const exchange of others) exchange.fail(why.with({ executed: 'unknown' }));
    lingerers.close();
    opened.reject(why);
  };
  /** The stream is all there is of a link here: with it the link is lost. */
  const lose = (why: ToolwayError): void => {
    if (ended !== undefined) return;
    const wasOpen = endpoint !== undefined;
    release(why);
    if (wasOpen) transport.onclose?.(why);
  };

  const onendpoint = (data: string): void => {
    if (endpoint !== undefined) return;
    const target = URL.canParse(data, url) ? new URL(data, url) : undefined;
    if (target === undefined || target.origin !== url.origin || target.username !== '' || target.password !== '') {
      const named = excerpt(data);
      lose(
        new ToolwayError('protocol_error', `the server wants its messages at another origin than its own: ${named}`, {
          executed: 'no',
        }),
      );
      return;
    }
    endpoint = target.href;
    opened.resolve();
  };
  const onevent = (event: StreamEvent): void => {
    if (ended !== undefined) return;
    if (event.event === 'endpoint') onendpoint(event.data);
    else {
      const value = readEvent(event, warn);
      if (value !== undefined) transport.onmessage?.(value as JsonRpcMessage);
    }
  };
  const ontoolarge = (envelope: Envelope | undefined): void => {
    const error = messageTooLarge(maxMessageBytes);
    // Whose answer it was decides: with that unknown, everyone in flight has to be told.
    if (envelope?.method === true) warn(error);
    else if (envelope?.id === undefined) lose(error);
    else transport.onfail?.(envelope.id, error);
  };

  const host: ExchangeHost = {
    maxMessageBytes,
    onhead() {},
    onmessage: (message, status) => transport.onmessage?.(message, status === undefined ? undefined : { status }),
    onwarning: warn,
    onsettled(exchange, error) {
      const { id, done } = exchange.init;
      if (id === undefined) {
        others.delete(exchange);
        done?.(error);
      } else {
        posts.delete(id);
        if (error !== undefined) transport.onfail?.(id, error);
      }
    },
    linger: lingerers.add,
    left: lingerers.remove,
  };

  const openStream = async (): Promise<void> => {
    const versionHeader: Record<string, string> =
      protocolVersion === undefined ? {} : { 'mcp-protocol-version': protocolVersion };
    const headers = { ...(await readHeaders()), ...EVENTS_IN, ...versionHeader };
    if (ended !== undefined) throw ended;
    const onendless = (): void => lose(messageTooLarge(maxMessageBytes));
    const stream = new parts.EventStream({
      maxBytes: maxMessageBytes,
      skipTooLarge: createSkipping({ onendless }),
      onevent,
      ontoolarge,
    });
    stopStream = port({ method: 'GET', url: url.href, headers }, new StreamReceiver(parts, stream, lose));
  };

  const transport: Transport = {
    kind: 'sse',
    setProtocolVersion(version) {
      protocolVersion = version;
    },
    async start() {
      await port.open?.();
      await new Promise<void>((resolve, reject) => {
        opened = { resolve, reject };
        openStream().catch((error: unknown) => lose(ToolwayError.from(error, { executed: 'no' })));
      });
    },
    send(message) {
      const { id, method } = message as { id?: RequestId; method?: string };
      const isRequest = method !== undefined && id !== undefined;
      const init: ExchangeInit = { answeredElsewhere: true, method };
      if (isRequest) init.id = id;
      const exchange = new parts.Exchange(host, init);
      const settled = isRequest ? DONE : parts.acceptance(exchange, clock);
      const target = endpoint;
      if (isRequest) posts.set(id, exchange);
      else others.add(exchange);
      if (ended !== undefined || target === undefined) {
        const why = new ToolwayError(
          ended?.code === 'closed' ? 'closed' : 'not_connected',
          'there is no event stream',
          {
            executed: 'no',
            cause: ended,
          },
        );
        queueMicrotask(() => exchange.fail(why));
        return settled;
      }
      const versionHeader: Record<string, string> =
        protocolVersion === undefined ? {} : { 'mcp-protocol-version': protocolVersion };
      // Written now: what it is made of is the caller's again in the next turn.
      const written = new Promise<string>((resolve) => resolve(JSON.stringify(message)));
      Promise.all([readHeaders(), written])
        .then(([given, body]) => {
          const headers = { ...given, ...MESSAGE_OUT, ...versionHeader };
          exchange.begin(port, { method: 'POST', url: target, headers, body });
        })
        .catch((error: unknown) => exchange.fail(ToolwayError.from(error, { executed: 'no' })));
      return settled;
    },
    cancel(id) {
      posts.get(id)?.abort();
      posts.delete(id);
    },
    async close() {
      if (ended?.code === 'closed') return;
      const wasLost = ended !== undefined;
      release(new ToolwayError('closed', 'the transport was closed', { executed: 'no' }));
      await port.close?.();
      if (!wasLost) transport.onclose?.();
    },
  };
  return transport;
};

/** The long GET: events when it succeeds, the reason when it does not. */
class StreamReceiver implements HttpReceiver {
  readonly #stream: EventStream;
  readonly #lose: (why: ToolwayError) => void;
  readonly #parts: HttpParts;
  readonly #refusal: ByteStore;
  #status = 0;
  #header: HeaderLookup = () => undefined;
  #isStream = false;

  constructor(parts: HttpParts, stream: EventStream, lose: (why: ToolwayError) => void) {
    this.#parts = parts;
    this.#refusal = new parts.ByteStore();
    this.#stream = stream;
    this.#lose = lose;
  }

  onhead(status: number, header: HeaderLookup): void {
    this.#status = status;
    this.#header = header;
    // A proxy may have lost the type; what was asked for can be nothing else, and has no end to wait for.
    this.#isStream = status === 200 && /^\s*(text\/event-stream\s*(;|$)|$)/i.test(header('content-type') ?? '');
  }

  onbytes(chunk: Uint8Array): void {
    if (this.#isStream) {
      this.#stream.feed(chunk);
      return;
    }
    this.#refusal.add(chunk);
    if (this.#refusal.length > MAX_REFUSAL_BYTES) this.onend();
  }

  onend(): void {
    if (this.#isStream) this.#lose(new ToolwayError('not_connected', 'the server ended its event stream'));
    else if (this.#status < 300) {
      const said = this.#parts.excerpt(this.#refusal.view());
      this.#lose(
        new ToolwayError(
          'protocol_error',
          `the server answered GET with something else than an event stream: ${said}`,
          {
            executed: 'no',
            status: this.#status,
          },
        ),
      );
    } else
      this.#lose(
        this.#parts.statusError(this.#status, this.#header, this.#refusal.view(), false).with({ executed: 'no' }),
      );
  }

  onerror(error: unknown, sent: boolean, why?: LinkReason): void {
    const failure = this.#parts.linkError(error, sent, why);
    this.#lose(
      failure.code === 'outcome_unknown'
        ? new ToolwayError('not_connected', failure.message, { cause: error })
        : failure,
    );
  }
}
