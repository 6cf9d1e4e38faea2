/** Many calls, a few at a time, each with an outcome of its own. */
import type { BatchCall, BatchOptions, CallOutcome } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import type { CallOptions } from '../options.ts';
import { outcomeOf } from './outcome.ts';
import { checkConcurrency, inPool } from './pool.ts';
import type { CallsPort } from './port.ts';
import { splitSignal } from './split-signal.ts';

/** The outcomes of `calls`, in order. Rejects with `invalid_arguments` where `calls` or `options` as a whole are unusable. */
export const runBatch = async (
  port: CallsPort,
  calls: readonly BatchCall[],
  { concurrency, signal, onItem }: BatchOptions = {},
): Promise<CallOutcome[]> => {
  const { checkWanted, guarded, logger } = port;
  const atATime = checkConcurrency(concurrency);
  checkWanted({ signal });
  if (!Array.isArray(calls)) {
    throw new ToolwayError('invalid_arguments', 'a batch must be a list of calls', { executed: 'no' });
  }
  // A copy: the caller may do with the list what it likes meanwhile.
  const items: unknown[] = [...calls];
  const outcomes: CallOutcome[] = [];
  outcomes.length = items.length;
  const signals = splitSignal(signal);
  await inPool(items.length, atATime, async (index, place) => {
    const outcome = await outcomeOfItem(port, items[index], index, signals.at(place));
    outcomes[index] = outcome;
    if (onItem === undefined) return;
    guarded(
      () => onItem(outcome, index),
      (error) => logger?.error('onItem failed', { error }),
    );
  });
  signals.end();
  return outcomes;
};

const outcomeOfItem = (
  { house, finder, ask, checkWanted, qualify }: CallsPort,
  item: unknown,
  index: number,
  signal: AbortSignal | undefined,
): Promise<CallOutcome> => {
  const { clock } = house.deadlines;
  const startedAt = clock.now();
  return outcomeOf(clock, startedAt, (making) => {
    if (signal?.aborted === true) throw notBegun(signal);
    if (!isObject(item)) throw malformed(index, 'it must be an object with name and arguments');
    const { server, tool, name = tool, arguments: args = {}, options = {} } = item;
    if (typeof name !== 'string') throw malformed(index, 'it has no name');
    if (!isObject(options)) throw malformed(index, 'its options must be an object');
    checkWanted(options);
    const wanted = withSignal(options, signal);
    const qualified = server === undefined ? name : qualify(finder.server(String(server)).name, name);
    return ask({ name: qualified, args: args as Record<string, unknown>, wanted, startedAt, making });
  });
};

const withSignal = (options: CallOptions, signal: AbortSignal | undefined): CallOptions => {
  if (signal === undefined) return options;
  return { ...options, signal: options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]) };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const malformed = (index: number, why: string): ToolwayError =>
  new ToolwayError('invalid_arguments', `call ${index} of the batch is no call: ${why}`, { executed: 'no' });

const notBegun = (signal: AbortSignal): ToolwayError =>
  new ToolwayError('cancelled', 'the batch was cancelled before this call began', {
    executed: 'no',
    cause: signal.reason,
  });
