/** What a user may say of permission: which calls need none, who is asked for it, and what voids it. */
import type { JsonObject, Tool } from './protocol/types.ts';

/** What may be done without asking anybody. Rules are tried in order; the first one that fits decides. */
export interface Policy {
  /** What becomes of a call that no rule fits. Default `allow`, and `ask` for calls that a model chose (see `taint` of a call). */
  default?: PolicyAction;
  rules?: readonly PolicyRule[];
}
/** `ask` goes to `onApprove`. */
export type PolicyAction = 'allow' | 'ask' | 'deny';
/** Decides the calls that fit every part it has; without any part it fits all. */
export interface PolicyRule {
  /** Names of servers (`*` is a wildcard), one of which has to fit. */
  server?: string | readonly string[];
  /** Names of tools (`*` is a wildcard), one of which has to fit. */
  tool?: string | readonly string[];
  /** What the tool has to be. Hints that a server does not give, and those of servers without `trustHints`, are taken for the worst. */
  annotations?: ToolHints;
  /** Conditions on arguments, by JSON Pointer (`/options/path`) or dotted path (`options.path`). All have to hold. */
  arguments?: Record<string, ArgumentCondition>;
  /**
   * Whether a model chose the call that had read what others wrote. A rule with `true` that allows is the only one by
   * which such a call may write, or reach the outside, without being asked for.
   */
  tainted?: boolean;
  action: PolicyAction;
  /** Shown to whoever is asked, and in the error of whoever is denied. */
  reason?: string;
}
/** What a tool says of itself (2025-11-25 `ToolAnnotations`). */
export interface ToolHints {
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}
/** What one argument has to be; with several operators, all of them have to hold. Only `present: false` holds for an argument that is not there. */
export interface ArgumentCondition {
  /** Equal as JSON, whatever the order of keys. */
  equals?: unknown;
  oneOf?: readonly unknown[];
  /** A text, or each of a list of texts, in which `*` stands for any run of characters. */
  matches?: string | readonly string[];
  startsWith?: string | readonly string[];
  /** A path that lies in one of these folders, or is one of them, once its `.` and `..` are resolved. */
  within?: string | readonly string[];
  lessThan?: number;
  greaterThan?: number;
  present?: boolean;
}

/** What a model had read that somebody else wrote, when it chose a call. Present: a model chose it. Without sources: nothing yet. */
export interface Taint {
  readonly sources: readonly TaintSource[];
}
/** One thing that a model read. */
export interface TaintSource {
  /**
   * `definition`: what a server said of its tools after they had first been shown; `history`: what an earlier conversation
   * had read, where that is no longer known.
   */
  readonly kind: 'result' | 'error' | 'resource' | 'prompt' | 'definition' | 'sampling' | 'history';
  /** Whose server wrote it; empty where that is not known. */
  readonly server: string;
  /** The tool, the prompt, or the URI of the resource. */
  readonly name?: string;
  /** The id of the model's call that it answered. */
  readonly call?: string;
}

/** A call that waits for somebody's word. */
export interface ApprovalRequest {
  /** The id of the call. */
  id: string;
  server: string;
  tool: string;
  title?: string;
  /** The tool as its server defines it now; absent where that could not be read. */
  definition?: Tool;
  /** A frozen copy, which is what will be sent. */
  arguments: JsonObject;
  /** The tool's hints as far as they are believed. */
  annotations: Required<ToolHints>;
  /** Why it is asked. */
  reason: string;
  /** What may deceive a reader, each in one sentence: characters that cannot be seen, names that look like others. Absent when nothing was found. */
  warnings?: string[];
  /** How the definition differs from the one that was first seen. */
  diff?: DefinitionChange[];
  /** What the model that chose the call had read by then; absent where it had read nothing, or no model chose it. */
  taint?: TaintSource[];
  /** How long there is to answer. */
  timeoutMs: number;
  /**
   * What, beside the caller, the tool's name, its definition and its arguments, has to be the same for an answer to hold
   * for a later call: the rule that asks, and how its server is launched, which is absent for links that a program makes.
   * Absent where no answer holds for another call, since the tool is not known or not the only one of its name.
   */
  standing?: { rule: string; launch?: string };
}
/** The answer to an `ApprovalRequest`. */
export interface ApprovalDecision {
  approved: boolean;
  reason?: string;
  /**
   * Holds this answer for as long as the toolkit lives and the tool's definition stays what it is: `true` for calls
   * with the same arguments, `tool` for any arguments; of the same principal and scope only, and where the same rule asks.
   * For a call with `taint` `tool` means `true`.
   */
  remember?: boolean | 'tool';
  /**
   * Where it is approved: what is sent instead, whole. It is held to the tool's schema, and to the rules that deny; then
   * exactly this is sent. Nothing is remembered.
   */
  arguments?: JsonObject;
}

/** `true` and `false` are answers without more to say. */
export type ApprovalAnswer = boolean | ApprovalDecision;

/** What becomes of a tool whose definition is no longer the one first seen. `off` does not look. */
export type PinMode = 'block' | 'warn' | 'off';
/** One difference between two definitions of a tool, each side as shortened text; a side that has nothing there is absent. */
export interface DefinitionChange {
  /** JSON Pointer into the definition. */
  path: string;
  before?: string;
  after?: string;
}
