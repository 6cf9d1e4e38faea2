/** Finds the rule that decides a call. */
import type { Policy, PolicyAction, PolicyRule, ToolHints } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createCondition, type Matches } from './conditions.ts';
import { lookOf } from './lookalikes.ts';

/** What rules look at. */
export interface Facts {
  server: string;
  tool: string;
  arguments: JsonObject;
  hints: Required<ToolHints>;
  /** The operator named the tool in `autoApprove`, and nothing speaks against it. */
  autoApproved: boolean;
  /** A model chose the call. */
  chosen: boolean;
  /** It had read what others wrote. */
  tainted: boolean;
}

export interface Ruling {
  action: PolicyAction;
  /** Who says so: `rule 2 of the policy`. */
  by: string;
  reason?: string;
  /** It is a rule for calls under taint. */
  tainted?: true;
}

export type RuleBook = (facts: Facts) => Ruling;

/** Makes rules ready for use; the policy may change afterwards without effect. Throws where a rule is unusable. */
export const createRuleBook = ({ default: fallback, rules = [] }: Policy, matches: Matches): RuleBook => {
  const ready = rules.map((rule, index) => createRule(rule, index, matches));
  const byDefault = (action: PolicyAction): Ruling => ({ action, by: 'the default of the policy' });

  const decide = (facts: Facts): Ruling => {
    for (const { fits, ruling } of ready) if (fits(facts)) return ruling;
    const action = fallback ?? (facts.chosen ? 'ask' : 'allow');
    return byDefault(action === 'ask' && facts.autoApproved && !facts.tainted ? 'allow' : action);
  };
  return (facts) => {
    try {
      return decide(facts);
    } catch (error) {
      // A rule that cannot be tried might have been the one that denies.
      return { action: 'deny', by: 'a rule of the policy that failed', reason: String((error as Error)?.message) };
    }
  };
};

const createRule = (
  { server, tool, annotations = {}, arguments: conditions = {}, tainted, action, reason }: PolicyRule,
  index: number,
  matches: Matches,
): { fits: (facts: Facts) => boolean; ruling: Ruling } => {
  // In doubt a rule that lets calls through does not fit, and one that holds them up does.
  const possibly = action !== 'allow';
  const wanted = Object.entries(annotations) as [keyof ToolHints, boolean][];
  const all = Object.entries(conditions).map(([path, condition]) => createCondition(path, condition, matches));
  const isServer = among(server, matches);
  const isTool = among(tool, possibly ? looksLike(matches) : matches);
  return {
    fits: (facts) =>
      isServer(facts.server) &&
      isTool(facts.tool) &&
      (tainted === undefined || tainted === facts.tainted) &&
      wanted.every(([hint, value]) => facts.hints[hint] === value) &&
      all.every((holds) => holds(facts.arguments, possibly)),
    ruling: {
      action,
      by: `rule ${index + 1} of the policy`,
      ...(reason !== undefined && { reason }),
      ...(tainted === true && { tainted }),
    },
  };
};

/** A name that is easily taken for another one is that other one as well. */
const looksLike =
  (matches: Matches): Matches =>
  (pattern, name) =>
    matches(pattern, name) || matches(lookOf(pattern), lookOf(name));

const among = (patterns: string | readonly string[] | undefined, matches: Matches): ((name: string) => boolean) => {
  if (patterns === undefined) return () => true;
  const all = typeof patterns === 'string' ? [patterns] : [...patterns];
  return (name) => all.some((pattern) => matches(pattern, name));
};
