/** How a request of the modern era is answered: with one JSON object, or with a stream of events where something has to be said before. */
import type { Clock, Timer } from '../../../clock.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import type { JsonRpcErrorBody, JsonRpcNotification, RequestId } from '../../../protocol/wire.ts';

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };
const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/** What a request comes to, and the HTTP status that goes with it. */
export type Answer = { status: number } & ({ result: JsonObject } | { error: JsonRpcErrorBody });

/** An answer as a message; the id is missing where none could be read. */
const messageOf = (id: RequestId | undefined, answer: Answer): JsonObject => ({
  jsonrpc: '2.0',
  ...(id !== undefined && { id }),
  ...('error' in answer ? { error: answer.error } : { result: answer.result }),
});

export const jsonReply = (id: RequestId | undefined, answer: Answer): Response =>
  new Response(JSON.stringify(messageOf(id, answer)), { status: answer.status, headers: JSON_HEADERS });

/** A notification was taken in. */
export const accepted = (): Response => new Response(null, { status: 202 });

/** Bytes that wait for a slow reader, beyond one message. */
const MAX_WAITING = 4_194_304;
/** How often a stream shows that it is alive, lest something between closes it. */
const KEEP_ALIVE_MS = 15_000;

const encoder = new TextEncoder();
const COMMENT = encoder.encode(':\n\n');

export interface EventStream {
  readonly response: Response;
  /** Sends a notification; false where the reader is too slow for it, or gone. */
  say(notification: JsonRpcNotification): boolean;
  /** Sends the answer, whatever waits, and ends the stream. */
  end(answer: Answer): void;
  /** Ends the stream without an answer, as a lost connection would. */
  cut(): void;
}

/** A stream of events that ends with the answer to one request. `onLeave` hears when its reader closes it before. */
export const openEventStream = (id: RequestId, { clock, onLeave }: { clock: Clock; onLeave(): void }): EventStream => {
  let out: ReadableStreamDefaultController<Uint8Array> | undefined;
  let timer: Timer | undefined;
  const send = (message: unknown): void => out?.enqueue(encoder.encode(`data: ${JSON.stringify(message)}\n\n`));
  const hasRoom = (): boolean => (out?.desiredSize ?? 0) > 0;
  const keepAlive = (): void => {
    timer = clock.after(KEEP_ALIVE_MS, () => {
      if (hasRoom()) out?.enqueue(COMMENT);
      keepAlive();
    });
    timer.keepAlive(false);
  };
  const close = (): void => {
    timer?.cancel();
    out?.close();
    out = undefined;
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        out = controller;
        keepAlive();
      },
      cancel() {
        timer?.cancel();
        out = undefined;
        onLeave();
      },
    },
    { highWaterMark: MAX_WAITING, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return {
    response: new Response(stream, { headers: STREAM_HEADERS }),
    say(notification) {
      if (!hasRoom()) return false;
      send(notification);
      return true;
    },
    end(answer) {
      send(messageOf(id, answer));
      close();
    },
    cut: close,
  };
};
