/** Whether the terminal speaks sixel: it is known, or it is asked. */
import type { Screen } from '../screen.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** How long the terminal may think. */
const ANSWER_MS = 200;
/** In pixels, where the terminal does not say; most are wider. */
const COLUMN_WIDTH = 8;
const ESC = String.fromCharCode(27);
/** The size of a character (XTWINOPS 16), then what the terminal can (DA1): every terminal answers the second. */
const QUESTION = `${ESC}[16t${ESC}[c`;
const ANSWER = new RegExp(`(?:${ESC}\\[6;\\d{1,4};(\\d{1,4})t)?${ESC}\\[\\?([\\d;]{1,100})c`);
const SIXEL = '4';

/** What is known of a terminal that speaks sixel. */
export interface SixelTerminal {
  /** Of one column, in pixels. */
  columnWidth: number;
}

/** True for terminals that always speak it, false for those that never do; else it has to be asked. */
const knownOf = ({ TERM = '', TERM_PROGRAM = '', STY }: Env): boolean | undefined => {
  if (/^(foot|mlterm|yaft)/.test(TERM) || TERM.includes('sixel')) return true;
  const never = TERM === '' || /^(dumb|linux|alacritty|screen)/.test(TERM) || TERM_PROGRAM === 'Apple_Terminal';
  return (never && TERM_PROGRAM !== 'tmux') || STY !== undefined ? false : undefined;
};

const asked = new WeakMap<Screen, Promise<SixelTerminal | undefined>>();

/** The terminal, when it speaks sixel. It is asked once; keys that are typed meanwhile stay for who reads next. */
export const sixelTerminal = (screen: Screen, env: Env): Promise<SixelTerminal | undefined> => {
  const known = knownOf(env);
  if (known !== undefined) return Promise.resolve(known ? { columnWidth: COLUMN_WIDTH } : undefined);
  if (!screen.interactive) return Promise.resolve(undefined);
  const answer = asked.get(screen) ?? ask(screen);
  asked.set(screen, answer);
  return answer;
};

const ask = async (screen: Screen): Promise<SixelTerminal | undefined> => {
  const { query } = await screen.terminal();
  const answer = await query(QUESTION, ANSWER, ANSWER_MS);
  const [, width, abilities = ''] = ANSWER.exec(answer ?? '') ?? [];
  if (!abilities.split(';').includes(SIXEL)) return undefined;
  return { columnWidth: Number(width ?? 0) || COLUMN_WIDTH };
};
