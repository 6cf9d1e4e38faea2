/**
 * How the questions of a server are answered: checked before a handler sees them, the answer checked before the server
 * does. Loaded when a server asks for the first time; many never do.
 */
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { HandlerContext, RequestHandlers } from '../handlers.ts';
import { type Answer, type Question, settle } from './answering.ts';
import { type ClientTasks, createClientTasks } from './client-tasks.ts';
import { readElicitation } from './elicitation.ts';
import { fillForm } from './form.ts';
import * as RPC from './rpc-codes.ts';
import { notOffered, RpcFault } from './rpc-fault.ts';
import { readSample, sampleResultProblem } from './sampling.ts';
import { isAbsent, isObject } from './shape.ts';
import type { ElicitResult, JsonObject, Root } from './types.ts';

/** What the specification answers when the person in front of us says no (2025-11-25 client/sampling#error-handling). */
const REJECTED = -1;

/** Answers one kind of question through the handler for it. */
type Give = (handlers: RequestHandlers, params: JsonObject, context: HandlerContext) => Promise<JsonObject>;

export interface Answers {
  answer: Answer;
  /** The session is over: what is still being done for it is dropped. */
  forget(): void;
}

export interface AnswersOptions {
  server: string;
  /** Hears of handlers that threw or gave an answer that cannot be used. */
  report: (error: unknown) => void;
  clock: Clock;
}

/** `report` hears of handlers that threw or gave an answer that cannot be used. */
export const createAnswers = ({ server, report, clock }: AnswersOptions): Answers => {
  const unusable = (handler: string, problem: string): RpcFault => {
    report(new ToolwayError('internal', `the answer of ${handler} cannot be used: ${problem}`, { server }));
    return new RpcFault(RPC.internalError, `the client has no usable answer: ${problem}`);
  };
  const failed = (error: unknown): RpcFault => {
    report(error);
    return new RpcFault(RPC.internalError, 'the client failed to answer');
  };

  const elicit: Give = async ({ onElicit }, params, context) => {
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

  const sample: Give = async ({ onSample }, params, context) => {
    if (onSample === undefined) throw notOffered('sampling/createMessage');
    const request = readSample(params);
    const given = await settle(() => onSample(request, context), context.signal).catch((error) => {
      throw refusalOf(error) === undefined ? failed(error) : new RpcFault(REJECTED, 'rejected');
    });
    const problem = sampleResultProblem(given);
    if (problem !== undefined) throw unusable('onSample', problem);
    return given;
  };

  const listRoots: Give = async ({ roots }, params, context) => {
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

  const answers = new Map<string, Give>([
    ['elicitation/create', elicit],
    ['sampling/createMessage', sample],
    ['roots/list', listRoots],
  ]);

  const answer: Answer = async (method, params, { handlers, ...context }) => {
    const give = answers.get(method);
    if (give === undefined) throw notOffered(method);
    return give(handlers, params, context);
  };

  let tasks: ClientTasks | undefined;

  return {
    async answer(method, params, question) {
      if (!isOfTasks(method, params, question)) return answer(method, params, question);
      tasks ??= createClientTasks({ answer, clock });
      return tasks.answer(method, params, question);
    },
    forget: () => tasks?.forget(),
  };
};

/** Only a legacy server sends requests of its own; the modern era knows no tasks of a client. */
const isOfTasks = (method: string, params: JsonObject, { requestId, handlers }: Question): boolean => {
  const { onElicit, onSample } = handlers;
  if (requestId === undefined || (onElicit ?? onSample) === undefined) return false;
  if (method === 'elicitation/create') return onElicit !== undefined && !isAbsent(params.task);
  if (method === 'sampling/createMessage') return onSample !== undefined && !isAbsent(params.task);
  return method.startsWith('tasks/');
};

/** A handler says no by throwing `denied` or an `AbortError`; anything else that it throws is a failure of its own. */
const refusalOf = (error: unknown): Exclude<ElicitResult['action'], 'accept'> | undefined => {
  if (error instanceof ToolwayError && error.code === 'denied') return 'decline';
  return error instanceof Error && error.name === 'AbortError' ? 'cancel' : undefined;
};

const isRoot = (root: unknown): root is Root => {
  if (!isObject(root) || typeof root.uri !== 'string' || !/^file:\/\//i.test(root.uri)) return false;
  return root.name === undefined || typeof root.name === 'string';
};
