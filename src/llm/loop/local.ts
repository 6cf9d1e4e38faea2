/** Runs a tool of the program itself, and the calls that it makes. */
import { ToolwayError } from '../../errors.ts';
import { qualify } from '../../names.ts';
import type { Taint, TaintSource } from '../../permission.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { LocalContext, LocalTool } from '../local-tool.ts';
import type { TextPart } from '../message.ts';
import { mixedLine } from '../results/sentences.ts';
import type { Offer } from './offer.ts';
import { callServer, count, type Given, type Running, sourceOf } from './server-call.ts';
import { createTaintSet, sourcesOfError } from './taint.ts';

export interface LocalCall {
  id: string;
  args: JsonObject;
  /** What the model had read when it wrote the call. */
  taint: Taint;
  offer: Offer;
  /** The tool is one of the loop, which hands on what it gets. */
  isOurs: boolean;
  running: Running;
}

/**
 * What a call of the tool reads counts for its later ones at once, and for the model with its result. What it still has
 * under way when it ends is cancelled.
 */
export const runLocal = async (
  tool: LocalTool,
  { id, args, taint, offer, isOurs, running }: LocalCall,
): Promise<Given> => {
  const { signal, clock, tell } = running;
  const controller = new AbortController();
  const seen = createTaintSet(taint);
  const read: TaintSource[] = [];
  const shown: TaintSource[] = [];
  let number = 0;
  let wants: number | undefined;
  let isOver = false;

  const call: LocalContext['call'] = async (wanted, given, options): Promise<CallToolResult> => {
    const catchUp = running.room?.(controller.signal);
    if (catchUp !== undefined) await catchUp;
    if (isOver) throw new ToolwayError('cancelled', `${tool.name} has ended`, { executed: 'no' });
    number += 1;
    const own = `${id}.${number}`;
    const name = offer.reach(wanted);
    const about = { id: own, name: name ?? wanted };
    const startedAt = clock.now();
    const settle = (
      sources: readonly TaintSource[],
      what: { result: CallToolResult } | { error: ToolwayError },
    ): void => {
      seen.add(sources);
      read.push(...sources);
      tell({ type: 'result', ...about, durationMs: clock.now() - startedAt, ...what, parent: id });
    };
    tell({ type: 'call', ...about, arguments: given, parent: id });
    try {
      count(running);
      if (name === undefined)
        throw new ToolwayError('unknown_tool', `there is no tool "${wanted}"`, { executed: 'no' });
      const ends =
        options?.signal === undefined ? controller.signal : AbortSignal.any([controller.signal, options.signal]);
      const result = await callServer(name, given, { id: own, taint: seen.now, signal: ends }, running);
      settle((await offer.taints(name)) ? [sourceOf(name, own)] : [], { result });
      wants = offer.wants(name);
      return result;
    } catch (thrown) {
      const error = ToolwayError.from(thrown);
      settle(sourcesOfError(error, own), { error });
      throw error;
    }
  };
  const context: LocalContext = {
    id,
    signal: controller.signal,
    call,
    onProgress(progress) {
      if (!isOver) tell({ type: 'progress', id, progress });
    },
    showing(tools) {
      // Nobody reads it: it is left to be news when somebody does.
      if (isOver) return;
      const news = running.history.sightings.glimpses(tools);
      seen.add(news);
      shown.push(...news);
    },
  };
  const heedNoMore = whenAborted(signal, (reason) => controller.abort(reason));
  const sources = (): TaintSource[] =>
    isClosed(tool)
      ? [...read, ...shown]
      : [...read, ...shown, { kind: 'result', server: '', name: tool.name, call: id }];
  try {
    const result: CallToolResult | undefined = await unlessAborted(signal, async () => tool.run(args, context));
    if (typeof result !== 'object' || result === null)
      throw new ToolwayError('internal', `${tool.name} gave no result`, { executed: 'unknown' });
    return {
      result,
      facts: { tool: tool.name },
      sources: sources(),
      before: originOf(read),
      ...(isOurs && { wanted: wants }),
    };
  } catch (thrown) {
    return { error: ToolwayError.from(thrown), sources: sources() };
  } finally {
    isOver = true;
    heedNoMore();
    controller.abort();
  }
};

/** The program knows its own tools: one that says that it reaches nobody outside brings in nothing of others. */
const isClosed = ({ annotations }: LocalTool): boolean => annotations?.openWorldHint === false;

/** A tool need not heed its signal. */
const unlessAborted = <T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const heedNoMore = whenAborted(signal, (cause) =>
      reject(new ToolwayError('cancelled', 'the run was cancelled', { executed: 'unknown', cause })),
    );
    run().then(resolve, reject).finally(heedNoMore);
  });

/** Named at most, of the tools whose data a result may hold. */
const MOST_NAMES = 5;

const originOf = (read: readonly TaintSource[]): TextPart[] => {
  const names = [...new Set(read.map(({ server, name = '' }) => qualify(server, name)))];
  if (names.length === 0) return [];
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return [{ type: 'text', text: mixedLine(`${names.slice(0, MOST_NAMES).join(', ')}${more}`) }];
};
