/** A form of a server, filled in at the terminal: a question for each field, until the answer fits its schema. */
import { type Form, fillForm, readForm } from '../protocol/form.ts';
import type { ElicitResult, JsonObject } from '../protocol/types.ts';
import { type Choice, choiceLines, chosen } from './choices.ts';
import { safeLine, safeText } from './safe-text.ts';
import type { Ask } from './screen.ts';
import type { Style } from './style.ts';

type Content = NonNullable<ElicitResult['content']>;
type Value = Content[string];
type Field = Form['fields'] extends ReadonlyMap<string, infer F> ? F : never;

export interface FormTalk {
  ask: Ask;
  /** Shows lines. */
  say(text: string): void;
  style: Style;
  signal: AbortSignal;
}

const CANCEL: ElicitResult = { action: 'cancel' };
const DECLINE: ElicitResult = { action: 'decline' };
const MAX_NAME_COLUMNS = 60;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';

/** The answer that consists of defaults; none where something that is required has none. */
export const defaultsOf = (schema: JsonObject): Content | undefined => {
  const filled = fillForm(readForm(schema), {});
  return 'content' in filled ? filled.content : undefined;
};

/** Asks for every field, shows the answers and asks whether to send them. */
export const askForm = async (schema: JsonObject, talk: FormTalk): Promise<ElicitResult> => {
  const form = readForm(schema);
  const properties = isObject(schema.properties) ? schema.properties : {};
  let given = new Map<string, Value>();
  for (;;) {
    const answers = new Map<string, Value>();
    for (const [name, field] of form.fields) {
      const property = isObject(properties[name]) ? properties[name] : {};
      const answer = await askField({ name, field, property, form, before: given.get(name) }, talk);
      if ('action' in answer) return answer;
      if (answer.value !== undefined) answers.set(name, answer.value);
    }
    const verdict = await askToSend(answers, talk);
    if (verdict !== 'edit')
      return verdict === 'send' ? { action: 'accept', content: Object.fromEntries(answers) } : verdict;
    given = answers;
  }
};

const ended = (how: 'interrupt' | 'end' | 'aborted'): ElicitResult => (how === 'end' ? DECLINE : CANCEL);

const askToSend = async (
  answers: ReadonlyMap<string, Value>,
  { ask, say, signal }: FormTalk,
): Promise<'send' | 'edit' | ElicitResult> => {
  for (const [name, value] of answers) say(`  ${safeLine(name, MAX_NAME_COLUMNS)}: ${safeLine(shown(value))}`);
  const canEdit = answers.size > 0;
  for (;;) {
    const prompt = canEdit ? '  Send this? [y]es, [e]dit, [n]o: ' : '  Accept? [y]es, [n]o: ';
    const reply = await ask({ prompt, signal });
    if (!('line' in reply)) return ended(reply.ended);
    const word = reply.line.trim().toLowerCase();
    if (['y', 'yes'].includes(word)) return 'send';
    if (['n', 'no'].includes(word)) return DECLINE;
    if (canEdit && ['e', 'edit'].includes(word)) return 'edit';
  }
};

interface FieldQuestion {
  name: string;
  field: Field;
  property: JsonObject;
  form: Form;
  /** What was answered last time. */
  before: Value | undefined;
}

const askField = async (
  { name, field, property, form, before }: FieldQuestion,
  { ask, say, style, signal }: FormTalk,
): Promise<{ value: Value | undefined } | ElicitResult> => {
  const required = form.required.has(name);
  const choices = choicesOf(field, property);
  const fallback = before ?? field.fallback;
  const about = [property.title, property.description].filter(isText).filter((text) => text !== name);
  if (about.length > 0) say(style.dim(`  ${safeText(about.join(': ')).replace(/\n/g, '\n  ')}`));
  for (const line of choiceLines(choices)) say(line);
  const kind = `${kindName(field)}${required ? '' : ', optional'}`;
  const preset = fallback === undefined ? '' : ` [${safeLine(shown(fallback), MAX_NAME_COLUMNS)}]`;
  const prompt = `  ${style.bold(safeLine(name, MAX_NAME_COLUMNS))} (${kind})${preset}: `;
  for (;;) {
    const reply = await ask({ prompt, signal });
    if (!('line' in reply)) return ended(reply.ended);
    const value = reply.line.trim() === '' ? fallback : fieldValue(reply.line, field, choices);
    if (value === undefined && !required) return { value };
    const filled =
      value === undefined
        ? { problems: [{ message: 'is required' }] }
        : fillForm({ fields: new Map([[name, field]]), required: new Set(), closed: false }, { [name]: value });
    if ('content' in filled) return { value };
    say(style.red(safeLine(`  ${safeLine(name, MAX_NAME_COLUMNS)} ${filled.problems[0]?.message}`)));
  }
};

const shown = (value: Value): string =>
  Array.isArray(value) ? value.join(', ') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);

const kindName = (field: Field): string => {
  switch (field.kind) {
    case 'boolean':
      return 'y/n';
    case 'choice':
      return 'one of these';
    case 'choices':
      return 'some of these, with commas';
    case 'number':
      return `${field.whole ? 'whole number' : 'number'}${range(field.minimum, field.maximum)}`;
    case 'string':
      return `${field.format === undefined ? 'text' : safeLine(field.format, MAX_NAME_COLUMNS)}${range(field.minLength, field.maxLength, ' characters')}`;
  }
};

const range = (least: number | undefined, most: number | undefined, unit = ''): string => {
  if (least === undefined && most === undefined) return '';
  if (least === undefined) return `, at most ${most}${unit}`;
  return most === undefined ? `, at least ${least}${unit}` : `, ${least} to ${most}${unit}`;
};

/** The options in their order, with the titles that the schema gives in any of its three ways. */
const choicesOf = (field: Field, property: JsonObject): Choice[] => {
  if (field.kind !== 'choice' && field.kind !== 'choices') return [];
  const from = field.kind === 'choice' ? property : isObject(property.items) ? property.items : {};
  const options = [from.enum, from.oneOf, from.anyOf].find(Array.isArray) as unknown[] | undefined;
  const names = Array.isArray(property.enumNames) ? property.enumNames : [];
  return (options ?? []).flatMap((option, at): Choice[] => {
    const value = isObject(option) ? option.const : option;
    const title = isObject(option) ? option.title : names[at];
    return isText(value) ? [{ value, title: isText(title) ? title : value }] : [];
  });
};

const YES = ['y', 'yes', 'true', '1'];
const NO = ['n', 'no', 'false', '0'];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The value of a line that is not empty; what cannot be one stays a text, and is refused as such. */
const fieldValue = (line: string, field: Field, choices: readonly Choice[]): Value => {
  const text = line.trim();
  switch (field.kind) {
    case 'boolean':
      return YES.includes(text.toLowerCase()) ? true : NO.includes(text.toLowerCase()) ? false : text;
    case 'number':
      return NUMBER.test(text) ? Number(text) : text;
    case 'choice':
      return chosen(text, choices);
    case 'choices':
      return [...new Set(text.split(',').map((part) => chosen(part.trim(), choices)))];
    case 'string':
      return line;
  }
};
