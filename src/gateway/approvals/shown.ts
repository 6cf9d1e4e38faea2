/** What an approver is shown of a call: all of it as long as a person could read it. */
import type { TaintSource } from '../../permission.ts';
import { sourceText } from '../../policy/taint.ts';
import type { JsonObject } from '../../protocol/types.ts';

/** Characters of arguments, as JSON, that are shown and kept. */
const MAX_SHOWN_CHARS = 65_536;
/** Of longer ones, what is left of each text. */
const MAX_TEXT_CHARS = 500;
/** Characters of the arguments in a form. */
const MAX_FORM_CHARS = 4_000;

/** Arguments as they are shown; undefined where they are too many to be. */
export const shownArguments = (given: JsonObject): { arguments: JsonObject; cut?: true } | undefined => {
  if (JSON.stringify(given).length <= MAX_SHOWN_CHARS) return { arguments: given };
  const shorter = shorten(given) as JsonObject;
  return JSON.stringify(shorter).length <= MAX_SHOWN_CHARS ? { arguments: shorter, cut: true } : undefined;
};

const shorten = (value: unknown): unknown => {
  if (typeof value === 'string') return cutText(value, MAX_TEXT_CHARS);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shorten(each)]));
};

const cutText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters in all)`;

/** Characters that are not seen, or change what is seen of others, as escapes. */
const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );

/** The question of a form, in lines of plain text. */
export const questionOf = (about: {
  server: string;
  tool: string;
  arguments: JsonObject;
  reason: string;
  warnings?: string[] | undefined;
  taint?: TaintSource[] | undefined;
}): string =>
  [
    `May the tool ${about.tool} of the server ${about.server} be called?`,
    `Asked by: ${about.reason}`,
    ...(about.warnings ?? []).map((warning) => `Warning: ${warning}`),
    ...(about.taint === undefined ? [] : [`The model had read: ${about.taint.map(sourceText).join(', ')}`]),
    `Arguments: ${cutText(JSON.stringify(about.arguments), MAX_FORM_CHARS)}`,
  ]
    .map((line) => cutText(visible(line), MAX_FORM_CHARS + 100))
    .join('\n');
