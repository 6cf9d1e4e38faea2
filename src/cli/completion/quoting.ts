/** Names of servers in a line that will be executed: written so that no shell does with them what it does with its own words. */
import { safeLine } from '../safe-text.ts';

const HARMLESS = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** The text as one word of a POSIX shell; none for what cannot be shown as it is, which nobody could judge. */
export const shellWord = (text: string, quote?: "'" | '"'): string | undefined => {
  if (safeLine(text) !== text || text.includes('\\u{')) return undefined;
  if (HARMLESS.test(text)) return text;
  // Inside of quotes that the user opened only what means nothing there can be added.
  if (quote === "'") return text.includes("'") ? undefined : text;
  if (quote === '"') return /["$`\\!]/.test(text) ? undefined : text;
  const at = text.indexOf('=');
  const key = text.slice(0, at + 1);
  // The value alone is quoted, so that its name can still be read.
  const [plain, rest] = HARMLESS.test(key) ? [key, text.slice(at + 1)] : ['', text];
  return `${plain}'${rest.replaceAll("'", "'\\''")}'`;
};
