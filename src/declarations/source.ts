/** Pieces of TypeScript made of names and texts that servers chose. */
import { safeText } from './safe-text.ts';

const MAX_COMMENT = 4_000;

/** A text as a string literal that holds ASCII alone. */
export const stringLiteral = (text: string): string => {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  const ascii = escaped.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `'${ascii}'`;
};

/** The name of a property as an object type spells it. */
export const propertyName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : stringLiteral(name));

/** A doc comment that says this and nothing else, as lines with this indent. Empty for no text. */
export const docComment = (text: unknown, indent: string): string => {
  if (typeof text !== 'string') return '';
  const said = safeText(text.slice(0, MAX_COMMENT)).trim().replaceAll('*/', '*\\/');
  if (said === '') return '';
  const lines = said.split('\n').map((line) => line.trimEnd());
  const [only = ''] = lines;
  if (lines.length === 1) return `${indent}/** ${only} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
};

/** Words as a name for a type: `read_text-file` is `ReadTextFile`. */
export const typeName = (...words: readonly string[]): string => {
  const parts = words.flatMap((word) => word.split(/[^A-Za-z0-9]+/)).filter((part) => part !== '');
  const name = parts
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('')
    .slice(0, 120);
  return /^[A-Za-z]/.test(name) ? name : `T${name}`;
};

/** Gives each name once: one that is taken gets the lowest number that is free. */
export const createNames = (): ((wanted: string) => string) => {
  const taken = new Map<string, number>();
  const give = (wanted: string): string => {
    const before = taken.get(wanted);
    if (before === undefined) {
      taken.set(wanted, 1);
      return wanted;
    }
    taken.set(wanted, before + 1);
    return give(`${wanted}${before + 1}`);
  };
  return give;
};
