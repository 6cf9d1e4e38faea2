/** `server.tool(a: 1, b: "x")`: a call as people write calls. */
import { ToolwayError } from '../errors.ts';

/** One argument: a JSON value, or a bare word whose type the tool's schema decides. */
export type FormArgument = { key: string } & ({ value: unknown } | { word: string });

export interface FunctionForm {
  name: string;
  args: FormArgument[];
}

const KEY = /[A-Za-z_$][\w$.-]*/y;
const DOUBLE = /"(?:[^"\\]+|\\.)*"/sy;
const SINGLE = /'((?:[^'\\]+|\\.)*)'/sy;
const WORD = /[^,)\s]+(?:[ \t]+[^,)\s:=]+)*/y;

const inDoubleQuotes = (found: string): string => (found === "\\'" ? "'" : found === '"' ? '\\"' : found);

/** Reads the form; none when the text is not of it. Throws `invalid_arguments` with the place where it goes wrong. */
export const parseFunctionForm = (text: string): FunctionForm | undefined => {
  const open = text.indexOf('(');
  if (open < 1) return undefined;
  const args: FormArgument[] = [];
  let at = open + 1;

  const stop = (what: string): never => {
    throw new ToolwayError('invalid_arguments', `${what} at column ${at + 1} of ${JSON.stringify(text)}`, {
      executed: 'no',
    });
  };
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  };
  const space = (): void => {
    while (/\s/.test(text[at] ?? '')) at += 1;
  };
  const string = (): string | undefined => {
    const start = at;
    const single = match(SINGLE);
    const json = single === null ? match(DOUBLE)?.[0] : `"${(single[1] ?? '').replace(/\\.|"/gs, inDoubleQuotes)}"`;
    if (json === undefined) return undefined;
    try {
      return JSON.parse(json.replaceAll('\n', '\\n').replaceAll('\t', '\\t')) as string;
    } catch {
      at = start;
      return stop('a string with a bad escape');
    }
  };
  const value = (key: string): FormArgument => {
    const next = text[at];
    if (next === '"' || next === "'") return { key, value: string() ?? stop('a string that is not closed') };
    if (next === '{' || next === '[') {
      const end = closing(text, at);
      try {
        const parsed: unknown = JSON.parse(text.slice(at, end));
        at = end;
        return { key, value: parsed };
      } catch {
        return stop('bad JSON');
      }
    }
    const word = match(WORD)?.[0];
    return word === undefined ? stop('a value is missing') : { key, word };
  };

  for (space(); text[at] !== ')'; space()) {
    const key = string() ?? match(KEY)?.[0] ?? stop('a name is missing (arguments are written name: value)');
    space();
    if (text[at] !== ':' && text[at] !== '=') stop('":" is missing (arguments are written name: value)');
    at += 1;
    space();
    args.push(value(key));
    space();
    if (text[at] === ',') at += 1;
    else if (text[at] !== ')') stop('"," or ")" is missing');
  }
  at += 1;
  space();
  if (at < text.length) stop('text after ")"');
  return { name: text.slice(0, open).trim(), args };
};

/** The end of the JSON list or object that starts at `from`; the end of the text when it is not closed. */
const closing = (text: string, from: number): number => {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if ('{['.includes(char)) depth += 1;
    else if ('}]'.includes(char)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
};
