/** `toolway prompt`: one prompt, filled in. */
import { gatherArguments, settleArguments, unknownKeys } from '../call-arguments.ts';
import type { Run, Session } from '../command.ts';
import { type ContentOptions, printContent } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { createProgressLine } from '../progress.ts';
import { checkResultOptions, createResultView } from '../result-view.ts';
import { safeLine } from '../safe-text.ts';
import { askServers } from '../servers.ts';
import { serversOf, timeoutOf } from '../session.ts';
import { untilAborted } from '../until.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, screen, open } = job;
  const { signal } = context;
  const [name = '', ...words] = args;
  await checkResultOptions(job);
  const view = createResultView(job, 'prompt');
  const given = settleArguments(await gatherArguments({ words, json: options.value('args') }, context), {
    type: 'object',
  });
  const texts = Object.entries(given).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const session = await open({ choose: (servers) => serversOf(name, servers) });
  const showing = { sink: context.stderr, screen, enabled: output.redraws };
  const search = createProgressLine({ ...showing, name: `looking for ${safeLine(name, 40)}` });
  const strange = unknownKeys(given, await argumentsOf(session, name, signal).finally(search.end));
  if (strange.length > 0) await output.note(safeLine(`toolway: ${name} has no argument ${strange.join(', ')}`));
  const startedAt = performance.now();
  const progress = createProgressLine({ ...showing, name: safeLine(name, 40) });
  const wanted = {
    signal,
    onProgress: progress.update,
    ...(options.flag('timeout') && { timeoutMs: timeoutOf(options) }),
  };
  const asked = session.toolkit.getPrompt(name, Object.fromEntries(texts), wanted);
  const result = await untilAborted(asked, signal).finally(progress.end);
  const write = async (shown: ContentOptions): Promise<void> => {
    for (const { role, content } of result.messages) {
      await shown.output.print(shown.output.style.bold(safeLine(`${role}:`)));
      await printContent([content], shown);
    }
  };
  if (output.json) await view.document(result, { prompt: name }, { durationMs: performance.now() - startedAt }, write);
  else await view.print(write);
  return EXIT.done;
};

/** The arguments of the prompt as a schema; nothing is known of one that no server lists. */
const argumentsOf = async (session: Session, name: string, signal: AbortSignal) => {
  const answers = await askServers(session, signal, (toolkit, server) => toolkit.listPrompts({ server, signal }));
  const prompts = answers.flatMap(({ value = [] }) => value);
  const found = prompts.filter((one) => [one.qualifiedName, `${one.server}__${one.name}`, one.name].includes(name));
  const names = found.flatMap((prompt) => prompt.arguments ?? []).map((argument) => [argument.name, {}]);
  return { type: 'object', properties: Object.fromEntries(names) };
};
