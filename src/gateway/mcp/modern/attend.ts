/** One HTTP request that waits for a request under way at servers: what comes before the answer is streamed, and who leaves cancels it. */
import type { EventHandler } from '../../../events.ts';
import type { Progress } from '../../../protocol/types.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import type { Caller, Ended } from '../../principal.ts';
import { isAtLeast, type ModernRequest } from './envelope.ts';
import { type Answer, type EventStream, jsonReply, openEventStream } from './reply.ts';
import type { Run, Step } from './run.ts';

export interface Attendance {
  request: Request;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  envelope: ModernRequest;
  caller: Caller;
  /** The server that carries it out, where that is known: its logs are those of the request. */
  server: string | undefined;
  /** What to answer at a step; `left` where the client is gone. */
  answerTo(step: Step): Promise<Answer>;
  /** Where the client does not want to wait: after how long, and what it is told then, if anything. */
  patience?: { ms: number; answer(): Promise<Answer> | undefined } | undefined;
}

/** What is told to whoever heard of a request, and whose key has ended. */
const GONE: Answer = {
  status: 401,
  error: { code: -32000, message: 'the key has ended', data: { code: 'auth_failed' } },
};

/** Answers an HTTP request with what becomes of `run`. */
export const attend = (context: GatewayContext, run: Run, attendance: Attendance): Promise<Response> =>
  new Promise((respond) => {
    const { toolkit, clock, lasting } = context;
    const { request, signal, envelope, caller, answerTo, patience } = attendance;
    const { id, progressToken, logLevel } = envelope;
    const mayStream = request.headers.get('accept')?.includes('text/event-stream') !== false;
    let stream: EventStream | undefined;
    let isOver = false;

    const leave = (): void => {
      if (isOver) return;
      end();
      run.stop();
      stream?.cut();
      respond(jsonReply(id, { status: 499, error: { code: -32000, message: 'the client has left' } }));
    };
    const expel = (how: Ended): void => {
      if (isOver || how === 'stale') return;
      end();
      run.stop();
      stream?.end(GONE);
    };
    const say = (method: string, params: object): void => {
      if (!mayStream || isOver) return;
      if (stream === undefined) {
        stream = openEventStream(id, { clock, onLeave: leave });
        ends.push(lasting.hold(() => caller.principal, expel));
        respond(stream.response);
      }
      stream.say({ jsonrpc: '2.0', method, params: { ...params } });
    };

    const ends: (() => void)[] = [];
    const end = (): void => {
      isOver = true;
      run.onProgress = undefined;
      for (const stop of ends) stop();
    };
    ends.push(whenAborted(signal, leave));
    if (isOver) return;
    if (progressToken !== undefined) {
      run.onProgress = (progress: Progress) => say('notifications/progress', { progressToken, ...progress });
    }
    if (logLevel !== undefined) {
      const hear: EventHandler<'log'> = ({ server, scope, ...message }) => {
        if (!isAtLeast(message.level, logLevel) || !isOfRequest(context, attendance, server, scope)) return;
        say('notifications/message', message);
      };
      ends.push(toolkit.on('log', hear));
    }
    const finish = async (answering: () => Promise<Answer>): Promise<void> => {
      if (isOver) return;
      end();
      const answer = await answering();
      if (stream === undefined) respond(jsonReply(id, answer));
      else stream.end(answer);
    };
    if (patience !== undefined) {
      const timer = clock.after(patience.ms, () => {
        // Whoever is told how it goes is not impatient.
        const answer = stream === undefined ? patience.answer() : undefined;
        if (answer !== undefined) void finish(() => answer);
      });
      ends.push(() => timer.cancel());
    }
    void run.next().then((step) => finish(() => answerTo(step)));
  });

/** Servers do not say for which request a message is: it may be shown where all in flight are of this caller. */
const isOfRequest = (
  { toolkit, dispatch }: GatewayContext,
  { caller, server: expected }: Attendance,
  server: string,
  scope: string,
): boolean => {
  if (expected === undefined ? !caller.principal.sees(server) : server !== expected) return false;
  if (dispatch.scopeOf(caller, server) !== scope) return false;
  const own = caller.principal.id;
  return toolkit.calls().every((call) => call.server !== server || call.scope !== scope || call.principal === own);
};
