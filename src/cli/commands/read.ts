/** `toolway read`: the contents of one resource. */
import type { Run } from '../command.ts';
import { type ContentOptions, printContents } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { createProgressLine } from '../progress.ts';
import { checkResultOptions, createResultView } from '../result-view.ts';
import { safeLine } from '../safe-text.ts';
import { timeoutOf } from '../session.ts';
import { untilAborted } from '../until.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, screen, open } = job;
  await checkResultOptions(job);
  const view = createResultView(job, 'resource');
  const { signal } = context;
  const [uri = ''] = args;
  const { toolkit, servers } = await open();
  const [only, ...others] = servers;
  const server = others.length === 0 ? only : undefined;
  const startedAt = performance.now();
  const progress = createProgressLine({
    sink: context.stderr,
    screen,
    enabled: output.redraws,
    name: safeLine(uri, 40),
  });
  const wanted = {
    signal,
    onProgress: progress.update,
    ...(server !== undefined && { server }),
    ...(options.flag('timeout') && { timeoutMs: timeoutOf(options) }),
  };
  const result = await untilAborted(toolkit.readResource(uri, wanted), signal).finally(progress.end);
  const write = (content: ContentOptions): Promise<void> => printContents(result.contents, content);
  if (output.json) await view.document(result, { uri }, { durationMs: performance.now() - startedAt }, write);
  else await view.print(write);
  return EXIT.done;
};
