/** `toolway call`: one call of one tool. */
import { ToolwayError } from '../../errors.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import { gatherArguments, settleArguments, unknownKeys } from '../call-arguments.ts';
import type { Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findTool } from '../find-tool.ts';
import { parseFunctionForm } from '../function-form.ts';
import { createProgressLine } from '../progress.ts';
import { reportFailure } from '../report.ts';
import { checkResultOptions, createResultView, printToolResult } from '../result-view.ts';
import { safeLine } from '../safe-text.ts';
import { serversOf, timeoutOf } from '../session.ts';
import { signature } from '../signature.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, screen, open } = job;
  checkResultOptions(job);
  const [target = '', ...words] = args;
  const form = parseFunctionForm(target);
  const name = form?.name ?? target;
  const given = await gatherArguments({ words, json: options.value('args'), form: form?.args }, context);
  const session = await open({ choose: (servers) => serversOf(name, servers) });
  const definition = await findTool(session, name, context.signal);
  const { qualifiedName } = definition;
  const usage = signature({ ...definition, name: qualifiedName });
  const view = createResultView(job, definition.name);

  try {
    const toolArguments = settleArguments(given, definition.inputSchema);
    const strange = unknownKeys(toolArguments, definition.inputSchema);
    if (strange.length > 0)
      await output.note(safeLine(`toolway: ${qualifiedName} has no argument ${strange.join(', ')}`));
    const progress = createProgressLine({
      sink: context.stderr,
      screen,
      enabled: !output.quiet,
      name: safeLine(qualifiedName, 40),
    });
    const { attempts, cached, durationMs, ...outcome } = await session.toolkit
      .tryCall(qualifiedName, toolArguments, {
        signal: context.signal,
        onProgress: progress.update,
        ...(options.flag('timeout') && { timeoutMs: timeoutOf(options) }),
      })
      .finally(progress.end);
    if (!outcome.success) throw outcome.error;
    const { result, serverUsed = definition.server } = outcome;
    if (output.json) {
      await view.document(result, { server: serverUsed, tool: definition.name }, { durationMs, attempts, cached });
    } else {
      await view.print((content) => printToolResult(result, content, output.columns));
      if (result.isError === true) await output.note(output.remarks.red('toolway: the tool answered with an error'));
    }
    return result.isError === true ? EXIT.toolError : EXIT.done;
  } catch (thrown) {
    return reportFailure(thrown, output, isAboutArguments(thrown) ? usage : undefined);
  }
};

/** Ours, or the server's word for the same. */
const isAboutArguments = (thrown: unknown): boolean =>
  thrown instanceof ToolwayError && (thrown.code === 'invalid_arguments' || thrown.rpcCode === RPC.invalidParams);
