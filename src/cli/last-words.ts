/** What a child has written to stderr, beside a message that quotes it. */
import { safeText } from './safe-text.ts';

/** Without what a quotation may drop: control sequences, blank lines, the space between words. */
const bare = (text: string): string => safeText(text).replace(/\s+/g, '');

/** Of what may be 64 KiB; `--json` has all of it. */
const MOST_LINES = 20;

/** The last words, cut to their end; none where the message has all of them. */
export const beyondMessage = (stderr: string | undefined, message: string): string | undefined =>
  stderr === undefined || bare(message).includes(bare(stderr))
    ? undefined
    : stderr.trimEnd().split('\n').slice(-MOST_LINES).join('\n');
