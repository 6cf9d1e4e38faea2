/** What a program may take: what the numbers may be, and what they are where nothing is said. */
import type { Problem } from '../../errors.ts';
import { oddNames, refuse } from '../odd-names.ts';
import type { CodeToolOptions } from './code-tool.ts';
import type { CodeLimits } from './sandbox.ts';

const DEFAULTS: CodeLimits = {
  maxSourceBytes: 64 * 1024,
  maxMemoryBytes: 64 * 1024 * 1024,
  timeoutMs: 30_000,
  maxCalls: 1_000,
  maxInFlight: 16,
  maxOutputChars: 64 * 1024,
};
/** With less, the engine itself has no room to say that there is none. */
const LEAST_MEMORY = 16 * 1024 * 1024;
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1_000;

const NAMES: Readonly<Record<keyof CodeToolOptions, true>> = {
  ...{ sandbox: true, servers: true, allow: true, limits: true, descriptionTokens: true },
};

/** The limits of programs. Throws `invalid_arguments` with every option of the tool that is wrong. */
export const limitsOf = (options: CodeToolOptions): CodeLimits => {
  const { sandbox, limits: given = {} } = options;
  const problems = oddNames(options, Object.keys(NAMES));
  if (typeof sandbox?.open !== 'function') {
    problems.push({
      path: '/sandbox',
      message: 'must be a sandbox, such as createCodeSandbox() of toolway/node gives',
    });
  }
  const within = (problem: Problem): Problem => ({ ...problem, path: `/limits${problem.path}` });
  problems.push(...oddNames(given, Object.keys(DEFAULTS)).map(within));
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof CodeLimits)[]) {
    const { [name]: value = DEFAULTS[name] } = given;
    const message = wrong(name, value);
    if (message !== undefined) problems.push(within({ path: `/${name}`, message }));
    limits[name] = value;
  }
  refuse(problems);
  return { ...limits, maxMemoryBytes: Math.max(limits.maxMemoryBytes, LEAST_MEMORY) };
};

const wrong = (name: keyof CodeLimits, value: number): string | undefined => {
  if (name === 'timeoutMs') {
    const fits = value > 0 && value <= MAX_TIMEOUT_MS;
    return fits ? undefined : `must be a number above 0, and of at most ${MAX_TIMEOUT_MS}, a day`;
  }
  const least = name === 'maxCalls' ? 0 : 1;
  return Number.isSafeInteger(value) && value >= least ? undefined : `must be a whole number from ${least}`;
};
