/** How a failure is told: a document for programs, sentences for people, an exit code for both. */
import { ToolwayError } from '../errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Tells of the failure and gives the exit code that goes with it. `signature` is what a call should have looked like. */
export const reportFailure = async (thrown: unknown, output: Output, signature?: string): Promise<number> => {
  const error = ToolwayError.from(thrown);
  if (output.json)
    await output.document({ error: { ...error.toJSON(), ...(signature !== undefined && { signature }) } });
  else await output.complain(await inSentences(error, output, signature));
  return EXIT_CODES[error.code];
};

const inSentences = async (error: ToolwayError, { remarks, verbose }: Output, signature?: string): Promise<string> => {
  const [{ safeText }, { beyondMessage }] = await Promise.all([import('./safe-text.ts'), import('./last-words.ts')]);
  const { message, matches = [], problems = [], stderr } = error;
  const lines = [remarks.red(safeText(`toolway: ${message}`))];
  const add = (text: string): void => void lines.push(safeText(text));
  for (const { path, message: problem } of problems) if (!message.includes(problem)) add(`  ${path}: ${problem}`);
  const unnamed = matches.filter((match) => !message.includes(match));
  if (unnamed.length > 0)
    add(`${error.code.startsWith('ambiguous') ? 'It could be' : 'Did you mean'}: ${unnamed.join(', ')}`);
  if (signature !== undefined) add(`Usage: ${signature}`);
  const lastWords = beyondMessage(stderr, message);
  if (lastWords !== undefined) add(lastWords);
  if (verbose)
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) add(`  because: ${cause.message}`);
  return lines.join('\n');
};
