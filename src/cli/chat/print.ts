/** One question, answered on stdout; everything else goes to stderr. */
import { userMessage } from '../../llm/loop/attachments.ts';
import type { LoopEvent } from '../../llm/loop/events.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { isFormat, markdownView, rendered } from '../markdown/view.ts';
import { safeLine, safeText } from '../safe-text.ts';
import { remarkServers } from '../serve-remarks.ts';
import { tellOfWait } from '../waiting.ts';
import type { Chat } from './chat.ts';
import { exitOfStop, wordsOfStop } from './stops.ts';
import { summaryOf } from './summary.ts';
import { createTurnView } from './turn-view.ts';

/** Answers, and gives the exit code. Rejects where the model or what is attached fails. */
export const printAnswer = async (chat: Chat, question: string): Promise<number> => {
  const { job, session, spill } = chat;
  const { output, context, options } = job;
  const startedAt = performance.now();
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const remark = (words: string): void => {
    if (!output.quiet) void job.screen.note(output.remarks.yellow(words));
  };
  remarkServers(session.toolkit, remark);
  const isShown = output.redraws && context.stderr.isTty;
  const tellNoMore = isShown ? undefined : tellOfWait(session, remark);
  const view = createTurnView(job, { answers: false, waitsFor: chat.connecting });
  const ends: LoopEvent[] = [];
  const onEvent = (event: LoopEvent): void => {
    if (event.type === 'result') ends.push(event);
    view.onEvent(event);
  };
  const {
    text,
    stop: how,
    ...result
  } = await userMessage(session.toolkit, question, { spill, signal })
    .then((message) =>
      chat.turn({ messages: [message], signal, view: { ...view, onEvent }, interrupt: () => stop.abort() }),
    )
    .finally(() => {
      tellNoMore?.();
      return view.end();
    });
  if (output.json) {
    const { steps, toolCalls, usage, costUsd, messages, conversation } = result;
    await output.document({
      text,
      stop: how,
      steps,
      toolCalls,
      usage,
      ...(costUsd !== undefined && { costUsd }),
      model: chat.modelName,
      session: chat.facts?.id,
      taint: conversation.taint.sources,
      messages,
    });
  } else if (text !== '') {
    const format = options.value('format') ?? 'auto';
    const markdown = isFormat(format) ? markdownView(format, context.stdout, output, context.env) : undefined;
    await output.print((markdown && (await rendered(text, markdown, {}))) ?? safeText(text));
  }
  const spent = summaryOf({ ...result, durationMs: performance.now() - startedAt });
  if (output.verbose) await output.note(output.remarks.dim(spent));
  const words = wordsOfStop(how);
  if (words !== undefined && !output.json) await output.complain(output.remarks.red(safeLine(`toolway: ${words}`)));
  const refused = ends.filter((event) => event.type === 'result' && event.error?.code === 'denied').length;
  // An answer without anything that it was to rest on is none.
  return how === 'end' && refused > 0 && refused === ends.length ? EXIT_CODES.denied : exitOfStop(how);
};
