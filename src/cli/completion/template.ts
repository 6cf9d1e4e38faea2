/** Where in a URI template somebody is typing: simple templates only, of fixed texts and single variables between them. */

export interface VariablePlace {
  /** The variable that is being typed, and what is there of it. */
  name: string;
  value: string;
  /** The word up to that value. */
  before: string;
  /** The variables before it. */
  earlier: Record<string, string>;
}

const MOST_VARIABLES = 16;

/** The variable of `template` in which `text` ends; none where the text does not fit, or the template is not simple. */
export const variableAt = (template: string, text: string): VariablePlace | undefined => {
  const parts = template.split(/\{\+?([A-Za-z0-9_.]+)\}/);
  if (parts.length < 3 || parts.length > 2 * MOST_VARIABLES + 1) return undefined;
  const earlier = new Map<string, string>();
  let at = 0;
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const fixed = parts[index] ?? '';
    if (!text.startsWith(fixed, at) || /[{}]/.test(fixed)) return undefined;
    at += fixed.length;
    const name = parts[index + 1] ?? '';
    const next = parts[index + 2] ?? '';
    const end = next === '' ? -1 : text.indexOf(next, at);
    if (end === -1) {
      return { name, value: text.slice(at), before: text.slice(0, at), earlier: Object.fromEntries(earlier) };
    }
    earlier.set(name, text.slice(at, end));
    at = end;
  }
  return undefined;
};
