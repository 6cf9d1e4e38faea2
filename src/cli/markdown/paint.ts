/** Runs as the terminal gets them: the one place that writes escape sequences around text of a server. */
import type { Style } from '../style.ts';
import type { Run } from './wrap.ts';

const ESC = String.fromCharCode(27);

export interface PaintOptions {
  style: Style;
  hyperlinks: boolean;
}

/** One line. Nothing of it is dim, red, green or yellow: that is how Toolway itself speaks. */
export const paintLine = (line: readonly Run[], { style, hyperlinks }: PaintOptions): string =>
  line
    .map(({ text, look }) => {
      let painted = text;
      if (look.code) painted = style.cyan(painted);
      if (look.strike) painted = style.strike(painted);
      if (look.italic) painted = style.italic(painted);
      if (look.bold) painted = style.bold(painted);
      if (look.target === undefined) return painted;
      painted = style.underline(painted);
      return hyperlinks ? `${ESC}]8;;${look.target}${ESC}\\${painted}${ESC}]8;;${ESC}\\` : painted;
    })
    .join('');
