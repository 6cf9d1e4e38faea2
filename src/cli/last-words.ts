/** What a child wrote before it died, beside a message that quotes it. */
import { safeText } from './safe-text.ts';

/** Without what a quotation may drop: control sequences, blank lines, the space between words. */
const bare = (text: string): string => safeText(text).replace(/\s+/g, '');

/** The last words; none where the message has all of them. */
export const beyondMessage = (stderr: string | undefined, message: string): string | undefined =>
  stderr === undefined || bare(message).includes(bare(stderr)) ? undefined : stderr.trimEnd();
