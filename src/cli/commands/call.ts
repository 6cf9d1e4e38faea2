/** `toolway call`: one call of one tool. */
import { ToolwayError } from '../../errors.ts';
import type { CallToolResult } from '../../protocol/types.ts';
import { gatherArguments, settleArguments, unknownKeys } from '../call-arguments.ts';
import type { Job, Run } from '../command.ts';
import { printContent } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { findTool } from '../find-tool.ts';
import { parseFunctionForm } from '../function-form.ts';
import { safeJson } from '../output.ts';
import { createProgressLine } from '../progress.ts';
import { reportFailure } from '../report.ts';
import { safeLine } from '../safe-text.ts';
import { createSave } from '../save.ts';
import { serversOf } from '../session.ts';
import { signature } from '../signature.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, open } = job;
  refuseRawOnTerminal(job);
  const [target = '', ...words] = args;
  const form = parseFunctionForm(target);
  const name = form?.name ?? target;
  const given = await gatherArguments({ words, json: options.value('args'), form: form?.args }, context);
  const session = await open({ choose: (servers) => serversOf(name, servers) });
  const definition = await findTool(session, name, context.signal);
  const usage = signature({ ...definition, name: definition.qualifiedName });

  const progress = createProgressLine(context.stderr, !output.quiet);
  const startedAt = performance.now();
  try {
    const toolArguments = settleArguments(given, definition.inputSchema);
    const strange = unknownKeys(toolArguments, definition.inputSchema);
    if (strange.length > 0)
      await output.note(safeLine(`toolway: ${definition.qualifiedName} has no argument ${strange.join(', ')}`));
    const { signal } = context;
    const result = await session.toolkit
      .callTool(definition.qualifiedName, toolArguments, { signal, onProgress: progress.update })
      .finally(progress.end);
    const durationMs = performance.now() - startedAt;
    if (output.json) {
      await output.document({
        server: definition.server,
        tool: definition.name,
        result,
        durationMs,
        attempts: 1,
        cached: false,
      });
    } else await printResult(result, definition.name, job);
    return result.isError === true ? EXIT.toolError : EXIT.done;
  } catch (thrown) {
    const wrongArguments = thrown instanceof ToolwayError && thrown.code === 'invalid_arguments';
    return reportFailure(thrown, output, wrongArguments ? usage : undefined);
  }
};

/** What is printed raw may hold anything, and a terminal obeys it. */
export const refuseRawOnTerminal = ({ options, context }: Job): void => {
  if (!options.flag('raw') || !context.stdout.isTty) return;
  throw new ToolwayError('invalid_arguments', '--raw does not print to a terminal', { executed: 'no' });
};

const printResult = async (result: CallToolResult, name: string, { options, output, context }: Job): Promise<void> => {
  const { stdout, cwd } = context;
  const folder = options.value('save');
  const save = folder === undefined ? undefined : createSave(folder, cwd);
  const hasText = result.content.some(({ type }) => type === 'text');
  await printContent(result.content, { output, stdout, raw: options.flag('raw'), save, name });
  if (!hasText && result.structuredContent !== undefined) await output.print(safeJson(result.structuredContent));
  if (result.isError === true) await output.note(output.remarks.red('toolway: the tool answered with an error'));
};
