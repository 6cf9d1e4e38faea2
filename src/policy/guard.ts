/** Judges calls by the policy, and asks for those that need somebody's word. */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { Policy } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';
import { type ApproverOptions, createApprover, type KnownTool } from './approval.ts';
import type { Matches } from './conditions.ts';
import { differences } from './differences.ts';
import { problemsOf } from './drift.ts';
import { hintsOf } from './hints.ts';
import { createRuleBook, type Ruling } from './rule-book.ts';
import { sealCall, takeCopy, takenCopy } from './seal.ts';
import { createSuspicions, type ToolList } from './suspicions.ts';
import { sourcesOf, underTaint } from './taint.ts';

export interface GuardOptions extends ApproverOptions {
  policy: Policy;
  matches: Matches;
  /** The configuration of a call's server. */
  configOf(call: Call): ServerConfig;
  /** Throws where its server was removed. */
  mustBeIn(call: Call): void;
  /** The tool as its server defines it now, if that is known. */
  toolOf(call: Call): KnownTool | undefined;
  /** Rejects with `invalid_arguments` where the arguments do not fit the tool's schema. */
  mustFit(call: Call): Promise<void>;
  /** The tools of its server, if they are known. */
  toolsOf(call: Call): ToolList | undefined;
}

/** The two halves of the policy; arguments are checked between them. */
export interface Guard {
  /** Gives the call arguments that nobody else can change. Throws `invalid_arguments` where they are no JSON. */
  take(call: Call): void;
  /** Lets the call go on, asks for it, or rejects with `denied`, `approval_timeout` or `cancelled`. */
  judge(call: Call, next: (call: Call) => Promise<JsonObject>): Promise<JsonObject>;
}

/** Throws where the policy is unusable. */
export const createGuard = (options: GuardOptions): Guard => {
  const { configOf, mustBeIn, mustFit, toolOf, toolsOf, matches, definitionText } = options;
  const rulingOn = createRuleBook(options.policy, matches);
  const approve = createApprover(options);
  const suspicionsOf = createSuspicions();

  const isAutoApproved = ({ autoApprove = [] }: ServerConfig, tool: string): boolean =>
    autoApprove.some((pattern) => matches(pattern, tool));

  const changed = (call: Call, known: KnownTool | undefined): ToolwayError | undefined => {
    const present = toolOf(call);
    if (known?.tool === present?.tool) return undefined;
    const [before, after] = [known, present].map((one) => one && definitionText(one.tool));
    if (before === after) return undefined;
    const { changes } = differences(parsed(before), parsed(after));
    return new ToolwayError('tool_changed', 'the tool is no longer what it was when the call was approved', {
      executed: call.state === 'queued' ? 'no' : 'unknown',
      problems: problemsOf(changes),
    });
  };

  /** The call itself may be sent, and nothing else, as long as its tool is what it was when somebody was asked. */
  const sealAsAsked = (call: Call, known: KnownTool | undefined): void =>
    sealCall(call, () => {
      const error = changed(call, known);
      if (error !== undefined) throw error;
    });

  return {
    take: takeCopy,
    async judge(call, next) {
      const sources = sourcesOf(call);
      if (call.method !== 'tools/call')
        throw new ToolwayError('denied', 'a model may call tools, and nothing else', { executed: 'no' });
      const params = takenCopy(call);
      const tool = String(params.name);
      const config = configOf(call);
      const known = toolOf(call);
      const suspicions = (): string[] => suspicionsOf(tool, known, toolsOf(call));
      const rulingFor = (args: JsonObject): Ruling => {
        const hints = hintsOf(known?.tool, config.trustHints === true);
        const facts = {
          server: call.server,
          tool,
          arguments: args,
          hints,
          autoApproved: isAutoApproved(config, tool) && suspicions().length === 0,
          chosen: sources !== undefined,
          tainted: sources !== undefined && sources.length > 0,
        };
        return underTaint(rulingOn(facts), hints, sources);
      };
      const ruling = rulingFor(params.arguments as JsonObject);
      if (ruling.action === 'ask') {
        sealAsAsked(call, known);
        const about = { call, tool, config, known, ruling, sources: sources ?? [], suspicions: suspicions() };
        const instead = await approve(about);
        // What is kept under its name is another server's by now.
        mustBeIn(call);
        if (instead !== undefined) {
          const again = rulingFor(instead);
          if (again.action === 'deny') throw denied(again);
          call.params = { ...params, arguments: instead };
          takeCopy(call);
          sealAsAsked(call, known);
          await mustFit(call);
        }
      } else if (ruling.action !== 'allow') throw denied(ruling);
      return next(call);
    },
  };
};

const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));

const denied = ({ by, reason }: Ruling): ToolwayError =>
  new ToolwayError('denied', `denied by ${by}${reason === undefined ? '' : `: ${reason}`}`, { executed: 'no' });
