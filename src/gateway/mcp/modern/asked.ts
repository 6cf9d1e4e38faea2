/**
 * What servers ask in the course of one request, as far as it is for its client to answer: handlers that the request is
 * given, behind which questions wait for `inputResponses`.
 */

import { ToolwayError } from '../../../errors.ts';
import type { HandlerContext, RequestHandlers } from '../../../handlers.ts';
import type { ClientCapabilities, ElicitResult, JsonObject, Root, SampleResult } from '../../../protocol/types.ts';
import { isObject } from '../../../protocol/wire.ts';

/** The methods that can stand in `inputRequests`. */
export type QuestionMethod = 'elicitation/create' | 'sampling/createMessage' | 'roots/list';

/** One question that waits for its answer. */
export interface Question {
  method: QuestionMethod;
  params: JsonObject;
  /** Takes an answer that was checked. */
  settle(answer: JsonObject): void;
}

/** Why a request could not be carried out: what its client would have to be able to do. */
export type Wanted = 'elicitation' | 'elicitation.form' | 'elicitation.url' | 'sampling' | 'sampling.tools' | 'roots';

/** What of a client's capabilities lets it be asked something; undefined where nothing does. */
export const askableOf = ({ elicitation, sampling, roots }: JsonObject): ClientCapabilities | undefined => {
  if (elicitation === undefined && sampling === undefined && roots === undefined) return undefined;
  const askable: ClientCapabilities = {};
  if (isObject(elicitation)) askable.elicitation = elicitation;
  if (isObject(sampling)) askable.sampling = sampling;
  if (isObject(roots)) askable.roots = roots;
  return Object.keys(askable).length === 0 ? undefined : askable;
};

/** `{}` means forms, as it did before there was anything else. */
const takesForms = ({ form, url }: JsonObject): boolean => form !== undefined || url === undefined;

export interface AskedOptions {
  /** Of `askableOf`. */
  askable: ClientCapabilities | undefined;
  /** Whose requests can be asked in each other's place. */
  conversation?: object;
  onQuestion(key: string | undefined, question: Question, signal: AbortSignal): void;
  onRefused(wanted: Wanted): void;
}

const NOTHING: ClientCapabilities = {};

/** Handlers for one request: of each kind that its client can answer, and of no other. */
export const handlersFor = ({ askable, conversation, onQuestion, onRefused }: AskedOptions): RequestHandlers => {
  const handlers: RequestHandlers = {
    capabilities: askable ?? NOTHING,
    onRefused: (method) => onRefused(WANTED.get(method) ?? 'elicitation'),
  };
  if (askable === undefined) return handlers;
  if (conversation !== undefined) handlers.conversation = conversation;
  const ask = (
    method: QuestionMethod,
    request: JsonObject,
    { inputKey, signal }: HandlerContext,
  ): Promise<JsonObject> =>
    new Promise((settle) => onQuestion(inputKey, { method, params: paramsOf(request), settle }, signal));
  const refuse = (wanted: Wanted): never => {
    onRefused(wanted);
    throw new ToolwayError('denied', `the client has not declared ${wanted}`);
  };
  const { elicitation, sampling, roots } = askable;
  if (elicitation !== undefined) {
    handlers.onElicit = (request, context) => {
      if (request.mode === 'url' && elicitation.url === undefined) return refuse('elicitation.url');
      if (request.mode !== 'url' && !takesForms(elicitation)) return refuse('elicitation.form');
      return ask('elicitation/create', request, context) as Promise<ElicitResult & JsonObject>;
    };
  }
  if (sampling !== undefined) {
    handlers.onSample = (request, context) => {
      if (request.tools !== undefined && sampling.tools === undefined) return refuse('sampling.tools');
      return ask('sampling/createMessage', request, context) as Promise<SampleResult>;
    };
  }
  if (roots !== undefined) {
    handlers.roots = async (request, context) => (await ask('roots/list', request, context)).roots as Root[];
  }
  return handlers;
};

const WANTED: ReadonlyMap<string, Wanted> = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/** Without what is of the legacy era alone, or between its server and us. */
const paramsOf = ({ _meta, task: _task, elicitationId: _id, ...params }: JsonObject): JsonObject => params;

/** `requiredCapabilities` of an error, in the form of a `ClientCapabilities` object. */
export const requiredFor = (wanted: Iterable<Wanted>): JsonObject => {
  const required: Record<string, JsonObject> = {};
  for (const each of wanted) {
    const [kind = '', part] = each.split('.');
    const of = required[kind] ?? {};
    if (part !== undefined) of[part] = {};
    required[kind] = of;
  }
  return required;
};
