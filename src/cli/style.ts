/** Colours, for those who want them. */

export interface Style {
  /** False where every text stays as it is. */
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  italic(text: string): string;
  underline(text: string): string;
  strike(text: string): string;
}

const ESCAPE = String.fromCharCode(27);

export const createStyle = (enabled: boolean): Style => {
  const paint =
    (on: number, off: number) =>
    (text: string): string =>
      enabled && text !== '' ? `${ESCAPE}[${on}m${text}${ESCAPE}[${off}m` : text;
  return {
    enabled,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
    italic: paint(3, 23),
    underline: paint(4, 24),
    strike: paint(9, 29),
  };
};

/** `--no-color`, then `NO_COLOR` (no-color.org), then `FORCE_COLOR`, then whether it is a terminal that can. */
export const wantsColor = (
  { isTty }: { isTty: boolean },
  env: Readonly<Record<string, string | undefined>>,
  noColor: boolean,
): boolean => {
  if (noColor || (env.NO_COLOR ?? '') !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '')
    return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTty && env.TERM !== 'dumb';
};
