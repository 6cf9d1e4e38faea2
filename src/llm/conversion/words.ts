/** What a schema cannot say is said in its description. */
import { isObject } from '../../schema/document.ts';
import { isNever } from './merge.ts';
import type { Node } from './read.ts';

/** Characters of what one keyword, and all keywords of one schema, are said with. */
const KEYWORD_CHARS = 200;
const ALL_CHARS = 600;

/** Adds words to a description. */
export const tell = (node: Node, words: string): Node => {
  const before = typeof node.description === 'string' && node.description !== '' ? `${node.description}\n` : '';
  return { ...node, description: `${before}${words}` };
};

/** Keywords that are moved into words, in braces as a schema would have them. */
export const sayKeywords = (keywords: readonly (readonly [string, unknown])[]): string => {
  const parts = keywords.map(([keyword, value]) => `${keyword}: ${shortened(JSON.stringify(plainly(value)))}`);
  const text = parts.join(', ');
  return `{${text.length > ALL_CHARS ? `${text.slice(0, ALL_CHARS)}…` : text}}`;
};

const shortened = (text: string): string => (text.length > KEYWORD_CHARS ? `${text.slice(0, KEYWORD_CHARS)}…` : text);

/** `false` for what takes nothing. */
const plainly = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plainly);
  if (!isObject(value)) return value;
  if (isNever(value)) return false;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plainly(child)]));
};
