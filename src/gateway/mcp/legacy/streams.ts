/**
 * The streams of one session over Streamable HTTP (2025-11-25 basic/transports): each event goes to one of them, has an id,
 * and can be had again after the stream broke, whether it was begun by a GET or by a POST.
 */
import type { JsonRpcMessage } from '../../../protocol/wire.ts';
import { type EventLog, eventId } from './event-log.ts';
import { createSseBody, SSE_KEEP_ALIVE, type SseBody, sseEvent } from './sse-body.ts';

/** What a POST asked for, and is answered as it goes on. */
export interface Reply {
  send(message: JsonRpcMessage): void;
  /** Everything that was asked for has been answered. */
  end(): void;
}

export interface Streams {
  /** The stream of a POST; undefined where there are too many. */
  reply(): { reply: Reply; response: Response } | undefined;
  /** A stream for what belongs to no request; undefined where there are too many. */
  listen(): Response | undefined;
  /** Goes on with a stream after the event of that id. `nothing`: it has ended, and all of it was sent; `unknown`: there is no such event, or what came after it is gone. */
  resume(lastEventId: string): Response | 'nothing' | 'unknown' | 'busy';
  /** Sends what belongs to no request, or keeps it until somebody listens. */
  push(message: JsonRpcMessage): void;
  keepAlive(): void;
  /** Ends those that somebody listens to, and with `replies` those of POSTs too. What they were to say can still be had. */
  cut(options: { replies: boolean }): void;
  /** Whether somebody is reading. */
  readonly open: boolean;
  close(): void;
}

export interface StreamsOptions {
  log: EventLog;
  maxStreams: number;
  /** Clients of 2025-11-25 are given an id before there is an event, and may be left waiting in between. */
  primes(): boolean;
}

interface Stream {
  readonly number: number;
  /** How many events it has had. */
  places: number;
  body: SseBody | undefined;
  readonly listens: boolean;
  ended: boolean;
}

/** Messages that belong to no request, kept until somebody listens, and their UTF-16 units. */
const MAX_UNHEARD = 64;
const MAX_UNHEARD_UNITS = 1_048_576;
/** Streams that have ended, and can still be asked for what was missed of them. */
const MAX_ENDED = 32;
/** How long a client waits before it comes again. */
const RETRY_MS = 1_000;

export const createStreams = ({ log, maxStreams, primes }: StreamsOptions): Streams => {
  const streams = new Map<number, Stream>();
  let count = 0;
  let closed = false;
  let unheard: string[] = [];
  let unheardUnits = 0;

  const openCount = (): number => {
    let open = 0;
    for (const { body } of streams.values()) if (body !== undefined) open += 1;
    return open;
  };
  const forgetOld = (): void => {
    const idle = [...streams.values()].filter(({ body, ended, listens }) => body === undefined && (ended || listens));
    for (const { number } of idle.slice(0, Math.max(0, idle.length - MAX_ENDED))) streams.delete(number);
  };
  const attach = (stream: Stream): SseBody => {
    const body = createSseBody({
      onOver() {
        if (stream.body === body) stream.body = undefined;
        forgetOld();
      },
    });
    const before = stream.body;
    stream.body = body;
    before?.end();
    return body;
  };
  const begin = (listens: boolean): { stream: Stream; body: SseBody } | undefined => {
    if (closed || openCount() >= maxStreams) return undefined;
    count += 1;
    const stream: Stream = { number: count, places: 0, body: undefined, listens, ended: false };
    streams.set(count, stream);
    const body = attach(stream);
    // Older clients take every event for a message, also one without data.
    body.write(primes() ? `id: ${eventId(count, 0)}\nretry: ${RETRY_MS}\ndata:\n\n` : SSE_KEEP_ALIVE);
    return { stream, body };
  };
  const put = (stream: Stream, text: string): void => {
    stream.places += 1;
    log.add(stream.number, stream.places, text);
    stream.body?.write(sseEvent(text, eventId(stream.number, stream.places)));
  };
  const finish = (stream: Stream): void => {
    stream.ended = true;
    stream.body?.end();
    forgetOld();
  };
  const flush = (stream: Stream): void => {
    const waiting = unheard;
    unheard = [];
    unheardUnits = 0;
    for (const text of waiting) put(stream, text);
  };

  return {
    reply() {
      const begun = begin(false);
      if (begun === undefined) return undefined;
      const { stream, body } = begun;
      const reply: Reply = {
        send: (message) => put(stream, JSON.stringify(message)),
        end: () => finish(stream),
      };
      return { reply, response: body.response };
    },
    listen() {
      const begun = begin(true);
      if (begun === undefined) return undefined;
      flush(begun.stream);
      return begun.body.response;
    },
    resume(lastEventId) {
      const [, number, place] = /^(\d{1,9})\.(\d{1,9})$/.exec(lastEventId) ?? [];
      const stream = streams.get(Number(number));
      if (stream === undefined || Number(place) > stream.places) return 'unknown';
      const missed = log.after(stream.number, Number(place), stream.places);
      if (missed === undefined) return 'unknown';
      if (stream.ended && missed.length === 0) return 'nothing';
      if (stream.body === undefined && openCount() >= maxStreams) return 'busy';
      const body = attach(stream);
      body.write(SSE_KEEP_ALIVE);
      for (const { id, text } of missed) body.write(sseEvent(text, id));
      if (stream.ended) body.end();
      else if (stream.listens) flush(stream);
      return body.response;
    },
    push(message) {
      if (closed) return;
      const text = JSON.stringify(message);
      let listening: Stream | undefined;
      for (const stream of streams.values()) if (stream.listens && stream.body !== undefined) listening = stream;
      if (listening !== undefined) {
        put(listening, text);
        return;
      }
      // Said twice, it says no more.
      if ('method' in message && message.params === undefined && unheard.includes(text)) return;
      unheard.push(text);
      unheardUnits += text.length;
      while (unheard.length > MAX_UNHEARD || unheardUnits > MAX_UNHEARD_UNITS)
        unheardUnits -= unheard.shift()?.length ?? 0;
    },
    keepAlive() {
      for (const { body } of streams.values()) body?.write(SSE_KEEP_ALIVE);
    },
    cut({ replies }) {
      for (const { body, listens } of streams.values()) if (listens || replies) body?.end();
    },
    get open() {
      return openCount() > 0;
    },
    close() {
      if (closed) return;
      closed = true;
      for (const { body } of streams.values()) body?.end();
      streams.clear();
      log.close();
    },
  };
};
