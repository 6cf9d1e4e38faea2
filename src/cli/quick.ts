/** Help and version, for which nothing else is loaded. */
import { VERSION } from '../version.ts';
import { type Line, parseLine } from './args.ts';
import { helpOn } from './help.ts';
import { hasReaderLeft } from './reader-left.ts';

/** What a line wants to be told, if that is all it wants. */
const answerOf = ({ options, help, name, command }: Line): string | undefined => {
  if (options.flag('version')) return `${VERSION}\n`;
  return help ? helpOn(name, command) : undefined;
};

/** Writes as much as the descriptor takes at once, and gives how many bytes that was. Making a stream would take longer. */
const writeNow = (bytes: Uint8Array): number => {
  try {
    return process.getBuiltinModule('node:fs').writeSync(1, bytes);
  } catch {
    return 0;
  }
};

/** Writes the answer to a line that wants no more than that. False for every other line, also one that is wrong. */
export const answerQuickly = async (words: readonly string[]): Promise<boolean> => {
  let answer: string | undefined;
  try {
    answer = answerOf(parseLine(words));
  } catch {
    return false;
  }
  if (answer === undefined) return false;
  const bytes = new TextEncoder().encode(answer);
  const written = writeNow(bytes);
  if (written === bytes.length) return true;
  const { stdout } = process;
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    stdout.on('error', resolve);
    stdout.write(bytes.subarray(written), (error) => error ?? resolve(undefined));
  });
  if (failure !== undefined && !hasReaderLeft(failure)) {
    process.stderr.write(`toolway: cannot write the output: ${failure.message}\n`);
    // That of `internal`, for which the table of all codes need not be loaded.
    process.exitCode = 1;
  }
  return true;
};
