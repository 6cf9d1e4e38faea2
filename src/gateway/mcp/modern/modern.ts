/**
 * The server side of the revision 2026-07-28, over HTTP: every request stands alone, and nothing is remembered between
 * two of them but what one hands to the next by name — calls that wait for answers, and tasks.
 */
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, MODERN_VERSIONS } from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import type { Target } from '../../dispatch.ts';
import type { Caller } from '../../principal.ts';
import type { PostOfEra } from '../endpoint.ts';
import { createMethods, mayOr, type RunMethod } from '../methods.ts';
import type { Surface } from '../surface.ts';
import { cacheable, cacheableAsSaid, complete, failed, succeeded, TASKS_EXTENSION, typed } from './answers.ts';
import { askableOf, handlersFor, type Wanted } from './asked.ts';
import { attend } from './attend.ts';
import { createConversations } from './conversations.ts';
import { idOf, type ModernRequest, readEnvelope } from './envelope.ts';
import { invalidParams, missingCapability, noSuchMethod } from './faults.ts';
import { createHeldCalls } from './held-calls.ts';
import { inputRequestsOf } from './input-requests.ts';
import { createListening } from './listen.ts';
import { type Answer, accepted, jsonReply } from './reply.ts';
import { type Run, type Step, startRun } from './run.ts';
import { createTasks } from './tasks.ts';
import { checkParamHeaders, createKnownTools } from './tool-facts.ts';

export interface Modern {
  /** Answers one POST, whose body has been read; never rejects. */
  post(...given: Parameters<PostOfEra>): Promise<Response>;
  /** Cancels the calls that wait for answers of their clients. */
  close(): void;
}

interface Asked {
  request: Request;
  envelope: ModernRequest;
  caller: Caller;
  surface: Surface;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  run: RunMethod;
}

/** Of one principal, among all that wait for answers. */
const MAX_HELD_EACH = 64;
/** A server that makes a task of every call is given the time to ask something first, or to refuse. */
const TASK_PATIENCE_MS = 50;
/** How long a client may believe what an endpoint says of itself. */
const DISCOVER_TTL_MS = 60_000;

export const createModern = (context: GatewayContext): Modern => {
  const { clock, limits, lasting } = context;
  const known = createKnownTools(context);
  const conversations = createConversations();
  const { maxHeldCalls, heldCallMs: heldMs, taskAfterMs, taskTtlMs } = limits;
  const held = createHeldCalls({ clock, maxHeld: maxHeldCalls, maxHeldEach: MAX_HELD_EACH, heldMs, lasting });
  const tasks = createTasks({
    room: context.tasks,
    taskTtlMs,
    errorOf: (thrown, { refused }) => errorOf(failed(thrown, { refused })),
  });
  const listening = createListening(context, tasks);
  const methods = new WeakMap<Surface, RunMethod>();
  const methodsOf = (surface: Surface): RunMethod => {
    const made = methods.get(surface) ?? createMethods(context, surface);
    methods.set(surface, made);
    return made;
  };

  /** Where the question of a server could be for this client, or its request may outlive the connection: a call that can be left and taken up. */
  const begin = ({ envelope, caller, run }: Asked): Run => {
    const { method, params } = envelope;
    const askable = askableOf(envelope.capabilities);
    const early = params.inputResponses;
    if (early !== undefined && !isObject(early)) throw invalidParams('inputResponses is not an object');
    const conversation = askable && conversations.enter(caller);
    return startRun({
      clock,
      askable,
      ...(conversation !== undefined && { conversation: conversation.of }),
      ...(early !== undefined && { early }),
      start: (wishes) => run(method, params, { caller, ...wishes }).finally(() => conversation?.leave()),
    });
  };

  const answerTo = async (asked: Asked, run: Run, step: Step): Promise<Answer> => {
    const { caller, surface, envelope } = asked;
    const { method, params } = envelope;
    if ('questions' in step) {
      try {
        const inputRequests = inputRequestsOf(step.questions);
        const requestState = await held.hold(run, { caller, surface, method, params });
        return succeeded(typed('input_required', { inputRequests, requestState }));
      } catch (error) {
        return failed(error);
      }
    }
    return 'error' in step.outcome
      ? failed(step.outcome.error, { ...factsOf(envelope), refused: run.refused })
      : ended(asked, step.outcome.result, run.refused);
  };

  /** Where there is no room for one more task, its client goes on waiting; so it does where the store cannot be told of it. */
  const asTask = (asked: Asked, run: Run, target: Target): Promise<Answer> | undefined =>
    tasks.create(run, asked.caller, target)?.then(
      (task) => succeeded(typed('task', task)),
      async () => {
        whenAborted(asked.signal, () => run.stop());
        return answerTo(asked, run, await run.next());
      },
    );

  const takeUp = async (asked: Asked, target: Target | undefined): Promise<Response> => {
    const { envelope, caller, surface, request, signal } = asked;
    const { method, params } = envelope;
    const run = params.requestState === undefined ? begin(asked) : await held.take({ caller, surface, method, params });
    const mayBecomeTask = method === 'tools/call' && target !== undefined && knowsTasks(envelope);
    const isTask = mayBecomeTask && (await known.of(target.server, target.name, caller.principal.id))?.isTask;
    return attend(context, run, {
      request,
      signal,
      envelope,
      caller,
      server: target?.server,
      answerTo: (step) => answerTo(asked, run, step),
      ...(mayBecomeTask && {
        patience: {
          ms: isTask === true ? Math.min(TASK_PATIENCE_MS, taskAfterMs) : taskAfterMs,
          answer: () => asTask(asked, run, target),
        },
      }),
    });
  };

  /** What most calls are: nobody can be asked, nothing is to be said before the result, and who leaves ends it. */
  const carryOut = async (asked: Asked): Promise<Answer> => {
    const { envelope, caller, signal, run } = asked;
    const { method, params } = envelope;
    let refused: Set<Wanted> | undefined;
    const onRefused = (wanted: Wanted): void => {
      refused ??= new Set();
      refused.add(wanted);
    };
    const handlers = handlersFor({ askable: undefined, onQuestion() {}, onRefused });
    try {
      return ended(asked, await run(method, params, { caller, signal, handlers }), refused);
    } catch (error) {
      return failed(error, { ...factsOf(envelope), refused });
    }
  };

  const call = async (asked: Asked): Promise<Response> => {
    const { envelope, request } = asked;
    const { id, method, params, capabilities, progressToken, logLevel } = envelope;
    const isSimple =
      progressToken === undefined &&
      logLevel === undefined &&
      params.requestState === undefined &&
      params.inputResponses === undefined &&
      askableOf(capabilities) === undefined &&
      !(method === 'tools/call' && knowsTasks(envelope));
    let target: Target | undefined;
    if (method === 'tools/call') {
      const found = targetOf(asked, 'tools');
      target = found instanceof Promise ? await found : found;
      if (target !== undefined) {
        const facts = known.of(target.server, target.name, asked.caller.principal.id);
        const { inputSchema } = (facts instanceof Promise ? await facts : facts) ?? {};
        if (inputSchema !== undefined) checkParamHeaders(request.headers, inputSchema, params.arguments);
      }
    }
    if (isSimple) return jsonReply(id, await carryOut(asked));
    if (method === 'prompts/get') target = await targetOf(asked, 'prompts');
    return takeUp(asked, target);
  };

  const discover = async ({ surface, caller }: Asked): Promise<JsonObject> => {
    mayOr('read', caller);
    const { capabilities, serverInfo: _info, ...about } = await surface.about(caller);
    const extensions = capabilities.tools !== undefined && { extensions: { [TASKS_EXTENSION]: {} } };
    const result = {
      supportedVersions: [...MODERN_VERSIONS],
      capabilities: { ...capabilities, ...extensions },
      ...about,
    };
    return cacheable(result, caller, DISCOVER_TTL_MS);
  };

  const list = async ({ envelope: { method, params }, caller, run, signal }: Asked): Promise<JsonObject> =>
    cacheable(await run(method, params, { caller, signal }), caller);

  const ofTask = async ({ envelope, caller }: Asked): Promise<JsonObject> => {
    mayOr('call', caller);
    const { method, params } = envelope;
    if (!knowsTasks(envelope)) throw missingCapability({ extensions: { [TASKS_EXTENSION]: {} } });
    if (method === 'tasks/get') return complete(await tasks.get(caller, params.taskId));
    if (method === 'tasks/update') await tasks.update(caller, params.taskId, params.inputResponses);
    else await tasks.cancel(caller, params.taskId);
    return complete({});
  };

  const dispatch = async (asked: Asked): Promise<Response> => {
    const { id, method } = asked.envelope;
    switch (method) {
      case 'tools/call':
      case 'prompts/get':
      case 'resources/read':
        return call(asked);
      case 'tools/list':
      case 'prompts/list':
      case 'resources/list':
      case 'resources/templates/list':
        return jsonReply(id, succeeded(await list(asked)));
      case 'completion/complete':
        return jsonReply(id, await carryOut(asked));
      case 'server/discover':
        return jsonReply(id, succeeded(await discover(asked)));
      case 'subscriptions/listen':
        return listening.open(asked);
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel':
        return jsonReply(id, succeeded(await ofTask(asked)));
      default:
        throw noSuchMethod(method);
    }
  };

  return {
    async post(request, message, about) {
      try {
        const envelope = readEnvelope(request.headers, message);
        if (envelope === undefined) return accepted();
        return await dispatch({ request, envelope, ...about, run: methodsOf(about.surface) });
      } catch (error) {
        return jsonReply(idOf(message), failed(error));
      }
    },
    close() {
      held.close();
    },
  };
};

/** The end of a request that was carried out. A tool that failed for want of something it asked says so in vain. */
const ended = ({ envelope: { method }, caller }: Asked, result: JsonObject, refused?: ReadonlySet<Wanted>): Answer => {
  if (result.isError === true && refused !== undefined && refused.size > 0) return failed(undefined, { refused });
  return succeeded(method === 'resources/read' ? cacheableAsSaid(result, caller) : complete(result));
};

const factsOf = ({ capabilities, method, params: { uri } }: ModernRequest) => ({
  capabilities,
  ...(method === 'resources/read' && { uri }),
});

const errorOf = (answer: Answer) => ('error' in answer ? answer.error : { code: -32603, message: 'internal error' });

const knowsTasks = ({ capabilities: { extensions } }: ModernRequest): boolean =>
  isObject(extensions) && isObject(extensions[TASKS_EXTENSION]);

/** Whose tool or prompt it is, where the caller may know that it is there. */
const targetOf = (
  { surface, caller, envelope: { params } }: Asked,
  kind: 'tools' | 'prompts',
): Target | undefined | Promise<Target | undefined> => {
  if (typeof params.name !== 'string') return undefined;
  const seen = (target: Target | undefined): Target | undefined =>
    target !== undefined && caller.principal.sees(target.server, target.name, kind) ? target : undefined;
  const found = surface.targetOf(kind, params.name);
  return found instanceof Promise ? found.then(seen) : seen(found);
};
