/** One piece of work for a client: it may ask back, in whichever way the era has for it, and be cancelled. */
import { ToolwayError } from '../../errors.ts';
import type {
  ClientCapabilities,
  ElicitResult,
  JsonObject,
  LogLevel,
  Root,
  SampleResult,
} from '../../protocol/types.ts';
import { type EraName, isObject, META, type RequestId } from '../../protocol/wire.ts';
import type { TestContext } from './offer.ts';
import type { LinkFacts, Voice } from './voice.ts';

/** How a run reaches its client at the moment. */
export interface Channel {
  id: RequestId;
  params: JsonObject;
  facts: LinkFacts;
  /** Says something before the answer. */
  tell(message: JsonObject): void;
}

/** What became of a request: its result, an error, or questions that have to be answered first. */
export type Outcome = { result: JsonObject } | { error: JsonObject } | { questions: JsonObject };

export interface Run {
  /** The outcome of the request that started it, or that brought the answers. */
  outcome(): Promise<Outcome>;
  /** Goes on with the answers to its questions, over another request. */
  resume(channel: Channel, answers: JsonObject): void;
  /** Over for the client. */
  cancel(): void;
  readonly cancelled: boolean;
}

export interface RunOptions {
  era: EraName;
  channel: Channel;
  capabilities: ClientCapabilities;
  /** Legacy: the level from which log messages are wanted. */
  logLevel(): LogLevel | undefined;
  /** Legacy: sends a request to the client. */
  ask(method: string, params: JsonObject, channel: Channel): Promise<JsonObject>;
  work(context: TestContext): unknown;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export const startRun = ({ era, channel, capabilities, logLevel, ask, work }: RunOptions): Run => {
  const abort = new AbortController();
  const cancelled = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
  let now = channel;
  let settle: (outcome: Outcome) => void = () => {};
  let outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  let questions = new Map<string, { method: string; params: JsonObject; answer: (value: unknown) => void }>();
  let asked = 0;

  const askByResult = (method: string, params: JsonObject): Promise<unknown> =>
    new Promise((answer) => {
      asked += 1;
      questions.set(`q${asked}`, { method, params, answer });
      // What is asked in one go is asked in one round.
      if (questions.size === 1) queueMicrotask(() => settle({ questions: Object.fromEntries(questionsOf()) }));
    });
  const questionsOf = (): [string, JsonObject][] =>
    [...questions].map(([key, { method, params }]) => [key, { method, params }]);
  const request = (kind: 'elicitation' | 'sampling' | 'roots', method: string, params: JsonObject) => {
    if (capabilities[kind] === undefined)
      throw new ToolwayError('unsupported', `the client has not declared ${kind}`, { executed: 'no' });
    return era === 'modern' ? askByResult(method, params) : ask(method, params, now);
  };
  const metaOf = (): JsonObject => (isObject(now.params._meta) ? now.params._meta : {});
  const wants = (level: LogLevel): boolean => {
    const from = era === 'modern' ? metaOf()[META.logLevel] : (logLevel() ?? 'debug');
    return typeof from === 'string' && LEVELS.indexOf(level) >= LEVELS.indexOf(from as LogLevel);
  };

  const context: TestContext = {
    era,
    get id() {
      return now.id;
    },
    get meta() {
      return metaOf();
    },
    get headers() {
      return now.facts.headers ?? {};
    },
    signal: abort.signal,
    cancelled,
    progress(progress) {
      const { progressToken } = metaOf();
      if (progressToken === undefined || abort.signal.aborted) return;
      now.tell({ jsonrpc: '2.0', method: 'notifications/progress', params: { ...progress, progressToken } });
    },
    log(level, data, logger) {
      if (!wants(level) || abort.signal.aborted) return;
      const params = { level, data, ...(logger === undefined ? {} : { logger }) };
      now.tell({ jsonrpc: '2.0', method: 'notifications/message', params });
    },
    elicit: async (params) => (await request('elicitation', 'elicitation/create', params)) as ElicitResult,
    sample: async (params) => (await request('sampling', 'sampling/createMessage', params)) as SampleResult,
    listRoots: async () => ((await request('roots', 'roots/list', {})) as { roots: Root[] }).roots,
  };

  const perform = async (): Promise<Outcome> => {
    try {
      return { result: (await work(context)) as JsonObject };
    } catch (error) {
      return { error: rpcErrorOf(error) };
    }
  };
  // Not within the call: whoever started it has to know of it first.
  queueMicrotask(() => void perform().then((done) => settle(done)));

  return {
    outcome: () => outcome,
    get cancelled() {
      return abort.signal.aborted;
    },
    resume(next, answers) {
      now = next;
      const answered = questions;
      questions = new Map();
      outcome = new Promise((resolve) => {
        settle = resolve;
      });
      for (const [key, { answer }] of answered) answer(answers[key]);
    },
    cancel: () => abort.abort(),
  };
};

/** What was thrown, as a JSON-RPC error: the one it names, else -32603. */
export const rpcErrorOf = (thrown: unknown): JsonObject => {
  const { rpcCode, data } = thrown instanceof ToolwayError ? thrown : { rpcCode: undefined, data: undefined };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: rpcCode ?? -32_603, message, ...(data === undefined ? {} : { data }) };
};

/** A run's way to its client over the voice of one request; what the voice cannot say before the answer goes by `push`. */
export const channelOf = (
  id: RequestId,
  params: JsonObject,
  facts: LinkFacts,
  voice: Voice,
  push: (message: unknown) => void,
): Channel => ({ id, params, facts, tell: (message) => (voice.streams ? voice.say(message) : push(message)) });
