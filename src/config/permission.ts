/** `policy` and `pins`, as files and programs give them: read part by part, with what is wrong and where. */
import type { ArgumentCondition, PinMode, Policy, PolicyAction, PolicyRule, ToolHints } from '../permission.ts';
import { type Readers, type Report, readParts } from './parts.ts';
import { pointerStep } from './places.ts';
import type { ConfigProblem } from './problem.ts';
import { flag, isObject, kindOf, oneOf, type Reader, text } from './readers.ts';
import type { Suggest } from './server.ts';

const ACTIONS = ['allow', 'ask', 'deny'] as const satisfies PolicyAction[];
const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

export const pinMode = oneOf(['block', 'warn', 'off'] as const satisfies PinMode[]);

/** One pattern or several; none at all would fit nothing, which nobody means. */
const patterns: Reader<string | readonly string[]> = (value) => {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  const odd = all.findIndex((one) => typeof one !== 'string' || one === '');
  if (all.length > 0 && odd < 0) return { ok: true, value: value as string | string[] };
  const message = 'must be a text that is not empty, or a list of such';
  return Array.isArray(value) && odd >= 0 ? { ok: false, message, step: String(odd) } : { ok: false, message };
};
/** Servers are known to rules by the names that they bear; any other name in a file has an alias, which no wildcard can find. */
const serverPatterns: Reader<string | readonly string[]> = (value) => {
  const read = patterns(value);
  if (!read.ok) return read;
  const all = [read.value].flat();
  const odd = all.findIndex((one) => one.includes('*') && /[^A-Za-z0-9_*-]/.test(one));
  if (odd < 0) return read;
  const message = `fits no server: "${all[odd]}" has characters that no name of a server has; give the whole name instead`;
  return Array.isArray(value) ? { ok: false, message, step: String(odd) } : { ok: false, message };
};
const number: Reader<number> = (value) =>
  typeof value === 'number' && !Number.isNaN(value)
    ? { ok: true, value }
    : { ok: false, message: `must be a number, not ${kindOf(value)}` };
const anything: Reader<NonNullable<unknown>> = (value) => ({ ok: true, value: value as NonNullable<unknown> });
const list: Reader<unknown[]> = (value) =>
  Array.isArray(value) && value.length > 0
    ? { ok: true, value }
    : { ok: false, message: 'must be a list that is not empty' };

const CONDITION: Readers<ArgumentCondition> = {
  equals: anything,
  oneOf: list,
  matches: patterns,
  startsWith: patterns,
  within: patterns,
  lessThan: number,
  greaterThan: number,
  present: flag,
};
const TOOL_HINTS: Readers<ToolHints> = Object.fromEntries(HINTS.map((hint) => [hint, flag])) as Readers<ToolHints>;

const readCondition = (value: unknown, path: string, report: Report): ArgumentCondition => {
  if (isObject(value) && Object.keys(value).length === 0) report(path, 'says nothing: it needs an operator');
  return readParts<ArgumentCondition>(value, path, CONDITION, report) ?? {};
};

const readRule = (value: unknown, path: string, report: Report): PolicyRule => {
  const rule = readParts<PolicyRule>(
    value,
    path,
    {
      server: serverPatterns,
      tool: patterns,
      annotations: (hints) => ({ ok: true, value: readParts(hints, `${path}/annotations`, TOOL_HINTS, report) ?? {} }),
      arguments: (given) => ({ ok: true, value: readConditions(given, `${path}/arguments`, report) }),
      tainted: flag,
      action: oneOf(ACTIONS),
      reason: text,
    },
    report,
  );
  if (isObject(value) && value.action === undefined) report(path, `needs an action: ${ACTIONS.join(', ')}`);
  return rule ?? { action: 'deny' };
};

const readConditions = (value: unknown, path: string, report: Report): Record<string, ArgumentCondition> => {
  if (!isObject(value)) {
    report(path, `must be an object of conditions by path, not ${kindOf(value)}`);
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, condition]) => [key, readCondition(condition, path + pointerStep(key), report)]),
  );
};

const readPolicy = (value: unknown, path: string, report: Report): Policy | undefined =>
  readParts<Policy>(
    value,
    path,
    {
      default: oneOf(ACTIONS),
      rules: (rules) =>
        Array.isArray(rules)
          ? { ok: true, value: rules.map((rule, index) => readRule(rule, `${path}/rules/${index}`, report)) }
          : { ok: false, message: `must be a list of rules, not ${kindOf(rules)}` },
    },
    report,
  );

/** Reads `policy` and `pins` where they are given. With an error among the problems nothing of it can be used. */
export const readPermissions = (
  { policy, pins }: { policy?: unknown; pins?: unknown },
  suggest: Suggest,
): { policy?: Policy; pins?: PinMode; problems: ConfigProblem[] } => {
  const problems: ConfigProblem[] = [];
  const push = (path: string, message: string): void => void problems.push({ level: 'error', path, message });
  const report: Report = Object.assign(push, { suggest });
  const readPins = pins === undefined || pins === null ? undefined : pinMode(pins);
  if (readPins?.ok === false) report('/pins', readPins.message);
  const read = policy === undefined || policy === null ? undefined : readPolicy(policy, '/policy', report);
  return {
    ...(read !== undefined && { policy: read }),
    ...(readPins?.ok && { pins: readPins.value }),
    problems,
  };
};
