/** Servers in YAML. Lines are put in and taken out; the document is never printed anew. */
import { isCollection, isMap, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { type Editor, type Entry, type EntryValue, lineEndOf, lineStart, type Root, splice } from './entry.ts';

interface Item {
  name: string;
  from: number;
  to: number;
}

/** A map in a text. */
interface Place {
  flow: boolean;
  /** The column of its keys, where it is a block. */
  column: number;
  /** Where it begins and ends; its braces, where it is a flow. */
  from: number;
  to: number;
  items: Item[];
}

type Ranged = { range?: [number, number, number] | null } | null | undefined;

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : String(key));

const itemOf = (pair: Pair): Item => {
  const from = (pair.key as Ranged)?.range?.[0] ?? 0;
  const keyEnd = (pair.key as Ranged)?.range?.[1] ?? from;
  return { name: keyOf(pair), from, to: Math.max(keyEnd, endOf(pair.value) ?? keyEnd) };
};

/** Where the last thing of a node ends that is no comment: the range of a block goes on to what follows it. */
const endOf = (node: unknown): number | undefined => {
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    if (isPair(last)) return endOf(last.value) ?? endOf(last.key);
    if (last !== undefined) return endOf(last);
  }
  return (node as Ranged)?.range?.[1];
};

const placeOf = (text: string, map: YAMLMap): Place => {
  const [from, to] = map.range ?? [0, 0, 0];
  const items = (map.items as Pair[]).map(itemOf);
  const first = items[0]?.from ?? from;
  return { flow: map.flow === true, column: first - lineStart(text, first), from, to, items };
};

/** The maps on the way to the servers, the outermost first; as far as they are there. */
const placesOf = (text: string, root: Root): Place[] | undefined => {
  const document = parseDocument(text, { version: '1.2', uniqueKeys: false });
  let node: unknown = document.contents;
  if (node === null) return [];
  const places: Place[] = [];
  for (const key of [...root, undefined]) {
    if (!isMap(node)) return undefined;
    places.push(placeOf(text, node));
    if (key === undefined) break;
    const pair: Pair | undefined = (node.items as Pair[]).findLast((one) => keyOf(one) === key);
    if (pair === undefined) return places;
    node = pair.value;
  }
  return places;
};

const PLAIN = /^[A-Za-z_./][\w./@-]*$/;
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n|\.nan|\.inf|\.|\.\.)$/i;
/** What JSON leaves as it is in a string, and YAML does not take. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

const scalar = (value: string | number | boolean): string => {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (PLAIN.test(value) && !RESERVED.test(value)) return value;
  return JSON.stringify(value).replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
};

const inline = (value: EntryValue): string => {
  if (typeof value !== 'object') return scalar(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  const fields = Object.entries(value).map(([key, item]) => `${scalar(key)}: ${inline(item)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
};

const block = (entry: Entry, indent: string, unit: string): string[] =>
  Object.entries(entry).flatMap(([key, value]) => {
    const isRecord = typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0;
    const head = `${indent}${scalar(key)}:`;
    return isRecord ? [head, ...block(value as Entry, indent + unit, unit)] : [`${head} ${inline(value)}`];
  });

/** Where the line after a place begins, or where the text ends. */
const nextLine = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
};

/** Past what stands at the end of an item: the rest of its line, and comments that are indented at least so much. */
const pastItem = (text: string, to: number, column: number): number => {
  let end = to > 0 && text[to - 1] === '\n' ? to : nextLine(text, to);
  for (let at = end; at < text.length; ) {
    const next = nextLine(text, at);
    const line = text.slice(at, next);
    const comment = /^( *)#/.exec(line);
    if (comment !== null && (comment[1] ?? '').length >= column) end = next;
    else if (line.trim() !== '') break;
    at = next;
  }
  return end;
};

const putLines = (text: string, at: number, lines: readonly string[]): string => {
  const lineEnd = lineEndOf(text);
  const isOpen = at > 0 && text[at - 1] !== '\n';
  const put = isOpen ? lineEnd + lines.join(lineEnd) : lines.join(lineEnd) + lineEnd;
  return splice(text, [{ from: at, to: at, text: put }]);
};

const intoFlow = (text: string, { from, to, items }: Place, name: string, entry: Entry): string => {
  const last = items.at(-1);
  const at = last?.to ?? from + 1;
  const member = `${scalar(name)}: ${inline(entry)}`;
  const isBare = last === undefined && text.slice(from + 1, to - 1) === '';
  return splice(text, [
    { from: at, to: at, text: last === undefined ? (isBare ? member : ` ${member}`) : `, ${member}` },
  ]);
};

const DEFAULT_UNIT = '  ';

/** Below a key whose value is `{}` or nothing. */
const intoEmpty = (text: string, parent: Place, empty: Place, name: string, entry: Entry): string => {
  const indent = ' '.repeat(parent.column) + DEFAULT_UNIT;
  const begin = text.slice(0, empty.from).replace(/[ \t]+$/, '').length;
  const bare = splice(text, [{ from: begin, to: empty.to, text: '' }]);
  return putLines(bare, nextLine(bare, begin), block({ [name]: entry }, indent, DEFAULT_UNIT));
};

const unitOf = (places: readonly Place[]): string => {
  const [outer, inner] = places.slice(-2);
  const width = outer === undefined || inner === undefined ? 0 : inner.column - outer.column;
  return width > 0 && !inner?.flow ? ' '.repeat(width) : DEFAULT_UNIT;
};

export const yamlEditor: Editor = {
  add(text, root, name, entry) {
    const places = placesOf(text, root);
    const place = places?.at(-1);
    if (places === undefined) return undefined;
    const missing = root.slice(Math.max(0, places.length - 1));
    const whole = missing.reduceRight<Entry>((inner, key) => ({ [key]: inner }), { [name]: entry });
    const [key = '', value] = Object.entries(whole)[0] ?? [];
    if (place === undefined) return putLines(text, text.length, block(whole, '', DEFAULT_UNIT));
    const parent = places.at(-2);
    const isEmpty = place.items.length === 0;
    if (place.flow && isEmpty && parent !== undefined && !parent.flow)
      return intoEmpty(text, parent, place, key, value as Entry);
    if (place.flow) return intoFlow(text, place, key, value as Entry);
    const last = place.items.at(-1);
    const lines = block(whole, ' '.repeat(place.column), unitOf(places));
    return putLines(text, pastItem(text, last?.to ?? place.to, place.column), lines);
  },
  replace(text, root, name, entry) {
    const places = placesOf(text, root);
    const place = places?.at(-1);
    const item = place?.items.findLast((one) => one.name === name);
    if (places === undefined || place === undefined || item === undefined) return undefined;
    if (place.flow) return splice(text, [{ from: item.from, to: item.to, text: `${scalar(name)}: ${inline(entry)}` }]);
    const lines = block({ [name]: entry }, ' '.repeat(place.column), unitOf(places));
    const from = lineStart(text, item.from);
    const to = text[item.to - 1] === '\n' ? item.to : nextLine(text, item.to);
    const lineEnd = lineEndOf(text);
    return splice(text, [{ from, to, text: lines.join(lineEnd) + (text[to - 1] === '\n' ? lineEnd : '') }]);
  },
  remove(text, root, name) {
    let left = text;
    for (;;) {
      const places = placesOf(left, root);
      const place = places?.at(-1);
      const index = place?.items.findLastIndex((one) => one.name === name) ?? -1;
      const item = place?.items[index];
      if (places?.length !== root.length + 1 || place === undefined || item === undefined) return left;
      left = place.flow ? outOfFlow(left, place, index) : outOfBlock(left, place, item);
    }
  },
};

const outOfFlow = (text: string, { items }: Place, index: number): string => {
  const { from, to } = items[index] as Item;
  const [before, after] = [items[index - 1], items[index + 1]];
  if (before !== undefined) return splice(text, [{ from: before.to, to, text: '' }]);
  if (after !== undefined) return splice(text, [{ from, to: after.from, text: '' }]);
  const comma = /^\s*,/.exec(text.slice(to))?.[0].length ?? 0;
  return splice(text, [{ from, to: to + comma, text: '' }]);
};

const outOfBlock = (text: string, { items, column }: Place, item: Item): string => {
  const from = lineStart(text, item.from);
  const to = pastItem(text, item.to, column + 1);
  const isOpen = to === text.length && text[to - 1] !== '\n';
  const begin = isOpen ? from - (/\r?\n$/.exec(text.slice(0, from))?.[0].length ?? 0) : from;
  if (items.length > 1) return splice(text, [{ from: begin, to, text: '' }]);
  // A key without a value would say `null`, which is no list of servers.
  const colon = text.lastIndexOf(':', lastKeyEnd(text, from));
  return splice(text, [
    { from: colon + 1, to: colon + 1, text: ' {}' },
    { from: begin, to, text: '' },
  ]);
};

/** The end of the last line before a place that is more than a comment; without its own comment. */
const lastKeyEnd = (text: string, before: number): number => {
  for (let end = before; end > 0; ) {
    const start = lineStart(text, end - 1);
    const line = text.slice(start, end);
    if (!/^\s*(?:#|$)/.test(line)) return start + (/\s#.*$/s.exec(line)?.index ?? line.length);
    end = start;
  }
  return 0;
};
