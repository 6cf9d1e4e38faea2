/** A call as a stream of events: its progress, and then its result or its problem. */
import type { Clock } from '../../clock.ts';
import type { CallToolResult, Progress } from '../../protocol/types.ts';
import type { Target } from '../dispatch.ts';
import { Refusal } from '../refusal.ts';
import { problemOf, toolProblem } from './problem.ts';
import { bodyOf } from './result.ts';

export interface EventStreamOptions {
  target: Target;
  clock: Clock;
  /** Aborted when nobody listens any more. */
  signal: AbortSignal;
  /** Calls back when whoever listens may do so no more; gives what takes that back. */
  hold(onEnded: () => void): () => void;
  run(wishes: { signal: AbortSignal; onProgress: (progress: Progress) => void }): Promise<CallToolResult>;
}

/** Events that wait for a slow reader; beyond them progress is dropped, since the next one says more. */
const MAX_WAITING = 64;
/** How often a stream shows that it is alive, lest something between closes it. */
const KEEP_ALIVE_MS = 15_000;

const encoder = new TextEncoder();
const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/** `progress` events as they come, then one `result` or `error`; the status says nothing of it. Closing the stream cancels the call. */
export const callStream = ({ target, clock, signal, hold, run }: EventStreamOptions): Response => {
  const left = new AbortController();
  const leave = (): void => left.abort();
  let timer: { cancel(): void } | undefined;
  let release = (): void => {};
  const end = (): void => {
    timer?.cancel();
    release();
    signal.removeEventListener('abort', leave);
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const say = (event: string, data: unknown): void =>
          controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        const keepAlive = (): void => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(':\n\n'));
          timer = clock.after(KEEP_ALIVE_MS, keepAlive);
        };
        timer = clock.after(KEEP_ALIVE_MS, keepAlive);
        if (signal.aborted) leave();
        else signal.addEventListener('abort', leave);
        const onProgress = (progress: Progress): void => {
          if (!left.signal.aborted && (controller.desiredSize ?? 0) > 0) say('progress', progress);
        };
        const finish = (event: string, data: unknown): void => {
          end();
          if (left.signal.aborted) return;
          say(event, data);
          controller.close();
        };
        release = hold(() => {
          finish('error', problemOf(new Refusal(401, 'auth_failed', 'the key has ended')));
          leave();
        });
        run({ signal: left.signal, onProgress }).then(
          (result) => {
            if (result.isError === true) finish('error', toolProblem(result, target));
            else finish('result', bodyOf(result));
          },
          (error: unknown) => finish('error', problemOf(error)),
        );
      },
      cancel() {
        end();
        leave();
      },
    },
    { highWaterMark: MAX_WAITING },
  );
  return new Response(stream, { headers: HEADERS });
};
