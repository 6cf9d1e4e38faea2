/** The user's own functions: whatever one of them does is reported and changes nothing else. And typed events, which are such. */
import type { ErrorFacts, ToolwayError } from './errors.ts';
import type { DefinitionChange } from './permission.ts';
import type { CallToolResult, JsonObject, LogMessage, Progress } from './protocol/types.ts';

interface OfServer {
  server: string;
  scope: string;
}
interface OfCall extends OfServer {
  id: string;
  /** On whose behalf it is made, where the caller said so. */
  principal?: string;
  tool?: string;
  method: string;
}

/** What `toolkit.on` can hear, and what it is told. */
export interface ToolkitEvents {
  connecting: OfServer & { attempt: number };
  connected: OfServer & { era: string; protocolVersion: string; connectMs: number };
  disconnected: OfServer & { error?: ToolwayError };
  reconnecting: OfServer & { attempt: number; delayMs: number; error: ToolwayError };
  failed: OfServer & { error: ToolwayError };
  tool_call_start: OfCall & { arguments: unknown };
  tool_call_success: OfCall & { result: CallToolResult; durationMs: number; attempts: number; cached: boolean };
  tool_call_error: OfCall & { error: ToolwayError; durationMs: number; attempts: number };
  tool_call_progress: OfCall & Progress;
  /** A call failed and will be sent again after `delayMs`; `attempt` counts that sending, the first one being 1. */
  retry: OfCall & { attempt: number; delayMs: number; error: ToolwayError };
  /** Calls fail with `error` from now on. `retryAfterMs` is when a probe will decide; undefined where the server was isolated by hand. */
  breaker_open: OfServer & { retryAfterMs: number | undefined; error: ToolwayError };
  /** A probe is out; calls still fail. */
  breaker_half_open: OfServer;
  breaker_closed: OfServer;
  tools_changed: OfServer;
  resources_changed: OfServer;
  prompts_changed: OfServer;
  resource_updated: OfServer & { uri: string };
  /** A server of the legacy era says that what it had a user visit a URL for is done; `elicitationId` is its own word for it. */
  elicitation_completed: OfServer & { elicitationId: string };
  approval_requested: OfCall & { arguments: unknown; reason: string; timeoutMs: number };
  /** `by` is who decided: the handler, its answer to an earlier call, the clock, or the end of the call; `error` is a handler that failed. */
  approval_resolved: OfCall & {
    approved: boolean;
    by: 'handler' | 'remembered' | 'timeout' | 'cancelled' | 'error';
    reason?: string;
    /** What is sent instead of what was asked for. */
    arguments?: JsonObject;
    durationMs: number;
  };
  /** A tool is no longer what was first seen of it. `before` and `after` are SHA-256 of the canonical definitions, where they can be had. */
  tool_drift: OfServer & {
    tool: string;
    blocked: boolean;
    diff: DefinitionChange[];
    before?: string;
    after?: string;
  };
  /** A server was asked for a sign of life. One that is heard of its own accord is not asked. */
  health: OfServer & { ok: boolean; durationMs: number; error?: ToolwayError };
  log: OfServer & LogMessage;
  /** Something worth a look that ended nothing: noise on stdout, an unusable schema, a dropped message. */
  warning: OfServer & { message: string } & Pick<ErrorFacts, 'tool' | 'cause'>;
}

/** The name of an event that `toolkit.on` can hear. */
export type EventName = keyof ToolkitEvents;
/** May be async; what it returns is not waited for. */
export type EventHandler<E extends EventName> = (event: ToolkitEvents[E]) => unknown;

export interface Emitter {
  on<E extends EventName>(name: E, handler: EventHandler<E>): () => void;
  emit<E extends EventName>(name: E, event: ToolkitEvents[E]): void;
  /** True when somebody listens; lets the hot path skip building an event. */
  heard(name: EventName): boolean;
}

/** Runs a function of the user whose answer nobody waits for. `report` hears when it throws or rejects, and may fail itself. */
export const guarded = (run: () => unknown, report: (error: unknown) => unknown): void => {
  const tell = (error: unknown): void => {
    try {
      quiet(report(error), () => {});
    } catch {
      // There is nobody left to tell.
    }
  };
  try {
    quiet(run(), tell);
  } catch (error) {
    tell(error);
  }
};

const quiet = <A extends unknown[]>(
  returned: unknown,
  tell: (error: unknown, ...more: A) => void,
  ...more: A
): void => {
  if (isThenable(returned)) void Promise.resolve(returned).catch((error: unknown) => tell(error, ...more));
};
const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** `report` hears of handlers that threw or rejected. */
export const createEmitter = (report: (error: unknown, name: EventName) => unknown): Emitter => {
  /** Lists are never changed, but replaced: one that is being gone through stays as it was. */
  const handlers = new Map<EventName, readonly ((event: never) => unknown)[]>();
  const fail = (error: unknown, name: EventName): void =>
    guarded(
      () => report(error, name),
      () => {},
    );
  return {
    on(name, handler) {
      const own = (event: never): unknown => handler(event);
      handlers.set(name, [...(handlers.get(name) ?? []), own]);
      return () => void handlers.set(name, handlers.get(name)?.filter((other) => other !== own) ?? []);
    },
    emit(name, event) {
      const all = handlers.get(name) ?? [];
      for (const handler of all) {
        // The ones before it may have taken it off.
        if (handlers.get(name) !== all && handlers.get(name)?.includes(handler) !== true) continue;
        try {
          quiet(handler(event as never), fail, name);
        } catch (error) {
          fail(error, name);
        }
      }
    },
    heard: (name) => (handlers.get(name)?.length ?? 0) > 0,
  };
};
