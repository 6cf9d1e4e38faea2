/** `POST /api/chat`: a model answers with the tools that the caller sees, as a stream of events or in one piece. */
import { ToolwayError } from '../../errors.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import { Refusal } from '../refusal.ts';
import { readObject } from '../rest/body.ts';
import { problemOf } from '../rest/problem.ts';
import { json } from '../rest/result.ts';
import type { Chat, ChatEvent } from './port.ts';
import { readRequest } from './request.ts';
import { toolsOf } from './tools.ts';
import { asTold } from './waiting.ts';

type Room = Pick<GatewayContext, 'dispatch' | 'toolkit' | 'limits' | 'clock' | 'lasting' | 'closing'>;

/** How often a stream shows that it is alive, lest something between closes it. */
const KEEP_ALIVE_MS = 15_000;
/** What waits for a slow reader, in bytes. Above it progress is left out, and the model waits for the reader. */
const MAX_WAITING_BYTES = 1_048_576;
/** How long a reader who is that far behind may take nothing before it is sent away: it holds a place that others want. */
const MAX_STALL_MS = 60_000;
const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

/** Adds the route. Without a model it answers 501. */
export const addChatRoute = (app: GatewayApp, context: Room, chat: Chat | undefined): void => {
  const { limits, lasting, closing } = context;
  const running = new Map<string, number>();
  const total = (): number => [...running.values()].reduce((sum, each) => sum + each, 0);
  /** Takes a place. Throws `backpressure` where there is none. */
  const enter = (principal: string): (() => void) => {
    const own = running.get(principal) ?? 0;
    const each = Math.max(1, Math.ceil(limits.maxChats / 4));
    if (total() >= limits.maxChats || own >= each) {
      const limit = own >= each ? each : limits.maxChats;
      throw new ToolwayError('backpressure', `${limit} answers of models are under way already`, {
        executed: 'no',
        limit,
      });
    }
    running.set(principal, own + 1);
    return () => {
      const left = (running.get(principal) ?? 1) - 1;
      if (left > 0) running.set(principal, left);
      else running.delete(principal);
    };
  };

  app.post('/api/chat', async (c) => {
    if (chat === undefined)
      throw new Refusal(501, 'unsupported', 'no model is configured: see chat.model of the configuration, or --model');
    const caller = c.get('caller');
    const request = readRequest(await readObject(c.req.raw, limits.maxBodyBytes));
    if (closing.aborted) throw new ToolwayError('closed', 'the gateway is closing', { executed: 'no' });
    const { principal } = caller;
    const unseen = request.servers?.find((server) => !context.dispatch.servers(caller).includes(server));
    if (unseen !== undefined)
      throw new ToolwayError('unknown_server', `there is no server ${JSON.stringify(unseen)}`, { executed: 'no' });
    const leave = enter(principal.id);
    const stop = new AbortController();
    const release = lasting.hold(
      () => principal,
      (how) => how === 'gone' && stop.abort(),
    );
    const end = (): void => {
      leave();
      release();
    };
    const signal = AbortSignal.any([c.req.raw.signal, stop.signal]);
    const begin = (): AsyncIterable<ChatEvent> => {
      try {
        return chat.run(request, { toolkit: toolsOf(context, caller), principal: principal.id, signal });
      } catch (thrown) {
        end();
        throw thrown;
      }
    };
    const events = begin();
    if (c.req.header('accept')?.includes('text/event-stream')) return stream(events, stop, end, context);
    try {
      let last: ChatEvent = { type: 'done' };
      for await (const event of events) last = event;
      const { type: _, ...answer } = last;
      return json(answer);
    } catch (thrown) {
      throw stop.signal.aborted ? keyEnded() : thrown;
    } finally {
      end();
    }
  });
};

const keyEnded = (): Refusal => new Refusal(401, 'auth_failed', 'the key has ended');

/** Events as they come; the last one is `done` or `error`. The status says nothing of it. */
const stream = (
  events: AsyncIterable<ChatEvent>,
  stop: AbortController,
  end: () => void,
  { clock }: Pick<Room, 'clock'>,
): Response => {
  const encoder = new TextEncoder();
  let timer: { cancel(): void } | undefined;
  let goOn = (): void => {};
  stop.signal.addEventListener('abort', () => goOn());
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const isFull = (): boolean => (controller.desiredSize ?? 0) <= 0;
        const say = (text: string): void => controller.enqueue(encoder.encode(text));
        const keepAlive = (): void => {
          if (!isFull()) say(':\n\n');
          timer = clock.after(KEEP_ALIVE_MS, keepAlive);
        };
        timer = clock.after(KEEP_ALIVE_MS, keepAlive);
        const untilTaken = (): Promise<void> =>
          new Promise((resolve, reject) => {
            const stalled = clock.after(MAX_STALL_MS, () => reject(new Stalled(`took nothing for ${MAX_STALL_MS} ms`)));
            goOn = () => {
              stalled.cancel();
              resolve();
            };
          });
        const pump = async (): Promise<void> => {
          for await (const event of events) {
            const { type, ...data } = asTold(event);
            if (type === 'progress' && isFull()) continue;
            while (isFull() && !stop.signal.aborted) await untilTaken();
            if (stop.signal.aborted) throw keyEnded();
            say(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
          }
        };
        const finish = (thrown?: unknown): void => {
          timer?.cancel();
          end();
          if (thrown instanceof Stalled) {
            // What it has not taken is not kept for it.
            controller.error(thrown);
            return;
          }
          const isOver = stop.signal.aborted ? keyEnded() : thrown;
          try {
            if (thrown !== undefined) say(`event: error\ndata: ${JSON.stringify(problemOf(isOver))}\n\n`);
            controller.close();
          } catch {
            // Nobody reads any more.
          }
        };
        pump().then(
          () => finish(),
          (thrown: unknown) => finish(thrown),
        );
      },
      pull: () => goOn(),
      cancel() {
        timer?.cancel();
        stop.abort();
      },
    },
    { highWaterMark: MAX_WAITING_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(body, { headers: HEADERS });
};

/** A reader that is there and reads nothing. */
class Stalled extends Error {}
