/** The numbers that bound a run: what they may be, and which one is reached. */
import type { Problem } from '../../errors.ts';
import { oddNames, refuse } from '../odd-names.ts';
import { DEFAULT_RESULT_TOKENS } from '../results/parts.ts';
import { priceOf } from './cost.ts';
import type { LoopOptions, LoopStop } from './options.ts';

/** The limits of a run, each with its value. */
export type Limits = Required<
  Pick<
    LoopOptions,
    | 'maxSteps'
    | 'maxToolCalls'
    | 'parallelCalls'
    | 'maxResultTokens'
    | 'maxLargeResultTokens'
    | 'maxTurnResultTokens'
    | 'maxTokens'
    | 'maxCostUsd'
    | 'timeoutMs'
  >
>;

/** Denials after which a run ends: who asks again and again is not to wear anybody out. */
export const MAX_DENIALS = 3;
const TURN_RESULT_TOKENS = 24_000;
/** How often in a row the same call may fail in the same way. */
const MAX_SAME_FAILURES = 3;

/** Throws `invalid_arguments` with every option that is wrong. */
export const limitsOf = (given: LoopOptions): Limits => {
  // Not all who call are compiled.
  const options = given ?? {};
  refuse([...oddNames(options, Object.keys(NAMES)), ...wrongNumbers(options), ...wrongOthers(options)]);
  const { maxSteps = 25, maxToolCalls = 50, parallelCalls = 8 } = options;
  const { maxResultTokens = DEFAULT_RESULT_TOKENS, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const { maxLargeResultTokens = options.maxResultTokens ?? TURN_RESULT_TOKENS } = options;
  const { maxTurnResultTokens = Math.max(TURN_RESULT_TOKENS, maxResultTokens, maxLargeResultTokens) } = options;
  const { maxTokens = Number.POSITIVE_INFINITY, maxCostUsd = Number.POSITIVE_INFINITY } = options;
  return {
    ...{ maxSteps, maxToolCalls, parallelCalls, timeoutMs, maxTokens, maxCostUsd },
    ...{ maxResultTokens, maxLargeResultTokens, maxTurnResultTokens },
  };
};

/** What a run has used so far. */
export interface Used {
  steps: number;
  tokens: number;
  usd: number;
}

/** The limit that lets no further request be made. */
export const reached = ({ steps, tokens, usd }: Used, limits: Limits): LoopStop | undefined => {
  if (steps >= limits.maxSteps) return 'max_steps';
  if (tokens >= limits.maxTokens) return 'max_tokens';
  if (usd >= limits.maxCostUsd) return 'max_cost';
  return undefined;
};

/** Is told of each turn which calls failed, and gives whether one of them did so too often in a row. */
export const createStreaks = (): ((failures: ReadonlySet<string>) => boolean) => {
  let streaks = new Map<string, number>();
  return (failures) => {
    streaks = new Map([...failures].map((failure) => [failure, (streaks.get(failure) ?? 0) + 1]));
    return [...streaks.values()].some((times) => times >= MAX_SAME_FAILURES);
  };
};

const NAMES: Readonly<Record<keyof LoopOptions, true>> = {
  ...{ toolkit: true, model: true, messages: true, conversation: true, system: true, instructions: true, tools: true },
  ...{ localTools: true, search: true, toolBudgetTokens: true, maxSteps: true, maxToolCalls: true, maxTokens: true },
  ...{ maxCostUsd: true, timeoutMs: true, maxOutputTokens: true, temperature: true, parallelCalls: true },
  ...{ handlers: true, principal: true, scope: true, signal: true, onEvent: true, spill: true },
  ...{ maxResultTokens: true, maxLargeResultTokens: true, maxTurnResultTokens: true },
};

const COUNTS = [
  'maxSteps',
  'maxToolCalls',
  'parallelCalls',
  'maxResultTokens',
  'maxLargeResultTokens',
  'maxTurnResultTokens',
  'maxTokens',
  'maxOutputTokens',
] as const;
const AMOUNTS = ['maxCostUsd', 'timeoutMs'] as const;

const wrongNumbers = (options: LoopOptions): Problem[] => {
  const wrong = (names: readonly (keyof LoopOptions)[], be: string, fits: (value: number) => boolean): Problem[] =>
    names
      .filter((name) => options[name] !== undefined && !(typeof options[name] === 'number' && fits(options[name])))
      .map((name) => ({ path: `/${name}`, message: `must be ${be}` }));
  return [
    ...wrong(COUNTS, 'a whole number from 1', (value) => Number.isSafeInteger(value) && value >= 1),
    ...wrong(AMOUNTS, 'a number above 0', (value) => value > 0),
    ...wrong(['toolBudgetTokens', 'temperature'], 'a number from 0', (value) => value >= 0),
  ];
};

const wrongOthers = (options: LoopOptions): Problem[] => {
  const { toolkit, model, search, system, tools, instructions, signal, onEvent, spill, maxCostUsd } = options;
  const problems: Problem[] = [];
  const must = (path: string, message: string, fits: boolean): void => {
    if (!fits) problems.push({ path, message });
  };
  must('/toolkit', 'must be a toolkit', typeof toolkit?.callTool === 'function');
  must('/model', 'must be a model, such as anthropicModel gives', typeof model?.stream === 'function');
  must('/search', 'must be auto, always or never', [undefined, 'auto', 'always', 'never'].includes(search));
  must('/signal', 'must be an AbortSignal', signal === undefined || typeof signal.addEventListener === 'function');
  must('/onEvent', 'must be a function', onEvent === undefined || typeof onEvent === 'function');
  must('/system', 'must be a text', system === undefined || typeof system === 'string');
  must(
    '/spill',
    'must be a spill, such as createMemorySpill gives',
    spill === undefined || typeof spill.put === 'function',
  );
  const isFlag = instructions === undefined || typeof instructions === 'boolean';
  must('/instructions', 'must be true, or a list of servers', isFlag || Array.isArray(instructions));
  must(
    '/tools',
    'must be { servers, allow }',
    tools === undefined || (typeof tools === 'object' && !Array.isArray(tools)),
  );
  must('/tools/servers', 'must be a list of servers', tools?.servers === undefined || Array.isArray(tools.servers));
  must('/localTools', 'must be a list of tools', options.localTools === undefined || Array.isArray(options.localTools));
  must('/tools/allow', 'must be a function', tools?.allow === undefined || typeof tools.allow === 'function');
  const names = new Set<string>();
  for (const [index, { name, run }] of listIn(options.localTools).entries()) {
    must(`/localTools/${index}/run`, 'must be a function', typeof run === 'function');
    must(`/localTools/${index}/name`, 'must be 1 to 64 letters, digits, _ or -', /^[\w-]{1,64}$/.test(name));
    must(`/localTools/${index}/name`, 'is that of another local tool', !names.has(name));
    names.add(name);
  }
  if (typeof toolkit?.has === 'function') {
    for (const server of listIn(instructions)) must('/instructions', `names no server: ${server}`, toolkit.has(server));
    for (const server of listIn(tools?.servers))
      must('/tools/servers', `names no server: ${server}`, toolkit.has(server));
  }
  const isPriced = maxCostUsd === undefined || typeof model?.stream !== 'function' || priceOf(model) !== undefined;
  must('/maxCostUsd', 'cannot be held: the price of the model is not known; give the model a `price`', isPriced);
  return problems;
};

const listIn = <T>(given: boolean | readonly T[] | undefined): readonly T[] => (Array.isArray(given) ? given : []);
