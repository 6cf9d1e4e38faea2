/** `toolway prompt`: one prompt, filled in. */
import { gatherArguments, settleArguments } from '../call-arguments.ts';
import type { Run } from '../command.ts';
import { printContent } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { createProgressLine } from '../progress.ts';
import { createResultView } from '../result-view.ts';
import { safeLine } from '../safe-text.ts';
import { serversOf, timeoutOf } from '../session.ts';
import { untilAborted } from '../until.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, screen, open } = job;
  const { signal } = context;
  const [name = '', ...words] = args;
  const view = createResultView(job, 'prompt');
  const given = settleArguments(await gatherArguments({ words, json: options.value('args') }, context), {
    type: 'object',
  });
  const texts = Object.entries(given).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const { toolkit } = await open({ choose: (servers) => serversOf(name, servers) });
  const startedAt = performance.now();
  const progress = createProgressLine({
    sink: context.stderr,
    screen,
    enabled: !output.quiet,
    name: safeLine(name, 40),
  });
  const wanted = {
    signal,
    onProgress: progress.update,
    ...(options.flag('timeout') && { timeoutMs: timeoutOf(options) }),
  };
  const result = await untilAborted(toolkit.getPrompt(name, Object.fromEntries(texts), wanted), signal).finally(
    progress.end,
  );
  if (output.json) {
    await view.document(result, { prompt: name }, { durationMs: performance.now() - startedAt });
    return EXIT.done;
  }
  await view.print(async (options) => {
    for (const { role, content } of result.messages) {
      await options.output.print(options.output.style.bold(safeLine(`${role}:`)));
      await printContent([content], options);
    }
  });
  return EXIT.done;
};
