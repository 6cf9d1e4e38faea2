/** The conversations that are kept, as lines. */
import { safeLine } from '../safe-text.ts';
import type { Sessions } from './sessions.ts';

const MOST_LISTED = 50;
const LONGEST_LINE = 160;

/** The last used one first, with how it began. */
export const listSessions = async (sessions: Sessions, print: (text: string) => Promise<void>): Promise<void> => {
  const all = await sessions.list();
  for (const { id, updatedAt, model, title, print: isPrint } of all.slice(0, MOST_LISTED)) {
    const when = updatedAt.slice(0, 16).replace('T', ' ');
    await print(safeLine(`${id}  ${when}  ${model}  ${isPrint ? '(--print) ' : ''}${title}`, LONGEST_LINE));
  }
  if (all.length > MOST_LISTED) await print(`… ${all.length - MOST_LISTED} more`);
  if (all.length === 0) await print('No conversations are kept.');
};
