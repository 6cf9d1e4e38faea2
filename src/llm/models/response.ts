/** Reads an answer over HTTP: a stream of events, or JSON in one piece. */
import type { JsonObject } from '../../protocol/types.ts';
import { ModelError } from '../model-error.ts';
import { type Came, truncated } from './asking.ts';
import { createEventLines } from './event-stream.ts';
import { failureOf } from './failures.ts';
import { objectOf } from './reading.ts';
import type { Waits, Watch } from './watch.ts';

/** The longest answer that is read, in bytes. */
export const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

export interface Reading extends Waits {
  watch: Watch;
  /** When it was asked for, on the clock of the watch. */
  since: number;
  /** Default `LONGEST_ANSWER_BYTES`. */
  maxBytes?: number;
}

/** What comes of an answer, in order. */
export async function* readResponse(response: Response, reading: Reading): AsyncGenerator<Came> {
  const type = response.headers.get('content-type') ?? '';
  if (/\bhtml\b/i.test(type)) throw new ModelError('invalid', `the answer is ${type}: is the base URL right?`);
  if (/\bjson\b/i.test(type)) {
    yield { whole: await readWhole(response, reading) };
    return;
  }
  const lines = createEventLines();
  const { watch, answerTimeoutMs, idleTimeoutMs } = reading;
  let wait = answerTimeoutMs;
  const next: Next = (read) => {
    const ms = wait;
    wait = idleTimeoutMs;
    return watch.until(read, ms);
  };
  for await (const piece of readPieces(response, reading, next)) {
    for (const data of lines.push(piece)) yield eventOf(data);
  }
  for (const data of lines.end()) yield eventOf(data);
}

const eventOf = (data: string): Came => (data === '[DONE]' ? 'end' : { event: parse(data) });

/** Waits for one piece, as long as it may. */
type Next = <T>(read: () => Promise<T>) => Promise<T>;

async function* readPieces(
  response: Response,
  { maxBytes = LONGEST_ANSWER_BYTES }: Reading,
  next: Next,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  let bytes = 0;
  try {
    while (reader !== undefined) {
      const { done, value } = await next(() => reader.read()).catch((cause: unknown) => {
        // A connection that breaks within an answer is an answer that breaks off.
        throw cause instanceof ModelError ? cause : truncated(cause);
      });
      if (done) return;
      bytes += value.byteLength;
      if (bytes > maxBytes) {
        throw new ModelError('server', `the answer is longer than ${maxBytes} bytes`, { limit: maxBytes });
      }
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}

const readWhole = async (response: Response, reading: Reading): Promise<JsonObject> => {
  const { watch, answerTimeoutMs, since } = reading;
  const next: Next = (read) => watch.until(read, Math.max(0, since + answerTimeoutMs - watch.now()), answerTimeoutMs);
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of readPieces(response, reading, next)) text += decoder.decode(piece, { stream: true });
  const body = parse(text + decoder.decode());
  // Some answer 200 and tell of a failure in it.
  if (body.error !== undefined && body.error !== null) throw failureOf({ error: body.error });
  return body;
};

const parse = (data: string): JsonObject => {
  try {
    return objectOf(JSON.parse(data));
  } catch (cause) {
    throw truncated(cause);
  }
};
