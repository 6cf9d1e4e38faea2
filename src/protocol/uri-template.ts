/** URI templates (RFC 6570, all four levels): expansion, and the way back from a URI to the values. */
import { ToolwayError } from '../errors.ts';
import {
  type Expression,
  encodeReserved,
  encodeUnreserved,
  parseTemplate,
  type Variable,
} from './uri-template-syntax.ts';

export { matchTemplate } from './uri-template-match.ts';

type Scalar = string | number | boolean | null | undefined;
/** What a variable may stand for. `null`, `undefined` and what has no members count as not given. */
export type TemplateValue = Scalar | readonly Scalar[] | { readonly [key: string]: Scalar };

/** The URI for these values. A template that is malformed or over the limits throws `invalid_arguments`. */
export const expandTemplate = (template: string, values: { readonly [name: string]: TemplateValue }): string => {
  const parts = parseTemplate(template);
  if (parts === undefined) {
    throw new ToolwayError('invalid_arguments', 'the URI template is malformed or too long', { executed: 'no' });
  }
  let uri = '';
  for (const part of parts) uri += typeof part === 'string' ? encodeReserved(part) : expand(part, values);
  return uri;
};

const expand = (expression: Expression, values: { readonly [name: string]: TemplateValue }): string => {
  const { first, separator } = expression.operator;
  const written: string[] = [];
  for (const variable of expression.variables) {
    const value = Object.hasOwn(values, variable.name) ? values[variable.name] : undefined;
    if (isScalar(value)) {
      if (isGiven(value)) written.push(writeScalar(expression, variable, String(value)));
    } else writeMembers(written, expression, variable, membersOf(value));
  }
  return written.length === 0 ? '' : first + written.join(separator);
};

const writeScalar = ({ operator }: Expression, { name, prefix }: Variable, text: string): string => {
  const encode = operator.reserved ? encodeReserved : encodeUnreserved;
  const value = encode(prefix === undefined ? text : [...text].slice(0, prefix).join(''));
  return operator.named ? pair(name, value, operator.ifEmpty) : value;
};

/** A list has members without keys. */
type Member = readonly [key: string | undefined, value: string];

const writeMembers = (
  written: string[],
  { operator }: Expression,
  { name, explode }: Variable,
  members: Member[],
): void => {
  if (members.length === 0) return;
  const encode = operator.reserved ? encodeReserved : encodeUnreserved;
  if (!explode) {
    const joined = members
      .map(([key, value]) => (key === undefined ? '' : `${encode(key)},`) + encode(value))
      .join(',');
    written.push(operator.named ? pair(name, joined, operator.ifEmpty) : joined);
    return;
  }
  for (const [key, value] of members) {
    if (key !== undefined) written.push(pair(encode(key), encode(value), operator.named ? operator.ifEmpty : '='));
    else written.push(operator.named ? pair(name, encode(value), operator.ifEmpty) : encode(value));
  }
};

const pair = (name: string, value: string, ifEmpty: string): string => name + (value === '' ? ifEmpty : `=${value}`);

const isScalar = (value: TemplateValue): value is Scalar => typeof value !== 'object' || value === null;
const isGiven = (value: Scalar): boolean => value !== undefined && value !== null;

const membersOf = (value: Exclude<TemplateValue, Scalar>): Member[] =>
  Array.isArray(value)
    ? value.filter(isGiven).map((item) => [undefined, String(item)])
    : Object.entries(value).flatMap(([key, item]) => (isGiven(item) ? [[key, String(item)] as const] : []));
