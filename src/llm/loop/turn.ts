/** The calls of one message: a few at a time, each with what it may read and do. */
import { canonicalJson } from '../../canonical.ts';
import { ToolwayError } from '../../errors.ts';
import type { Taint } from '../../permission.ts';
import type { CallPart, ResultPart } from '../message.ts';
import { failureParts } from '../results/failure.ts';
import { runLocal } from './local.ts';
import type { Offer } from './offer.ts';
import { callServer, count, type Given, type Running, sourceOf } from './server-call.ts';
import { sourcesOfError } from './taint.ts';
import { fitTurn, showResult, type TurnResult } from './turn-results.ts';

/** Runs the calls, and gives what is to be compared of those that failed. Never rejects. */
export const runTurn = async (calls: readonly CallPart[], offer: Offer, running: Running): Promise<Set<string>> => {
  const { history, limits } = running;
  // What its siblings give, the model had not read when it wrote a call.
  const { taint } = history.conversation;
  const failures = new Set<string>();
  const results: TurnResult[] = [];
  const left = calls.entries();
  const work = async (): Promise<void> => {
    for (const [index, call] of left) {
      await running.room?.(running.signal);
      const { failure, result } = await runCall(call, offer, taint, running);
      results[index] = result;
      if (failure !== undefined) failures.add(failure);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limits.parallelCalls, calls.length) }, work));
  await fitTurn(results, limits.maxTurnResultTokens);
  return failures;
};

/** Answers calls that are not run. */
export const refuseCalls = (calls: readonly CallPart[], reason: string, { history, tell }: Running): void => {
  for (const { id, name, arguments: args = {} } of calls) {
    const error = new ToolwayError('cancelled', reason, { executed: 'no' });
    tell({ type: 'call', id, name, arguments: args });
    history.settle({ type: 'result', id, name, content: failureParts(error), isError: true, executed: 'no' }, []);
    tell({ type: 'result', id, name, durationMs: 0, error });
  }
};

interface Ran {
  result: TurnResult;
  /** What is the same for calls that fail in the same way, where it failed. */
  failure?: string;
}

/** Gives its result to the history. */
const runCall = async (call: CallPart, offer: Offer, taint: Taint, running: Running): Promise<Ran> => {
  const { history, clock, tell } = running;
  const { id } = call;
  const meant = offer.find(call.name);
  const name = meant === undefined ? call.name : 'local' in meant ? meant.local.name : meant.qualifiedName;
  const written = call.arguments ?? {};
  const args = meant?.toArguments(written) ?? written;
  const startedAt = clock.now();
  tell({ type: 'call', id, name, arguments: args });

  const give = async (): Promise<Given> => {
    // What only finds and shows is no call of a tool; `call_tool` counts as the one that it makes.
    if (meant === undefined || !('isOurs' in meant && meant.isOurs)) count(running);
    if (meant === undefined) throw await unknownTool(name, offer);
    if (call.arguments === undefined) throw noArguments(call);
    if ('local' in meant) return runLocal(meant.local, { id, args, taint, offer, running, isOurs: meant.isOurs });
    const result = await callServer(meant.qualifiedName, args, { id, taint, signal: running.signal }, running);
    const source = sourceOf(meant.qualifiedName, id);
    return {
      result,
      facts: { server: source.server, tool: source.name },
      sources: (await offer.taints(name)) ? [source] : [],
      wanted: offer.wants(name),
    };
  };
  const given = await give().catch((thrown: unknown): Given => {
    const error = ToolwayError.from(thrown);
    return { error, sources: sourcesOfError(error, id) };
  });
  const { result, error, sources } = given;
  const isError = error !== undefined || result.isError === true;
  const executed = error?.executed;
  const settle = (content: ResultPart['content']): void => {
    const settled: ResultPart = { type: 'result', id, name: call.name, content };
    history.settle({ ...settled, ...(isError && { isError }), ...(executed !== undefined && { executed }) }, sources);
  };
  const shown = await showResult(given, name, running, settle);
  const durationMs = clock.now() - startedAt;
  tell({ type: 'result', id, name, durationMs, ...(error === undefined ? { result } : { error }) });
  if (!isError) return { result: shown };
  const how = error === undefined ? textOf(result.content) : `${error.code} ${error.rpcCode}`;
  const failure = `${name} ${call.arguments === undefined ? call.text : textOf(call.arguments)} ${how}`;
  return { result: shown, failure };
};

const unknownTool = async (name: string, offer: Offer): Promise<ToolwayError> =>
  new ToolwayError('unknown_tool', `there is no tool "${name}"`, { executed: 'no', matches: await offer.near(name) });

/** What the model wrote in place of arguments, as far as it is told again. */
const MOST_CHARACTERS = 400;

const noArguments = ({ text = '' }: CallPart): ToolwayError =>
  new ToolwayError('invalid_arguments', `the arguments are no JSON object: ${text.slice(0, MOST_CHARACTERS)}`, {
    executed: 'no',
  });

/** What can be compared; what cannot be written as JSON, or nests too deeply, is like all else of its kind. */
const textOf = (value: unknown): string => {
  try {
    return canonicalJson(value);
  } catch {
    return '';
  }
};
