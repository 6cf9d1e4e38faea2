/** Where links lead: checked before a terminal may open them, and visible to whoever reads. */
import { safeLine } from '../safe-text.ts';

/** What is longer is no link to open. */
const MAX_TARGET = 1_000;
const MAX_SHOWN_COLUMNS = 200;
const SCHEMES = ['http:', 'https:', 'mailto:'];

export interface Address {
  /** For people; of an address that can be opened in the form in which it is, so that no letter passes for another. */
  shown: string;
  /** For the terminal (OSC 8): http, https or mailto, in printable ASCII alone. */
  target?: string;
}

/** The address of a link. Only what can be opened safely has a target. */
export const addressOf = (href: string): Address => {
  const shown = safeLine(href.slice(0, MAX_TARGET), MAX_SHOWN_COLUMNS);
  if (href.length > MAX_TARGET || !URL.canParse(href)) return { shown };
  const { protocol, href: target } = new URL(href);
  const isSafe = SCHEMES.includes(protocol) && target.length <= MAX_TARGET && /^[!-~]+$/.test(target);
  return isSafe ? { shown: safeLine(target, MAX_SHOWN_COLUMNS), target } : { shown };
};

const bare = (text: string): string =>
  text
    .trim()
    .replace(/^mailto:/, '')
    .replace(/^http:\/\/(?=www\.)/, '')
    .replace(/\/$/, '');

/** True where the text of a link already says where it leads. */
export const saysAddress = (text: string, { shown }: Address): boolean => bare(text) === bare(shown);
