/** What a tool's definition says of the length of its results. */
import type { Tool } from '../../protocol/types.ts';

/** The key in `_meta` by which a server asks for longer results: https://code.claude.com/docs/en/mcp */
const MAX_RESULT_SIZE = 'anthropic/maxResultSizeChars';
const MOST_CHARACTERS = 500_000;

/** How many characters of its results a tool wants to be shown, 500 000 at most; undefined where it does not say. */
export const wantedCharacters = ({ _meta: meta }: Pick<Tool, '_meta'>): number | undefined => {
  const said: unknown = meta?.[MAX_RESULT_SIZE];
  return typeof said === 'number' && said > 0 ? Math.min(said, MOST_CHARACTERS) : undefined;
};
