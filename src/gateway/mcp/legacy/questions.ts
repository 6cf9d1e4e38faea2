/**
 * What servers ask of a client: elicitation, sampling and roots as requests of ours to it, under ids that are ours. One
 * object answers for all requests of a session, so that the question of a server that does not say for which call it asks
 * can still be put to its client.
 */
import type { Clock } from '../../../clock.ts';
import { ToolwayError } from '../../../errors.ts';
import type { HandlerContext, RequestHandlers } from '../../../handlers.ts';
import type {
  ClientCapabilities,
  ElicitRequest,
  ElicitResult,
  JsonObject,
  Root,
  SampleRequest,
  SampleResult,
} from '../../../protocol/types.ts';
import { isObject, type JsonRpcNotification, type JsonRpcRequest } from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import { newId } from '../../random.ts';

export interface Questions {
  /** Only what the client declared. */
  readonly handlers: RequestHandlers;
  /** Asks whether the client is there. Rejects when it does not answer within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  /** The client's answer to the question of this id; one that nobody waits for is ignored. */
  settle(id: unknown, result: unknown, error: unknown): void;
  /** Takes a question back: what it was asked for is over. */
  withdraw(id: string): void;
  /** URLs that the client was asked to visit: who says that one is done names its id. */
  readonly visits: ReadonlySet<string>;
  /** Takes in the URLs of an error −32042, which the client visits by itself. */
  noteVisits(data: unknown): void;
  close(): void;
}

export interface QuestionsOptions {
  capabilities: ClientCapabilities;
  clock: Clock;
  /** Puts it to the client, on behalf of a server. */
  send(message: JsonRpcRequest | JsonRpcNotification, server: string | undefined): void;
}

/** How long a person may take over one question. */
const ANSWER_MS = 300_000;
/** Questions that a client is asked at a time; one more is refused. */
const MAX_OPEN = 64;
/** Visits that are remembered for each session. */
const MAX_VISITS = 64;
/** By which a client says that a person did not want it (2025-11-25 client/sampling#error-handling). */
const REJECTED = -1;

interface Open {
  leave(reason: string): void;
  resolve(result: JsonObject): void;
  reject(error: unknown): void;
}

export const createQuestions = ({ capabilities, clock, send }: QuestionsOptions): Questions => {
  const open = new Map<string, Open>();
  const visits = new Set<string>();
  let isClosed = false;

  const ask = (
    method: string,
    params: JsonObject,
    { server, signal, timeoutMs = ANSWER_MS }: { server?: string; signal?: AbortSignal; timeoutMs?: number },
  ): Promise<JsonObject> =>
    new Promise((resolve, reject) => {
      if (isClosed || open.size >= MAX_OPEN) {
        reject(isClosed ? gone() : new Error(`the client was asked ${MAX_OPEN} questions already`));
        return;
      }
      const id = newId();
      const leave = (reason: string): void => {
        end();
        send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } }, server);
        reject(new DOMException(reason, 'AbortError'));
      };
      const timer = clock.after(timeoutMs, () => leave(`no answer within ${timeoutMs} ms`));
      timer.keepAlive(false);
      let stop = (): void => {};
      const end = (): void => {
        open.delete(id);
        timer.cancel();
        stop();
      };
      const settled =
        <T>(how: (value: T) => void) =>
        (value: T): void => {
          end();
          how(value);
        };
      open.set(id, { leave, resolve: settled(resolve), reject: settled(reject) });
      send({ jsonrpc: '2.0', id, method, params }, server);
      if (signal !== undefined) stop = whenAborted(signal, () => leave('nobody waits for the answer any more'));
    });

  const { elicitation, sampling, roots } = capabilities;
  const elicits = {
    form: elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined),
    url: elicitation?.url !== undefined,
  };
  const onElicit = async (request: ElicitRequest, context: HandlerContext): Promise<ElicitResult> => {
    const mode = request.mode ?? 'form';
    if (!elicits[mode]) throw new Error(`the client does not offer elicitation by ${mode}`);
    if (mode === 'url' && typeof request.elicitationId === 'string') remember(visits, request.elicitationId);
    return (await ask('elicitation/create', asSent(request), context)) as unknown as ElicitResult;
  };
  const onSample = async (request: SampleRequest, context: HandlerContext): Promise<SampleResult> => {
    if (request.tools !== undefined && sampling?.tools === undefined)
      throw new Error('the client does not offer sampling with tools');
    return (await ask('sampling/createMessage', asSent(request), context)) as unknown as SampleResult;
  };
  const listRoots = async (request: JsonObject, context: HandlerContext): Promise<Root[]> =>
    (await ask('roots/list', asSent(request), context)).roots as Root[];

  return {
    visits,
    handlers: {
      capabilities: declared(capabilities),
      ...(elicitation !== undefined && { onElicit }),
      ...(sampling !== undefined && { onSample }),
      ...(roots !== undefined && { roots: listRoots }),
    },
    noteVisits(data) {
      const elicitations = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations : [];
      for (const each of elicitations)
        if (isObject(each) && typeof each.elicitationId === 'string') remember(visits, each.elicitationId);
    },
    async ping(timeoutMs) {
      await ask('ping', {}, { timeoutMs });
    },
    withdraw: (id) => open.get(id)?.leave('the request that it was asked for is over'),
    settle(id, result, error) {
      const question = open.get(String(id));
      if (question === undefined) return;
      const code = isObject(error) ? error.code : undefined;
      if (isObject(result)) question.resolve(result);
      else if (code === REJECTED) question.reject(new ToolwayError('denied', 'the client said no'));
      else question.reject(new Error(`the client answered with the error ${String(code)}`));
    },
    close() {
      isClosed = true;
      for (const { reject } of [...open.values()]) reject(gone());
    },
  };
};

const gone = (): DOMException => new DOMException('the client has left', 'AbortError');

/** Remembers an id of a visit, in the place of the oldest where there are too many. */
const remember = (visits: Set<string>, id: string): void => {
  if (visits.size >= MAX_VISITS) for (const oldest of [...visits].slice(0, 1)) visits.delete(oldest);
  visits.add(id);
};

/** What servers of the modern era are told, in so far as the client said it. */
const declared = ({ elicitation, sampling, roots }: ClientCapabilities): ClientCapabilities => ({
  ...(elicitation !== undefined && { elicitation }),
  ...(sampling !== undefined && { sampling }),
  ...(roots !== undefined && { roots: {} }),
});

/** The parameters without what is between a server and us: its progress token, and the task that it wants of it. */
const asSent = (params: JsonObject): JsonObject => {
  const { _meta, task: _task, ...rest } = params;
  if (!isObject(_meta)) return rest;
  const { progressToken: _token, 'io.modelcontextprotocol/related-task': _related, ...meta } = _meta;
  return Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest;
};
