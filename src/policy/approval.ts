/** Gets somebody's word for a call, or finds that it was given before. */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Emitter, ToolkitEvents } from '../events.ts';
import type { Handlers } from '../handlers.ts';
import type { ServerConfig } from '../options.ts';
import type { ApprovalDecision, ApprovalRequest, DefinitionChange, TaintSource } from '../permission.ts';
import type { JsonObject, Tool } from '../protocol/types.ts';
import { ask } from './asking.ts';
import { frozenCopy } from './frozen.ts';
import { hintsOf } from './hints.ts';
import { launchText } from './launch.ts';
import { createRemembered, type Subject } from './remembered.ts';
import type { Ruling } from './rule-book.ts';
import { aboutArguments } from './suspicions.ts';
import { shownSources } from './taint.ts';

/** What is known of a call's tool. */
export interface KnownTool {
  readonly tool: Tool;
  /** Its server lists two tools of this name. */
  readonly ambiguous?: boolean;
  readonly drift?: { readonly changes: readonly DefinitionChange[] };
}

export interface ApproverOptions {
  clock: Clock;
  events: Emitter;
  /** What of a definition a tool is held to. */
  definitionText(tool: Tool): string;
  /** Default 300 000. */
  approvalTimeoutMs?: number;
  /** The toolkit's own handler, for servers that have none. */
  onApprove: Handlers['onApprove'];
}

/** A call that needs somebody's word. */
export interface Candidate {
  call: Call;
  tool: string;
  config: ServerConfig;
  known: KnownTool | undefined;
  ruling: Ruling;
  /** What the model that chose the call had read. */
  sources: readonly TaintSource[];
  /** What of the tool may deceive, in words. */
  suspicions: readonly string[];
}

type Resolution = ToolkitEvents['approval_resolved'];

/** Resolves when the call may go on, with what is to be sent instead where somebody said so; else rejects with `denied`, `approval_timeout` or `cancelled`. */
export const createApprover = (
  options: ApproverOptions,
): ((candidate: Candidate) => Promise<JsonObject | undefined>) => {
  const { clock, events, definitionText, approvalTimeoutMs: timeoutMs = 300_000 } = options;
  const remembered = createRemembered();

  /** What an answer may be remembered for: a tool that is known, and is the only one of its name. */
  const subjectOf = ({ call, config, known, ruling: { by } }: Candidate): Subject | undefined => {
    if (!isCertain(known)) return undefined;
    const { principal, scope } = call;
    const definition = definitionText(known.tool);
    return { server: config, principal, scope, by, definition, arguments: argumentsOf(call) };
  };

  return async (candidate) => {
    const { call, tool, config, ruling, sources } = candidate;
    const { id, server, scope, method, principal } = call;
    const about = { id, server, scope, method, tool, ...(principal !== undefined && { principal }) };
    const askedAt = clock.now();
    const tell = (by: Resolution['by'], { approved, reason, arguments: own }: ApprovalDecision): void => {
      const durationMs = clock.now() - askedAt;
      const said = { ...(reason !== undefined && { reason }), ...(own && { arguments: own }) };
      events.emit('approval_resolved', { ...about, approved, by, ...said, durationMs });
    };

    const subject = subjectOf(candidate);
    const earlier = subject && remembered.find(subject);
    if (earlier !== undefined) {
      tell('remembered', earlier);
      obey(earlier);
      return undefined;
    }
    const handler = call.handlers === undefined ? (config.onApprove ?? options.onApprove) : call.handlers.onApprove;
    if (handler === undefined)
      throw new ToolwayError('denied', `${ruling.by} asks for approval, and there is no onApprove to give it`, {
        executed: 'no',
      });
    const request = requestOf(candidate, timeoutMs);
    events.emit('approval_requested', { ...about, arguments: request.arguments, reason: request.reason, timeoutMs });
    const outcome = await ask({ call, clock, timeoutMs, request, handler });
    if (outcome.by !== 'handler') {
      tell(outcome.by, { approved: false, reason: outcome.error.message });
      throw outcome.error;
    }
    const { decision } = outcome;
    // What was said of other arguments says nothing of these.
    if (subject !== undefined && decision.remember && decision.arguments === undefined)
      remembered.keep(subject, decision, decision.remember === 'tool' && sources.length === 0 ? 'tool' : 'call');
    tell('handler', decision);
    obey(decision);
    // A person's time is not the call's.
    call.postpone(clock.now() - askedAt);
    return decision.arguments;
  };
};

const isCertain = (known: KnownTool | undefined): known is KnownTool => known !== undefined && known.ambiguous !== true;

const argumentsOf = (call: Call): JsonObject => call.params.arguments as JsonObject;

const requestOf = (
  { call, tool, config, known, ruling, sources, suspicions }: Candidate,
  timeoutMs: number,
): ApprovalRequest => {
  const warnings = [...suspicions, ...aboutArguments(argumentsOf(call))];
  const title: unknown = known?.tool.title ?? known?.tool.annotations?.title;
  return {
    id: call.id,
    server: call.server,
    tool,
    ...(typeof title === 'string' && { title }),
    ...(known !== undefined && { definition: frozenCopy(known.tool) as JsonObject & Tool }),
    arguments: argumentsOf(call),
    annotations: hintsOf(known?.tool, config.trustHints === true),
    reason: ruling.reason ?? ruling.by,
    ...(warnings.length > 0 && { warnings }),
    ...(known?.drift !== undefined && { diff: [...known.drift.changes] }),
    ...(sources.length > 0 && { taint: shownSources(sources) }),
    timeoutMs,
    ...(isCertain(known) && { standing: { rule: ruling.by, launch: launchText(config) } }),
  };
};

const obey = ({ approved, reason }: ApprovalDecision): void => {
  if (approved) return;
  const why = reason === undefined ? '' : `: ${reason}`;
  throw new ToolwayError('denied', `the call was not approved${why}`, { executed: 'no' });
};
