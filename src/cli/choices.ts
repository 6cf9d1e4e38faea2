/** A list to choose from: as it is shown, and what a typed line means in it. */
import { safeLine } from './safe-text.ts';

/** An option as it is shown and as it is sent. */
export interface Choice {
  value: string;
  title: string;
}

const MOST_SHOWN = 100;
const MOST_COLUMNS = 120;

/** Numbers would be ambiguous where options are numbers themselves. */
const hasNumbers = (choices: readonly Choice[]): boolean =>
  !choices.some(({ value, title }) => /^\s*\d+\s*$/.test(value) || /^\s*\d+\s*$/.test(title));

/** A line for each, with the number that stands for it where numbers can. */
export const choiceLines = (choices: readonly Choice[]): string[] => {
  const numbered = hasNumbers(choices);
  const mark = (at: number): string => (numbered ? `${at + 1})` : '-');
  const lines = choices
    .slice(0, MOST_SHOWN)
    .map(({ value, title }, at) =>
      safeLine(`    ${mark(at)} ${title}${title === value ? '' : ` (${value})`}`, MOST_COLUMNS),
    );
  if (choices.length > MOST_SHOWN) lines.push(`    … ${choices.length - MOST_SHOWN} more`);
  return lines;
};

/** The value that is meant, by its number, its title or itself; a text that means none is given back. */
export const chosen = (text: string, choices: readonly Choice[]): string => {
  const lower = text.toLowerCase();
  const found =
    choices.find(({ value }) => value === text) ??
    (hasNumbers(choices) && /^\d+$/.test(text) ? choices[Number(text) - 1] : undefined) ??
    choices.find(({ value, title }) => title.toLowerCase() === lower || value.toLowerCase() === lower);
  return found?.value ?? text;
};
