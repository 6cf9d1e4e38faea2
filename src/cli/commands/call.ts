/** `toolway call`: one call of one tool. */
import type { CallOutcome, ListedTool } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { CallOptions } from '../../options.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { signature } from '../../schema/signature.ts';
import { gatherArguments, settleArguments, unknownKeys, withForm } from '../call-arguments.ts';
import type { Run, Session } from '../command.ts';
import type { ContentOptions } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { findTool, isNamed } from '../find-tool.ts';
import { type FunctionForm, parseFunctionForm } from '../function-form.ts';
import { createProgressLine } from '../progress.ts';
import { reportFailure } from '../report.ts';
import { checkResultOptions, createResultView, printToolResult } from '../result-view.ts';
import { safeLine } from '../safe-text.ts';
import { serversOf, timeoutOf } from '../session.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, screen, open } = job;
  await checkResultOptions(job);
  const [target = '', ...words] = args;
  const { form, fault } = readTarget(target);
  const name = form?.name ?? target;
  const gathered = await gatherArguments({ words, json: options.value('args') }, context);
  const session = await open({ choose: (servers) => serversOf(name, servers) });
  const showing = { sink: context.stderr, screen, enabled: output.redraws };
  const search = createProgressLine({ ...showing, name: `looking for ${safeLine(name, 40)}` });
  const definition = await findTool(session, name, context.signal, target)
    .catch((thrown: unknown) => {
      throw (ToolwayError.from(thrown).code === 'unknown_tool' && fault) || thrown;
    })
    .finally(search.end);
  const given = isNamed(definition, target) ? gathered : withForm(gathered, form?.args ?? []);
  const { qualifiedName } = definition;
  const usage = signature({ ...definition, name: qualifiedName });
  const view = createResultView(job, definition.name);

  try {
    const toolArguments = settleArguments(given, definition.inputSchema);
    const strange = unknownKeys(toolArguments, definition.inputSchema);
    if (strange.length > 0)
      await output.note(safeLine(`toolway: ${qualifiedName} has no argument ${strange.join(', ')}`));
    const progress = createProgressLine({ ...showing, name: safeLine(qualifiedName, 40) });
    const { attempts, cached, durationMs, ...outcome } = await outcomeOf(session, definition, toolArguments, {
      signal: context.signal,
      onProgress: progress.update,
      ...(options.flag('timeout') && { timeoutMs: timeoutOf(options) }),
    }).finally(progress.end);
    if (!outcome.success) throw outcome.error;
    const { result, serverUsed = definition.server } = outcome;
    const write = (content: ContentOptions): Promise<void> => printToolResult(result, content, output.columns);
    if (output.json) {
      const about = { server: serverUsed, tool: definition.name };
      await view.document(result, about, { durationMs, attempts, cached }, write);
    } else {
      await view.print(write);
      if (result.isError === true) await output.note(output.remarks.red('toolway: the tool answered with an error'));
    }
    return result.isError === true ? EXIT.toolError : EXIT.done;
  } catch (thrown) {
    if (!isAboutArguments(thrown)) return reportFailure(thrown, output);
    // A person reads the name in the signature below.
    const facts = output.json ? { server: definition.server, tool: definition.name } : {};
    return reportFailure(ToolwayError.from(thrown, facts), output, usage);
  }
};

/** The target as a call that is written as one; or why it is none, which may be that its tool has a bracket in its name. */
const readTarget = (target: string): { form?: FunctionForm; fault?: ToolwayError } => {
  try {
    const form = parseFunctionForm(target);
    return form === undefined ? {} : { form };
  } catch (thrown) {
    return { fault: ToolwayError.from(thrown) };
  }
};

/**
 * What became of the call. Where nothing is kept and no other server can answer, there is no need to load what
 * finds out.
 */
const outcomeOf = async (
  { toolkit, config, lasting }: Session,
  { server, qualifiedName }: ListedTool,
  toolArguments: JsonObject,
  wanted: CallOptions,
): Promise<CallOutcome> => {
  const { group, cache } = config.mcpServers[server] ?? {};
  if (lasting === true || (group ?? cache) !== undefined) return toolkit.tryCall(qualifiedName, toolArguments, wanted);
  let attempts = 1;
  const off = toolkit.on('retry', () => {
    attempts += 1;
  });
  const startedAt = performance.now();
  const facts = () => ({ serverUsed: server, attempts, durationMs: performance.now() - startedAt, cached: false });
  try {
    const result = await toolkit.callTool(qualifiedName, toolArguments, wanted);
    return { success: true, result, ...facts() };
  } catch (thrown) {
    return { success: false, error: ToolwayError.from(thrown), ...facts() };
  } finally {
    off();
  }
};

/** Ours, or the server's word for the same. */
const isAboutArguments = (thrown: unknown): boolean =>
  thrown instanceof ToolwayError && (thrown.code === 'invalid_arguments' || thrown.rpcCode === RPC.invalidParams);
