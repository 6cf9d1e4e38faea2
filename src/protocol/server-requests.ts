/**
 * What a server may ask of its client, and who answers: the same for requests on a legacy connection and for those inside
 * an `input_required` result. Questions are checked before a handler sees them, answers before the server does.
 */
import { ToolwayError } from '../errors.ts';
import type { HandlerContext, Handlers } from '../options.ts';
import { readElicitation } from './elicitation.ts';
import { fillForm } from './form.ts';
import { RpcFault } from './rpc-fault.ts';
import { readSample, sampleResultProblem } from './sampling.ts';
import { isAbsent, isObject } from './shape.ts';
import type { ClientCapabilities, ElicitResult, JsonObject, LogLevel, LogMessage, Root } from './types.ts';
import { type EraName, type RequestId, RPC } from './wire.ts';

export { urlElicitations } from './elicitation.ts';
export { RpcFault } from './rpc-fault.ts';

export interface ServerRequestsOptions {
  handlers: Handlers;
  server: string;
  scope: string;
  /** Hears of handlers that threw or gave an answer that cannot be used. */
  report: (error: unknown) => void;
}

export interface AnswerContext {
  /** The call that the request belongs to, where that is known. */
  call?: { id: string; tool?: string };
  signal: AbortSignal;
  requestId?: RequestId;
}

export interface ServerRequests {
  /** What we declare: only what has a handler. */
  capabilities(era: EraName): ClientCapabilities;
  /**
   * Answers one request of the server; rejects with `RpcFault` when it is refused or cannot be answered. Ends as a
   * refusal at once when `signal` aborts, whatever the handler does.
   */
  answer(method: string, params: JsonObject, context: AnswerContext): Promise<JsonObject>;
  /** A `notifications/message`, for `onLog`. */
  log(params: JsonObject): void;
}

/** What the specification answers when the person in front of us says no (2025-11-25 client/sampling#error-handling). */
const REJECTED = -1;

export const createServerRequests = ({ handlers, server, scope, report }: ServerRequestsOptions): ServerRequests => {
  const never = new AbortController().signal;
  const { onElicit, onSample, roots, onLog } = handlers;

  const unusable = (handler: string, problem: string): RpcFault => {
    report(new ToolwayError('internal', `the answer of ${handler} cannot be used: ${problem}`, { server }));
    return new RpcFault(RPC.internalError, `the client has no usable answer: ${problem}`);
  };
  const failed = (error: unknown): RpcFault => {
    report(error);
    return new RpcFault(RPC.internalError, 'the client failed to answer');
  };

  const elicit = async (params: JsonObject, context: HandlerContext): Promise<JsonObject> => {
    if (onElicit === undefined) throw notOffered('elicitation/create');
    const asked = readElicitation(params);
    const given: unknown = await settle(() => onElicit(asked.request, context), context.signal).catch((error) => {
      const action = refusalOf(error);
      if (action === undefined) throw failed(error);
      return { action };
    });
    const { action, content } = isObject(given) ? given : {};
    if (action === 'decline' || action === 'cancel') return { action };
    if (action !== 'accept') throw unusable('onElicit', 'action is none of accept, decline, cancel');
    // To accept a URL means to agree to visit it; what happens there is not ours to tell.
    if (asked.mode === 'url') return { action };
    if (!isAbsent(content) && !isObject(content)) throw unusable('onElicit', 'content is not an object');
    const filled = fillForm(asked.form, content ?? {});
    if ('content' in filled) return { action, content: filled.content };
    throw unusable('onElicit', filled.problems.map(({ path, message }) => `${path} ${message}`).join(', '));
  };

  const sample = async (params: JsonObject, context: HandlerContext): Promise<JsonObject> => {
    if (onSample === undefined) throw notOffered('sampling/createMessage');
    const request = readSample(params);
    const given = await settle(() => onSample(request, context), context.signal).catch((error) => {
      throw refusalOf(error) === undefined ? failed(error) : new RpcFault(REJECTED, 'rejected');
    });
    const problem = sampleResultProblem(given);
    if (problem !== undefined) throw unusable('onSample', problem);
    return given;
  };

  const listRoots = async (params: JsonObject, context: HandlerContext): Promise<JsonObject> => {
    if (roots === undefined) throw notOffered('roots/list');
    const list = typeof roots === 'function' ? settle(() => roots(params, context), context.signal) : roots;
    const given = await Promise.resolve(list).catch((error) => {
      throw refusalOf(error) === undefined ? failed(error) : new RpcFault(REJECTED, 'rejected');
    });
    if (!Array.isArray(given) || !given.every(isRoot)) {
      throw unusable('roots', 'a root is no object with a file:// URI');
    }
    return { roots: given };
  };

  const answers = new Map<string, (params: JsonObject, context: HandlerContext) => Promise<JsonObject>>([
    ['ping', async () => ({})],
    ['elicitation/create', elicit],
    ['sampling/createMessage', sample],
    ['roots/list', listRoots],
  ]);

  return {
    capabilities: (era) => ({
      ...(onElicit === undefined ? {} : { elicitation: { form: {}, url: {} } }),
      ...(onSample === undefined ? {} : { sampling: { tools: {} } }),
      // 2026-07-28 has no notification that roots have changed.
      ...(roots === undefined ? {} : { roots: era === 'legacy' ? { listChanged: true } : {} }),
    }),
    async answer(method, params, context) {
      const give = answers.get(method);
      if (give === undefined) throw notOffered(method);
      return give(params, { server, scope, ...context });
    },
    log(params) {
      if (onLog === undefined) return;
      try {
        const heard: unknown = onLog(readLog(params), { server, scope, signal: never });
        if (heard instanceof Promise) heard.catch(report);
      } catch (error) {
        report(error);
      }
    },
  };
};

const notOffered = (method: string): RpcFault =>
  new RpcFault(RPC.methodNotFound, `this client does not offer ${method.slice(0, 80)}`);

/** A handler says no by throwing `denied` or an `AbortError`; anything else that it throws is a failure of its own. */
const refusalOf = (error: unknown): Exclude<ElicitResult['action'], 'accept'> | undefined => {
  if (error instanceof ToolwayError && error.code === 'denied') return 'decline';
  return error instanceof Error && error.name === 'AbortError' ? 'cancel' : undefined;
};

/** Runs a handler until it answers or nobody waits any more, for not every handler heeds its signal. */
const settle = <T>(run: () => T | Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = (): void => reject(new DOMException('nobody waits for the answer any more', 'AbortError'));
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    const done = (): void => signal.removeEventListener('abort', leave);
    new Promise<T>((begin) => begin(run())).finally(done).then(resolve, reject);
  });

const isRoot = (root: unknown): root is Root => {
  if (!isObject(root) || typeof root.uri !== 'string' || !/^file:\/\//i.test(root.uri)) return false;
  return root.name === undefined || typeof root.name === 'string';
};

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** A log message in any shape: what is odd about it is no reason to lose it. */
const readLog = ({ level, logger, data }: JsonObject): LogMessage => {
  const message: LogMessage = { level: LEVELS.find((known) => known === level) ?? 'info', data };
  if (typeof logger === 'string') message.logger = logger;
  return message;
};
