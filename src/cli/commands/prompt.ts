/** `toolway prompt`: one prompt, filled in. */
import { gatherArguments, settleArguments } from '../call-arguments.ts';
import type { Run } from '../command.ts';
import { printContent } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { safeLine } from '../safe-text.ts';
import { createSave } from '../save.ts';
import { serversOf } from '../session.ts';
import { untilAborted } from '../until.ts';

export const run: Run = async ({ args, options, output, context, open }) => {
  const { signal, stdout, cwd } = context;
  const [name = '', ...words] = args;
  const given = settleArguments(await gatherArguments({ words, json: options.value('args') }, context), {
    type: 'object',
  });
  const texts = Object.entries(given).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const { toolkit } = await open({ choose: (servers) => serversOf(name, servers) });
  const startedAt = performance.now();
  const result = await untilAborted(toolkit.getPrompt(name, Object.fromEntries(texts), { signal }), signal);
  if (output.json) {
    await output.document({ prompt: name, result, durationMs: performance.now() - startedAt });
    return EXIT.done;
  }
  const folder = options.value('save');
  const save = folder === undefined ? undefined : createSave(folder, cwd);
  for (const { role, content } of result.messages) {
    await output.print(output.style.bold(safeLine(`${role}:`)));
    await printContent([content], { output, stdout, save, name });
  }
  return EXIT.done;
};
