/** Images in the terminal itself, where it says of itself that it can: the protocols of kitty and of iTerm2, and sixel. */
import type { Sink } from './command.ts';
import type { Screen } from './screen.ts';

type Env = Readonly<Record<string, string | undefined>>;

const ESC = String.fromCharCode(27);
const BEL = String.fromCharCode(7);
/** What is larger is saved instead: the terminal has to take and keep all of it. */
export const MAX_INLINE_BYTES = 8 * 1024 * 1024;
/** The most base64 that one escape sequence of kitty's may carry (sw.kovidgoyal.net/kitty/graphics-protocol). */
const KITTY_CHUNK = 4096;

/** Draws an image; gives none where this terminal cannot. */
export type Draw = (bytes: Buffer) => Promise<string | undefined>;

/** How images are drawn in this terminal: by its own protocol, or as sixels where it is known to take them, or says so when it is asked. */
export const createDraw =
  ({ stdout, screen, env }: { stdout: Sink; screen: Screen; env: Env }): Draw =>
  async (bytes) => {
    const protocol = imageProtocol(stdout, env);
    const kind = kindOf(bytes);
    if (protocol !== undefined) return inlineImage(bytes, protocol);
    if (!stdout.isTty || (kind !== 'png' && kind !== 'jpeg') || bytes.length > MAX_INLINE_BYTES) return undefined;
    const { drawSixel } = await import('./sixel/draw.ts');
    return drawSixel(bytes, kind, { screen, columns: stdout.columns, env });
  };

/** Which protocol the terminal speaks. A multiplexer in between would swallow both. */
export const imageProtocol = ({ isTty }: Pick<Sink, 'isTty'>, env: Env): 'kitty' | 'iterm2' | undefined => {
  if (!isTty || env.TMUX !== undefined || env.STY !== undefined || env.TERM === 'dumb') return undefined;
  const program = env.TERM_PROGRAM ?? '';
  if (env.KITTY_WINDOW_ID !== undefined || env.TERM === 'xterm-kitty' || /^ghostty$/i.test(program)) return 'kitty';
  if (/^(iTerm\.app|WezTerm|mintty)$/.test(program) || env.LC_TERMINAL === 'iTerm2') return 'iterm2';
  return undefined;
};

/** What the bytes are, whatever the server calls them. */
const kindOf = (bytes: Buffer): 'png' | 'jpeg' | 'gif' | undefined => {
  const begin = bytes.subarray(0, 8).toString('latin1');
  if (begin === '\x89PNG\r\n\x1a\n') return 'png';
  if (begin.startsWith('\xff\xd8\xff')) return 'jpeg';
  return begin.startsWith('GIF8') ? 'gif' : undefined;
};

/** The sequence that draws the image; none where this terminal cannot, or it is no image. It holds nothing of the server but base64 made here. */
export const inlineImage = (bytes: Buffer, protocol: 'kitty' | 'iterm2' | undefined): string | undefined => {
  const kind = kindOf(bytes);
  if (protocol === undefined || kind === undefined || bytes.length > MAX_INLINE_BYTES) return undefined;
  const data = bytes.toString('base64');
  if (protocol === 'iterm2') return `${ESC}]1337;File=inline=1;size=${bytes.length}:${data}${BEL}\n`;
  if (kind !== 'png') return undefined;
  let text = '';
  for (let at = 0; at < data.length; at += KITTY_CHUNK) {
    const more = at + KITTY_CHUNK < data.length ? 1 : 0;
    // q=2: the terminal answers nothing, which would arrive as typed keys.
    const control = at === 0 ? `a=T,f=100,q=2,m=${more}` : `m=${more}`;
    text += `${ESC}_G${control};${data.slice(at, at + KITTY_CHUNK)}${ESC}\\`;
  }
  return `${text}\n`;
};
