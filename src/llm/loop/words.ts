/** A line in words. */
import { ToolwayError } from '../../errors.ts';

/** Words between spaces; what stands in quotes is one, or part of one. Throws `invalid_arguments` for a quote that is not closed. */
export const wordsOf = (line: string): string[] => {
  const words: string[] = [];
  const pattern = /\s*((?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'])+)/y;
  const end = line.trimEnd().length;
  while (pattern.lastIndex < end) {
    const [, word] = pattern.exec(line) ?? [];
    if (word === undefined) {
      throw new ToolwayError('invalid_arguments', `a quote is not closed in ${JSON.stringify(line)}`, {
        executed: 'no',
      });
    }
    words.push(
      word.replace(
        /"((?:\\.|[^"\\])*)"|'([^']*)'/g,
        (_, double?: string, single = '') => double?.replace(/\\(.)/g, '$1') ?? single,
      ),
    );
  }
  return words;
};
