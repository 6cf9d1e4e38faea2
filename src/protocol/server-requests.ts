/**
 * What a server may ask of its client, and who answers: the same for requests on a legacy connection and for those inside
 * an `input_required` result. Questions are checked before a handler sees them, answers before the server does.
 */
import type { Clock } from '../clock.ts';
import type { Handlers, RequestHandlers } from '../handlers.ts';
import type { Answers } from './answers.ts';
import type { ClientCapabilities, JsonObject, LogLevel, LogMessage } from './types.ts';
import type { EraName, RequestId } from './wire.ts';

export interface ServerRequestsOptions {
  handlers: Handlers;
  server: string;
  /** Asked for each time: a session may be given to another scope. */
  readonly scope: string;
  /** What is left with us to be done expires on it. */
  clock: Clock;
  /** Hears of handlers that threw or gave an answer that cannot be used. */
  report: (error: unknown) => void;
}

export interface AnswerContext {
  /** Who answers instead of the toolkit. */
  handlers?: RequestHandlers | undefined;
  /** The call that the request belongs to, where that is known. */
  call?: { id: string; tool?: string };
  signal: AbortSignal;
  requestId?: RequestId;
  inputKey?: string;
}

export interface ServerRequests {
  readonly clock: Clock;
  /** What we declare: only what has a handler, among those of one call where it has its own. */
  capabilities(era: EraName, handlers?: RequestHandlers): ClientCapabilities;
  /**
   * Answers one request of the server; rejects with `RpcFault` when it is refused or cannot be answered. Ends as a
   * refusal at once when `signal` aborts, whatever the handler does.
   */
  answer(method: string, params: JsonObject, context: AnswerContext): Promise<JsonObject>;
  /** Who tells the roots where the server asks outside of any call, and in any case once until then: it was told that they have changed. */
  keeper?: { handlers: RequestHandlers; until: number };
  /** Hear of each `notifications/elicitation/complete`: the id that the server gave to what is done. */
  readonly completions: Set<(elicitationId: unknown) => void>;
  /** The session is over: tasks that the server left with us are dropped. */
  forget(): void;
  /** A `notifications/message`, for `onLog`. */
  log(params: JsonObject): void;
}

export const createServerRequests = (options: ServerRequestsOptions): ServerRequests => {
  const { handlers, server, clock, report } = options;
  const never = new AbortController().signal;
  const { onLog } = handlers;
  let answers: Answers | undefined;

  const keeperFor = (given: RequestHandlers | undefined): RequestHandlers | undefined => {
    const { keeper } = requests;
    if (keeper === undefined || (given !== undefined && keeper.until <= clock.now())) return given;
    keeper.until = 0;
    return keeper.handlers;
  };
  const requests: ServerRequests = {
    clock,
    completions: new Set(),
    capabilities: (era, { onElicit, onSample, roots } = handlers) => ({
      ...(onElicit === undefined ? {} : { elicitation: { form: {}, url: {} } }),
      ...(onSample === undefined ? {} : { sampling: { tools: {} } }),
      // Only 2025-11-25 lets a server make a task of what it asks.
      ...(era === 'legacy' && (onElicit ?? onSample) !== undefined
        ? {
            tasks: {
              list: {},
              cancel: {},
              requests: {
                ...(onElicit && { elicitation: { create: {} } }),
                ...(onSample && { sampling: { createMessage: {} } }),
              },
            },
          }
        : {}),
      // 2026-07-28 has no notification that roots have changed.
      ...(roots === undefined ? {} : { roots: era === 'legacy' ? { listChanged: true } : {} }),
    }),
    async answer(method, params, { handlers: given, ...context }) {
      const asked: RequestHandlers = (method === 'roots/list' ? keeperFor(given) : given) ?? handlers;
      if (method === 'ping') return {};
      const tell = async (): Promise<void> => asked.onRefused?.(method, { server, scope: options.scope, ...context });
      if (!isOffered(method, asked)) tell().catch(report);
      if (asked.onElicit === undefined && asked.onSample === undefined && asked.roots === undefined) {
        throw (await import('./rpc-fault.ts')).notOffered(method);
      }
      const { createAnswers } = await import('./asking.ts');
      answers ??= createAnswers({ server, report, clock });
      return answers.answer(method, params, { server, scope: options.scope, ...context, handlers: asked });
    },
    forget: () => answers?.forget(),
    log(params) {
      const tell = async (): Promise<void> => onLog?.(readLog(params), { server, scope: options.scope, signal: never });
      tell().catch(report);
    },
  };
  return requests;
};

const isOffered = (method: string, { onElicit, onSample, roots }: RequestHandlers): boolean => {
  if (method === 'elicitation/create') return onElicit !== undefined;
  if (method === 'sampling/createMessage') return onSample !== undefined;
  return method !== 'roots/list' || roots !== undefined;
};

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** A log message in any shape: what is odd about it is no reason to lose it. */
const readLog = ({ level, logger, data }: JsonObject): LogMessage => {
  const message: LogMessage = { level: LEVELS.find((known) => known === level) ?? 'info', data };
  if (typeof logger === 'string') message.logger = logger;
  return message;
};
