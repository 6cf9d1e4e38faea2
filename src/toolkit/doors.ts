/** What callers give, checked at the door: not all of them are compiled, and models stand behind some. */
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { CallOptions, ToolkitOptions } from '../options.ts';

/** The name or URI of something; `code` is what there is when it is no text. */
export const textOf = (given: unknown, code: ErrorCode): string => {
  if (typeof given === 'string') return given;
  throw new ToolwayError(code, `a name must be a string, not ${kindOf(given)}`, { executed: 'no' });
};

/** The arguments of a tool. */
export const argumentsOf = (given: unknown): Record<string, unknown> => {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>;
  throw new ToolwayError('invalid_arguments', `the arguments must be an object, not ${kindOf(given)}`, {
    executed: 'no',
  });
};

/** What a caller asks for beside the arguments. What is no number would be no limit at all, and what is no signal would never end anything. */
export const checkWanted = (given: CallOptions): void => {
  if (typeof given !== 'object' || given === null) must('the options', 'an object', given, false);
  const { timeoutMs, totalTimeoutMs, signal, onProgress, retry, cache } = given;
  must('timeoutMs', 'a number above 0', timeoutMs, isFrom(timeoutMs, Number.MIN_VALUE));
  must('totalTimeoutMs', 'a number above 0', totalTimeoutMs, isFrom(totalTimeoutMs, Number.MIN_VALUE));
  must('signal', 'an AbortSignal', signal, typeof signal?.addEventListener === 'function');
  must('onProgress', 'a function', onProgress, typeof onProgress === 'function');
  must('retry', 'false or { attempts } from 1', retry, retry === false || isCount(retry?.attempts));
  must('cache', 'false or { ttlMs } from 0', cache, cache === false || isFrom(cache?.ttlMs, 0));
};

const OPTIONS: Record<keyof ToolkitOptions, 0> = {
  mcpServers: 0,
  defaults: 0,
  connect: 0,
  env: 0,
  inputs: 0,
  onInput: 0,
  limits: 0,
  policy: 0,
  pins: 0,
  pinFile: 0,
  batchWindowMs: 0,
  catalogueFile: 0,
  clientInfo: 0,
  logger: 0,
  log: 0,
  telemetry: 0,
  onElicit: 0,
  onSample: 0,
  roots: 0,
  onLog: 0,
  onRefused: 0,
  onTask: 0,
  onApprove: 0,
};

/** The options of a toolkit as a whole; those with names that are not ours are looked at more closely, with more than is loaded before. Rejects with `invalid_config`. */
export const checkOptions = async (given: ToolkitOptions): Promise<void> => {
  const isUsual =
    kindOf(given) === 'this object' &&
    ['undefined', 'this object'].includes(kindOf(given.mcpServers)) &&
    Object.keys(given).every((name) => Object.hasOwn(OPTIONS, name)) &&
    [undefined, 'eager', 'lazy', 'wait'].includes(given.connect) &&
    (given.limits ?? given.batchWindowMs) === undefined;
  if (!isUsual) (await import('./odd-options.ts')).checkOddOptions(given, Object.keys(OPTIONS));
};

/** From 1. */
const isCount = (given: unknown): boolean => Number.isSafeInteger(given) && isFrom(given, 1);
const isFrom = (given: unknown, least: number): boolean => typeof given === 'number' && given >= least;

const must = (name: string, be: string, given: unknown, fits: boolean): void => {
  if (given === undefined || fits) return;
  const shown = typeof given === 'number' ? given : kindOf(given);
  throw new ToolwayError('invalid_arguments', `${name} must be ${be}, not ${shown}`, { executed: 'no' });
};

const kindOf = (given: unknown): string =>
  given === null
    ? 'null'
    : Array.isArray(given)
      ? 'a list'
      : given === undefined
        ? 'undefined'
        : typeof given === 'object'
          ? 'this object'
          : `a ${typeof given}`;
