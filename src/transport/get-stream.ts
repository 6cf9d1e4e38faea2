/**
 * The event stream of a GET in the legacy era, opened again whenever it ends: the one on which a server speaks unasked,
 * and the rest of an answer that broke off (2025-11-25 basic/transports, "Resumability and Redelivery").
 */
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { ByteStore } from './bytes.ts';
import { createSkipping } from './event-skip.ts';
import type { EventStream } from './event-stream.ts';
import type { EventTrail } from './event-trail.ts';
import type { HttpParts } from './http-parts.ts';
import type { HeaderLookup, HttpPort, HttpReceiver, LinkReason } from './http-port.ts';

/** Where the stream is, and what becomes of it. */
export interface GetStreamOptions {
  parts: HttpParts;
  port: HttpPort;
  url: string;
  /** All headers but `Last-Event-ID`; asked before each connection. */
  headers: () => Record<string, string> | Promise<Record<string, string>>;
  clock: Clock;
  maxMessageBytes: number;
  trail: EventTrail;
  /** Waits as the trail says before the first connection too, since one has just broken. */
  resumed: boolean;
  /** One value, and whether an earlier connection has brought it before. */
  onvalue: (value: unknown, repeated: boolean) => void;
  onwarning: (error: ToolwayError) => void;
  /** One event was too large. The stream goes on behind it, unless it is a resumed one, which is to be stopped. */
  ontoolarge: () => void;
  /** It will not be opened again. */
  ongiveup: (error: ToolwayError) => void;
  /** The same, refused as if the session were gone. Given for the stream on which the server speaks unasked. */
  onlost?: (error: ToolwayError) => void;
}

/** Connections in a row that bring nothing before it is given up: a server that hangs up at once must not be asked for ever. */
const MAX_BARREN = 5;
/** A connection that held this long is no loop, even when it brought nothing: proxies cut idle streams every few minutes. */
const HEALTHY_MS = 30_000;
const JITTER = 0.2;
/** No wait between two connections is longer, unless the server asks for it in a refusal. */
const LONGEST_WAIT_MS = 60_000;
const MAX_REFUSAL_BYTES = 4096;

/** Opens the stream and keeps it open until it is stopped or given up. */
export const openGetStream = (options: GetStreamOptions): { stop(): void } => {
  const { clock, trail, ongiveup, onlost } = options;
  let barren = 0;
  let connections = 0;
  let wasOpen = false;
  let stopped = false;
  let timer: Timer | undefined;
  let connection: Connection | undefined;

  const giveUp = (error: ToolwayError): void => {
    stopped = true;
    // One that does not exist is refused the first time.
    const isLost = connections > 1 && (error.status === 404 || error.status === 400);
    if (onlost === undefined) ongiveup(error);
    else (isLost ? onlost : ongiveup)(ofStandby('is given up', error));
  };
  const onclosed = ({ opened, fruitful, final, error, waitMs }: Closed): void => {
    connection = undefined;
    if (stopped) return;
    barren = fruitful ? 0 : barren + 1;
    wasOpen ||= opened;
    // Nobody else would find out that a server is back: what it had opened once is waited for.
    const isAway = onlost !== undefined && wasOpen && !opened;
    if (final || (barren >= MAX_BARREN && !isAway)) {
      giveUp(error);
      return;
    }
    if (barren === MAX_BARREN) options.onwarning(ofStandby('cannot be opened at present', error));
    later(waitMs);
  };
  const connect = async (): Promise<void> => {
    try {
      const headers = await options.headers();
      if (stopped) return;
      trail.reconnect();
      connections += 1;
      connection = new Connection(options, onclosed);
      connection.begin(trail.lastId === undefined ? headers : { ...headers, 'last-event-id': trail.lastId });
    } catch (error) {
      if (!stopped) giveUp(ToolwayError.from(error));
    }
  };
  const later = (leastMs = 0): void => {
    // The server's own wish is met to the letter; only what it did not ask for is spread.
    const backoff = barren === 0 ? trail.retryMs : trail.retryMs * 2 ** barren * (1 + JITTER * (2 * Math.random() - 1));
    timer = clock.after(Math.max(Math.min(backoff, LONGEST_WAIT_MS), leastMs), () => void connect());
  };

  if (options.resumed) later();
  else void connect();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
      connection?.abort();
    },
  };
};

const ofStandby = (fate: string, error: ToolwayError): ToolwayError =>
  new ToolwayError(error.code, `the stream on which the server speaks unasked ${fate}: ${error.message}`, {
    executed: error.executed,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
    cause: error,
  });

interface Closed {
  /** The server had begun to answer with events. */
  opened: boolean;
  fruitful: boolean;
  /** Nothing would change by another attempt. */
  final: boolean;
  error: ToolwayError;
  waitMs?: number | undefined;
}

class Connection implements HttpReceiver {
  readonly #options: GetStreamOptions;
  readonly #onclosed: (closed: Closed) => void;
  readonly #body: ByteStore;
  readonly #startedAt: number;
  #status = 0;
  #header: HeaderLookup = () => undefined;
  #stream: EventStream | undefined;
  #fruitful = false;
  #over = false;
  #abort: (() => void) | undefined;

  constructor(options: GetStreamOptions, onclosed: (closed: Closed) => void) {
    this.#options = options;
    this.#body = new options.parts.ByteStore();
    this.#onclosed = onclosed;
    this.#startedAt = options.clock.now();
  }

  begin(headers: Record<string, string>): void {
    const { port, url } = this.#options;
    this.#abort = port({ method: 'GET', url, headers }, this);
  }

  abort(): void {
    this.#over = true;
    this.#abort?.();
  }

  onhead(status: number, header: HeaderLookup): void {
    this.#status = status;
    this.#header = header;
    if (status < 200 || status > 299 || status === 204) return;
    const type = header('content-type') ?? 'no content type';
    if (!/^\s*text\/event-stream\s*(;|$)/i.test(type)) {
      const error = new ToolwayError(
        'protocol_error',
        'the server answered GET with something else than an event stream',
        { status },
      );
      this.#close({ final: true, error });
      return;
    }
    const { parts, maxMessageBytes, trail, ontoolarge, resumed, onvalue, onwarning } = this.#options;
    const onendless = (): void => this.#close({ final: false, error: parts.messageTooLarge(maxMessageBytes) });
    this.#stream = new parts.EventStream({
      maxBytes: maxMessageBytes,
      skipTooLarge: resumed ? undefined : createSkipping({ onendless }),
      onretry: (ms) => trail.setRetry(ms),
      ontoolarge,
      onevent: (event) => {
        if (this.#over) return;
        const seen = trail.note(event.id);
        const value = parts.readEvent(event, onwarning);
        if (value === undefined) {
          // Waiting for an answer, a new id alone is a sign of life; unasked, it is how an endless loop looks.
          if (seen === 'advanced' && resumed) this.#fruitful = true;
          return;
        }
        if (seen !== 'repeated') this.#fruitful = true;
        onvalue(value, seen === 'repeated');
      },
    });
  }

  onbytes(chunk: Uint8Array): void {
    if (this.#over) return;
    if (this.#stream !== undefined) this.#stream.feed(chunk);
    else {
      this.#body.add(chunk);
      if (this.#body.length > MAX_REFUSAL_BYTES) this.#refused();
    }
  }

  onend(): void {
    if (this.#over) return;
    if (this.#stream === undefined) this.#refused();
    else
      this.#close({
        final: false,
        error: new ToolwayError('outcome_unknown', 'the server ended the stream', { executed: 'unknown' }),
      });
  }

  onerror(error: unknown, sent: boolean, why?: LinkReason): void {
    if (this.#over) return;
    this.#close({ final: error instanceof ToolwayError, error: this.#options.parts.linkError(error, sent, why) });
  }

  #refused(): void {
    const status = this.#status;
    const final = status < 500 && status !== 429 && status !== 408;
    const { statusError, retryAfterMs } = this.#options.parts;
    const error = statusError(status, this.#header, this.#body.view(), false);
    this.#close({ final, error, waitMs: retryAfterMs(this.#header('retry-after')) });
  }

  #close(closed: Omit<Closed, 'fruitful' | 'opened'>): void {
    const { clock } = this.#options;
    const opened = this.#stream !== undefined;
    const held = opened && clock.now() - this.#startedAt >= HEALTHY_MS;
    this.abort();
    this.#onclosed({ ...closed, opened, fruitful: this.#fruitful || held });
  }
}
