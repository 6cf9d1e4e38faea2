/** What a person's answer to a question of the planner means. */
import { coerce } from '../../schema/coerce.ts';
import { alternatives, propertiesOf } from '../../schema/signature.ts';
import type { Candidate } from './catalogue.ts';
import type { Moment } from './moment.ts';
import type { Question } from './plan.ts';
import { type Property, propertyOf } from './property.ts';
import { numberFor } from './quantity.ts';
import { scan } from './spans.ts';

export const isCancel = (text: string): boolean =>
  /^\s*(?:cancel|never ?mind|forget it|stop|abort|quit)\W*$/i.test(text);
export const isSkip = (text: string): boolean => /^\s*(?:skip|leave it out|skip it)\W*$/i.test(text);

/** The one of the choices that is meant, by its number or as it is called. */
export const chosenOf = (text: string, choices: readonly string[]): string | undefined => {
  const said = text.trim().replace(/[.)]$/, '');
  if (/^\d+$/.test(said)) return choices[Number(said) - 1];
  const same = choices.filter(
    (one) => one.toLowerCase() === said.toLowerCase() || one.toLowerCase().endsWith(`.${said.toLowerCase()}`),
  );
  return same.length === 1 ? same[0] : undefined;
};

export const propertyFor = ({ tool }: Candidate, name: string): Property => {
  const { properties, required } = propertiesOf(tool.inputSchema);
  const schema = properties.find(([key]) => key === name)?.[1];
  return propertyOf(name, schema, tool.inputSchema, required.has(name));
};

/** Whether any words may be the answer, also such as would be a request of their own. */
export const isFreeText = ({ kind }: Property): boolean => ['text', 'name', 'any'].includes(kind);

/** The value that was given for an argument; undefined where what was said is none. */
export const valueIn = (
  text: string,
  candidate: Candidate,
  property: Property,
  moment: Moment,
): { value: unknown } | undefined => {
  const root = candidate.tool.inputSchema;
  const said = text.trim();
  const { spans, words } = scan(said, moment);
  const read = (texts: readonly string[]): { value: unknown } | undefined => {
    const value = coerce(texts, property.schema, root);
    return value.ok ? { value: value.value } : undefined;
  };
  const fitting = spans.filter((span) => property.takes(span));
  const isAlone = !/[\p{L}\p{N}]/u.test(words);
  if (property.kind === 'list' && /^(?:none|nothing|no|empty)\W*$/i.test(said)) {
    const [{ minItems } = {}] = alternatives(property.schema, root);
    return typeof minItems === 'number' && minItems > 0 ? undefined : { value: [] };
  }
  if (property.kind === 'list')
    return read(fitting.length > 0 ? fitting.map(({ value }) => value) : said.split(/\s*,\s*/));
  if (property.kind === 'boolean')
    return read([/^(?:yes|y|on)$/i.test(said) ? 'true' : /^(?:no|n|off)$/i.test(said) ? 'false' : said]);
  const [only, ...more] = fitting;
  if (only !== undefined && more.length === 0 && (isAlone || !isFreeText(property))) {
    return read([only.kind === 'number' ? (numberFor(only, property) ?? '') : only.value]);
  }
  if (isFreeText(property)) return read([said]);
  return /\s/.test(said) && property.kind !== 'parts' ? undefined : read([said]);
};

/** Whether what was asked about is a tool. */
export const isWhichTool = (question: Question): question is Extract<Question, { about: 'tool' }> =>
  question.about === 'tool';
