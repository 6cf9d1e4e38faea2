/** The grammar of RFC 6570, within limits: a template is written by a server. */

/** Characters of one template. */
const MAX_TEMPLATE = 2048;
/** Variables of one template, all expressions together. */
const MAX_VARIABLES = 64;

export interface Variable {
  name: string;
  /** `*`: the members of a list or map one by one. */
  explode: boolean;
  /** `:n`: at most so many characters of the value. */
  prefix: number | undefined;
}

/** How one operator writes its values (RFC 6570, appendix A). */
export interface Operator {
  first: string;
  separator: string;
  named: boolean;
  /** What follows the name of an empty value. */
  ifEmpty: string;
  /** Reserved characters and percent-encoded bytes stand as they are. */
  reserved: boolean;
}

export interface Expression {
  operator: Operator;
  variables: Variable[];
}

/** Literal text, or an expression. */
export type Part = string | Expression;

const operator = (first: string, separator: string, named = false, ifEmpty = '', reserved = false): Operator => ({
  first,
  separator,
  named,
  ifEmpty,
  reserved,
});
const PLAIN = operator('', ',');
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['+', operator('', ',', false, '', true)],
  ['#', operator('#', ',', false, '', true)],
  ['.', operator('.', '.')],
  ['/', operator('/', '/')],
  [';', operator(';', ';', true)],
  ['?', operator('?', '&', true, '=')],
  ['&', operator('&', '&', true, '=')],
]);

/** `-` is no character of a name in the RFC, but servers use it. */
const VARIABLE = /^((?:[\w.-]|%[\dA-Fa-f]{2})+)(?::([1-9]\d{0,3})|(\*))?$/;

/** The parts of a template in order; `undefined` where it is malformed or over the limits. */
export const parseTemplate = (template: string): Part[] | undefined => {
  if (template.length > MAX_TEMPLATE) return undefined;
  const parts: Part[] = [];
  let variables = 0;
  for (let at = 0; at < template.length; ) {
    const open = template.indexOf('{', at);
    const literal = template.slice(at, open < 0 ? undefined : open);
    if (literal.includes('}')) return undefined;
    if (literal !== '') parts.push(literal);
    if (open < 0) break;
    const close = template.indexOf('}', open);
    const expression = close < 0 ? undefined : parseExpression(template.slice(open + 1, close));
    if (expression === undefined) return undefined;
    variables += expression.variables.length;
    if (variables > MAX_VARIABLES) return undefined;
    parts.push(expression);
    at = close + 1;
  }
  return parts;
};

const parseExpression = (text: string): Expression | undefined => {
  const special = OPERATORS.get(text.charAt(0));
  const variables: Variable[] = [];
  for (const specification of (special === undefined ? text : text.slice(1)).split(',')) {
    const [, name, prefix, explode] = VARIABLE.exec(specification) ?? [];
    if (name === undefined) return undefined;
    variables.push({ name, explode: explode !== undefined, prefix: prefix === undefined ? undefined : Number(prefix) });
  }
  return { operator: special ?? PLAIN, variables };
};

const encoder = new TextEncoder();

const percent = (character: string): string => {
  let encoded = '';
  for (const byte of encoder.encode(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
};

/** Leaves the unreserved characters (RFC 3986 §2.3) and encodes all others. */
export const encodeUnreserved = (text: string): string => text.replace(/[^\w.~-]/gu, percent);

/** Leaves reserved characters and percent-encoded bytes too; the latter in upper case. */
export const encodeReserved = (text: string): string =>
  text.replace(/%[\dA-Fa-f]{2}|[^\w.~:/?#[\]@!$&'()*+,;=-]/gu, (found) =>
    found.length === 3 && found.startsWith('%') ? found.toUpperCase() : percent(found),
  );
