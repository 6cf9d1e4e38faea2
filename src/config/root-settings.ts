/** What a file says of the whole beside its servers: limits, and files of its own. */
import type { Limits } from '../options.ts';
import { nearest } from './nearest.ts';
import { pointerStep } from './places.ts';
import type { ConfigProblem } from './problem.ts';
import { count, isObject, kindOf, limitMs, ms, type Reader, some, someText } from './readers.ts';

/** Settings of the whole toolkit that stand by themselves. */
export interface RootSettings {
  /** A path, as the file gives it. */
  pinFile?: string;
  /** A path, as the file gives it. */
  catalogueFile?: string;
  batchWindowMs?: number;
}

/** Programs can set these, and files cannot: they are functions, or belong to whoever makes the toolkit. */
export const OF_PROGRAMS: readonly string[] = ['connect', 'env', 'clientInfo', 'roots', 'telemetry', 'log', 'logger'];

const LIMITS: Record<keyof Limits, Reader<number>> = {
  maxQueue: count,
  maxDepth: some,
  maxPages: some,
  maxTools: count,
  maxListBytes: some,
  maxInputRounds: count,
  maxScopes: count,
  scopeIdleMs: ms,
  maxCacheEntries: count,
  maxCacheBytes: count,
  approvalTimeoutMs: limitMs,
};
const LIMIT_NAMES = Object.keys(LIMITS) as (keyof Limits)[];

/** Nothing is filled in: it is known before any server is connected where these files are. */
const path: Reader<string> = (value) => {
  const read = someText(value);
  if (!read.ok || !read.value.includes('${')) return read;
  return { ok: false, message: `must be a path; \${…} is not filled in here` };
};

const SETTINGS: { [K in keyof RootSettings]-?: Reader<NonNullable<RootSettings[K]>> } = {
  pinFile: path,
  catalogueFile: path,
  batchWindowMs: ms,
};

/** The names of these settings. */
export const ROOT_SETTINGS = Object.keys(SETTINGS) as (keyof RootSettings)[];

/** Reads `pinFile`, `catalogueFile` and `batchWindowMs` where they are given. */
export const readRootSettings = (value: Record<string, unknown>, problems: ConfigProblem[]): RootSettings => {
  const settings: Record<string, unknown> = {};
  for (const name of ROOT_SETTINGS) {
    const given = value[name];
    if (given === undefined || given === null) continue;
    const read = SETTINGS[name](given);
    if (read.ok) settings[name] = read.value;
    else problems.push({ level: 'error', path: `/${name}`, message: read.message });
  }
  return settings;
};

/** Reads `limits` where they are given. */
export const readLimits = (value: unknown, problems: ConfigProblem[]): Limits => {
  const limits: Limits = {};
  if (value === undefined || value === null) return limits;
  if (!isObject(value)) {
    problems.push({ level: 'error', path: '/limits', message: `must be an object, not ${kindOf(value)}` });
    return limits;
  }
  for (const [name, given] of Object.entries(value)) {
    const here = `/limits${pointerStep(name)}`;
    const limit = LIMIT_NAMES.find((known) => known === name);
    if (limit === undefined) {
      const [close] = nearest(name, LIMIT_NAMES);
      const hint = close === undefined ? `; there are ${LIMIT_NAMES.join(', ')}` : `; did you mean ${close}?`;
      problems.push({ level: 'warning', path: here, message: `is not a limit${hint}` });
      continue;
    }
    const read = LIMITS[limit](given);
    if (read.ok) limits[limit] = read.value;
    else problems.push({ level: 'error', path: here, message: read.message });
  }
  return limits;
};
