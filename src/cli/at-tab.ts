/** What the user's shell asks at every press of Tab; the command is shipped with all of it in one file. */
import { COMMANDS } from './commands.ts';
import { completeFast } from './completion/fast-path.ts';

/** Prints what the line may go on with. */
export const answerTab = async (words: readonly string[]): Promise<void> => {
  const { stdout, env } = process;
  const write = (chunk: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => void stdout.write(chunk, () => resolve()));
  stdout.on('error', () => {});
  await completeFast(words, { stdout: { write, isTty: false }, env, cwd: process.cwd() }, COMMANDS);
};
