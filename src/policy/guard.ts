/** Judges calls by the policy, and asks for those that need somebody's word. */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { Policy } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';
import { type ApproverOptions, createApprover, type KnownTool } from './approval.ts';
import type { Matches } from './conditions.ts';
import { hintsOf } from './hints.ts';
import { createJudge, type Verdict } from './judge.ts';
import { sealCall, takeCopy, takenCopy } from './seal.ts';

export interface GuardOptions extends ApproverOptions {
  policy: Policy;
  matches: Matches;
  /** The configuration of a call's server. */
  configOf(call: Call): ServerConfig;
  /** The tool as its server defines it now, if that is known. */
  toolOf(call: Call): KnownTool | undefined;
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
  const { configOf, toolOf, matches, definitionText } = options;
  const judge = createJudge(options.policy, matches);
  const approve = createApprover(options);

  const verdictOn = (call: Call, tool: string, config: ServerConfig, known: KnownTool | undefined): Verdict =>
    judge({
      server: call.server,
      tool,
      arguments: call.params.arguments as JsonObject,
      hints: hintsOf(known?.tool, config.trustHints === true),
      autoApproved: known?.ambiguous !== true && (config.autoApprove ?? []).some((pattern) => matches(pattern, tool)),
    });

  const sameDefinition = (one: KnownTool | undefined, other: KnownTool | undefined): boolean =>
    one?.tool === other?.tool ||
    (one !== undefined && other !== undefined && definitionText(one.tool) === definitionText(other.tool));

  return {
    take: takeCopy,
    async judge(call, next) {
      const tool = String(takenCopy(call).name);
      const config = configOf(call);
      const known = toolOf(call);
      const verdict = verdictOn(call, tool, config, known);
      if (verdict.action === 'ask') {
        sealCall(call, () => {
          if (!sameDefinition(known, toolOf(call))) throw changed(call);
        });
        await approve({ call, tool, config, known, verdict });
      } else if (verdict.action !== 'allow') throw denied(verdict);
      return next(call);
    },
  };
};

const changed = (call: Call): ToolwayError =>
  new ToolwayError('tool_changed', 'the tool is no longer what it was when the call was approved', {
    executed: call.state === 'queued' ? 'no' : 'unknown',
  });

const denied = ({ by, reason }: Verdict): ToolwayError =>
  new ToolwayError('denied', `denied by ${by}${reason === undefined ? '' : `: ${reason}`}`, { executed: 'no' });
