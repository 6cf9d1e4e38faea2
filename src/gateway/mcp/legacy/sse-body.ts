/** One answer of server-sent events: written as its reader takes it, and broken off where the reader does not keep up. */

export interface SseBody {
  readonly response: Response;
  /** False where it is over, or too much waits to be read: then it is broken off. */
  write(text: string): boolean;
  end(): void;
}

export interface SseBodyOptions {
  headers?: Record<string, string>;
  /** It is over: the reader has left, was too slow, or everything was said. */
  onOver(): void;
}

/** What may wait for a slow reader beyond one event, in UTF-16 units. */
const MAX_WAITING = 4_194_304;

const SSE_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // Some proxies hold back what they think is a page.
  'X-Accel-Buffering': 'no',
};

const encoder = new TextEncoder();

export const createSseBody = ({ headers, onOver }: SseBodyOptions): SseBody => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const over = (): void => {
    if (controller === undefined) return;
    controller = undefined;
    onOver();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      cancel: over,
    },
    { highWaterMark: MAX_WAITING, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return {
    response: new Response(body, { headers: { ...SSE_HEADERS, ...headers } }),
    write(text) {
      if (controller === undefined) return false;
      if ((controller.desiredSize ?? 0) <= 0) {
        controller.error(new Error('the reader does not keep up'));
        over();
        return false;
      }
      controller.enqueue(encoder.encode(text));
      return true;
    },
    end() {
      controller?.close();
      over();
    },
  };
};

/** One event. Its data is JSON, in which no line ends. */
export const sseEvent = (data: string, id?: string): string =>
  id === undefined ? `event: message\ndata: ${data}\n\n` : `event: message\nid: ${id}\ndata: ${data}\n\n`;

/** Keeps what lies between from thinking that nobody is there. */
export const SSE_KEEP_ALIVE = ':\n\n';
