/** Servers in TOML: tables at the end of the text, or parts of the table that holds them all. */
import { type AST, parseTOML } from 'toml-eslint-parser';
import {
  type Editor,
  type Entry,
  type EntryValue,
  lineEndOf,
  lineStart,
  type Root,
  type Splice,
  splice,
} from './entry.ts';

const BARE = /^[A-Za-z0-9_-]+$/;

const quoted = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
const keyText = (key: string): string => (BARE.test(key) ? key : quoted(key));
const valueText = (value: EntryValue): string => {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  const fields = Object.entries(value).map(([key, item]) => `${keyText(key)} = ${valueText(item)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
};

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string => (key.type === 'TOMLBare' ? key.name : key.value);
const pathOf = ({ key }: AST.TOMLKeyValue): string[] => key.keys.map(nameOf);
const beginsWith = (path: readonly (string | number)[], start: readonly string[]): boolean =>
  start.every((step, index) => path[index] === step);

const linesOf = (text: string, root: Root, name: string, entry: Entry): string =>
  [
    `[${[...root, name].map(keyText).join('.')}]`,
    ...Object.entries(entry).map(([key, value]) => `${keyText(key)} = ${valueText(value)}`),
  ].join(lineEndOf(text));

const atTheEnd = (text: string, root: Root, name: string, entry: Entry): string => {
  const lineEnd = lineEndOf(text);
  const lines = linesOf(text, root, name, entry);
  if (text === '' || text === '\ufeff') return text + lines + lineEnd;
  return text.endsWith('\n') ? text + lineEnd + lines + lineEnd : text + lineEnd + lineEnd + lines;
};

/** The inline table that the keys lead to. */
const inlineAt = (
  body: readonly AST.TOMLKeyValue[],
  base: readonly (string | number)[],
  root: Root,
): AST.TOMLInlineTable | undefined => {
  for (const pair of body) {
    const path = [...base, ...pathOf(pair)];
    if (!beginsWith(path, root.slice(0, path.length)) || pair.value.type !== 'TOMLInlineTable') continue;
    if (path.length === root.length) return pair.value;
    if (path.length < root.length) return inlineAt(pair.value.body, path, root);
  }
  return undefined;
};

const pairsOf = (text: string): { table?: AST.TOMLTable; base: (string | number)[]; body: AST.TOMLKeyValue[] }[] =>
  parseTOML(text).body[0].body.map((part) =>
    part.type === 'TOMLKeyValue'
      ? { base: [], body: [part] }
      : { table: part, base: part.resolvedKey, body: part.body },
  );

/** The lines that a node stands on, to the end of the last one. */
const wholeLines = (text: string, from: number, to: number): Splice => {
  const end = text.indexOf('\n', to);
  const cut = { from: lineStart(text, from), to: end === -1 ? text.length : end + 1, text: '' };
  const above = /(^|\n)[ \t]*\r?\n$/.exec(text.slice(0, cut.from));
  if (above !== null) cut.from = above.index + (above[1] ?? '').length;
  // With the last line goes the line end before it: the text had none at its end.
  if (end === -1) cut.from -= /\r?\n$/.exec(text.slice(0, cut.from))?.[0].length ?? 0;
  return cut;
};

const outOfInline = (
  { body }: AST.TOMLInlineTable,
  target: readonly string[],
  base: readonly (string | number)[],
): Splice[] =>
  body.flatMap((pair, index) => {
    const path = [...base, ...pathOf(pair)];
    if (beginsWith(path, target)) {
      const [before, after] = [body[index - 1], body[index + 1]];
      if (before !== undefined) return [{ from: before.range[1], to: pair.range[1], text: '' }];
      return [{ from: pair.range[0], to: after?.range[0] ?? pair.range[1], text: '' }];
    }
    return pair.value.type === 'TOMLInlineTable' && beginsWith(target, path as string[])
      ? outOfInline(pair.value, target, path)
      : [];
  });

export const tomlEditor: Editor = {
  add(text, root, name, entry) {
    const parts = pairsOf(text);
    for (const { base, body } of parts) {
      const inline = inlineAt(body, base, root);
      if (inline === undefined) continue;
      const last = inline.body.at(-1);
      const member = `${keyText(name)} = ${valueText(entry)}`;
      const at = last?.range[1] ?? inline.range[0] + 1;
      return splice(text, [{ from: at, to: at, text: last === undefined ? member : `, ${member}` }]);
    }
    return atTheEnd(text, root, name, entry);
  },
  replace(text, root, name, entry) {
    const removed = tomlEditor.remove(text, root, name);
    return removed === undefined ? undefined : tomlEditor.add(removed, root, name, entry);
  },
  remove(text, root, name) {
    const target = [...root, name];
    const cuts = pairsOf(text).flatMap(({ table, base, body }): Splice[] => {
      if (table !== undefined && beginsWith(base, target)) return [wholeLines(text, table.range[0], table.range[1])];
      return body.flatMap((pair) => {
        const path = [...base, ...pathOf(pair)];
        if (beginsWith(path, target)) return [wholeLines(text, pair.range[0], pair.range[1])];
        return pair.value.type === 'TOMLInlineTable' && beginsWith(target, path as string[])
          ? outOfInline(pair.value, target, path)
          : [];
      });
    });
    return splice(text, cuts);
  },
};
