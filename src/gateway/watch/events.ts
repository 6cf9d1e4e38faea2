/** `GET /api/events`: what happens, as it happens, to whoever may know (server-sent events, HTML standard §9.2). */

import { ToolwayError } from '../../errors.ts';
import type { EventName, ToolkitEvents } from '../../events.ts';
import type { Approval } from '../approvals/approval.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import type { OfferKind, Principal } from '../principal.ts';

/** Told to everybody who sees the server; what is of one caller's own connection to that caller, and to who may look at everybody's. */
const OF_SERVERS = [
  'connecting',
  'connected',
  'disconnected',
  'reconnecting',
  'failed',
  'breaker_open',
  'breaker_half_open',
  'breaker_closed',
  'tools_changed',
  'resources_changed',
  'prompts_changed',
  'resource_updated',
  'tool_drift',
  'health',
] as const satisfies readonly EventName[];

/** Told to the principal on whose behalf the call is, and to who may look at everybody's. */
const OF_CALLS = [
  'tool_call_start',
  'tool_call_success',
  'tool_call_error',
  'tool_call_progress',
  'retry',
] as const satisfies readonly EventName[];

/** Told by the approvals, where there are any: an answer that was given before is nothing to tell. */
const OF_ASKING = ['approval_requested', 'approval_resolved'] as const satisfies readonly EventName[];

/** Text that one listener has not taken yet, in characters; one who is further behind is sent away, and may come back. */
const MAX_BEHIND = 1_048_576;
/** A comment keeps proxies from taking a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;

/** How long a listener waits before it comes back. */
const RETRY_MS = 1_000;

export interface EventStreamOptions
  extends Pick<GatewayContext, 'toolkit' | 'approvals' | 'today' | 'closing' | 'limits' | 'lasting'> {}

export const addEvents = (
  app: GatewayApp,
  { toolkit, approvals, today, closing, limits, lasting }: EventStreamOptions,
): void => {
  const listening = new Map<string, number>();

  app.get('/api/events', (c) => {
    const { principal } = c.get('caller');
    const open = listening.get(principal.id) ?? 0;
    if (open >= limits.maxStreams) {
      throw new ToolwayError('backpressure', `${principal.id} has ${open} streams open already`, {
        executed: 'no',
        limit: limits.maxStreams,
        retryAfterMs: RETRY_MS,
      });
    }
    listening.set(principal.id, open + 1);
    let end = (): void => {};
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const encoder = new TextEncoder();
          const offs: (() => void)[] = [];
          const timer = setInterval(() => write(': still here\n\n'), KEEP_ALIVE_MS);
          end = () => {
            end = () => {};
            clearInterval(timer);
            for (const off of offs) off();
            closing.removeEventListener('abort', leave);
            const left = (listening.get(principal.id) ?? 1) - 1;
            if (left === 0) listening.delete(principal.id);
            else listening.set(principal.id, left);
          };
          const leave = (): void => {
            end();
            controller.close();
          };
          const write = (text: string): void => {
            if ((controller.desiredSize ?? 0) < 0) leave();
            else controller.enqueue(encoder.encode(text));
          };
          const tell = (name: string, event: object): void =>
            write(`event: ${name}\ndata: ${JSON.stringify({ at: today(), ...event })}\n\n`);

          write(`retry: ${RETRY_MS}\n\n`);
          if (closing.aborted) return leave();
          closing.addEventListener('abort', leave);
          offs.push(lasting.hold(() => principal, leave));
          for (const name of OF_SERVERS)
            offs.push(
              toolkit.on(name, (event) => {
                if (maySee(principal, name, event)) tell(name, told(event));
              }),
            );
          if (approvals !== undefined)
            offs.push(
              approvals.on((what, approval) => {
                if (mayDecide(principal, approval)) tell(`approval_${what}`, toldOf(approval));
              }),
            );
          for (const name of approvals === undefined ? [...OF_CALLS, ...OF_ASKING] : OF_CALLS)
            offs.push(
              toolkit.on(name, (event) => {
                if (mayKnow(principal, event)) tell(name, told(event));
              }),
            );
        },
        cancel: () => end(),
      },
      { highWaterMark: MAX_BEHIND, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    return c.body(body, 200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  });
};

/** Of which kind an event tells, where it is of one. */
const KIND_OF: Partial<Record<EventName, OfferKind>> = {
  tools_changed: 'tools',
  tool_drift: 'tools',
  resources_changed: 'resources',
  resource_updated: 'resources',
  prompts_changed: 'prompts',
};

const maySee = (
  principal: Principal,
  event: EventName,
  { server, scope, tool, uri }: { server: string; scope: string; tool?: string; uri?: string },
): boolean =>
  (scope === '' || scope === principal.id || principal.may('admin')) &&
  principal.sees(server, tool ?? uri, KIND_OF[event]);

const mayKnow = (principal: Principal, { principal: of, server }: { principal?: string; server: string }): boolean =>
  principal.may('admin') || (of === principal.id && principal.sees(server));

/** Whoever may approve calls hears of those of others too. */
const mayDecide = (principal: Principal, approval: Approval): boolean =>
  mayKnow(principal, approval) || (principal.may('approve') && principal.sees(approval.server, approval.tool));

/** What is asked for is behind its id, for whoever may read it. */
const toldOf = ({
  arguments: _arguments,
  diff: _diff,
  warnings: _warnings,
  taint: _taint,
  ...facts
}: Approval): object => facts;

/** Without what callers sent and servers answered, which are nobody else's, and with errors as plain data. */
const told = (event: Partial<ToolkitEvents[EventName]>): object => {
  const { arguments: _arguments, result, error, ...facts } = event as { [key: string]: unknown };
  return {
    ...facts,
    ...(error instanceof ToolwayError ? { error: error.toJSON() } : {}),
    ...(isToolError(result) ? { isError: true } : {}),
  };
};

const isToolError = (result: unknown): boolean => (result as { isError?: unknown } | undefined)?.isError === true;
