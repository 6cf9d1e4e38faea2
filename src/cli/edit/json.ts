/** Servers in JSON, with or without comments. */
import {
  type Editor,
  type Entry,
  type EntryValue,
  indentAt,
  indentUnit,
  lineEndOf,
  type Root,
  splice,
} from './entry.ts';

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a text that parses has these nowhere else
  /[ \t\r\n\ufeff]+|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\u0000-\u001f]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"/]+/y;

interface Token {
  text: string;
  from: number;
  to: number;
  kind: 'space' | 'comment' | 'other';
}

interface Member {
  name: string;
  from: number;
  valueFrom: number;
  to: number;
  /** Behind its comma, where it has one. */
  comma?: number;
}

interface JsonObject {
  open: number;
  /** Of the closing brace. */
  close: number;
  members: Member[];
}

const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text)?.[0] ?? text.charAt(at);
    const kind = /^[ \t\r\n\ufeff]/.test(found) ? 'space' : /^\/[/*]/.test(found) ? 'comment' : 'other';
    tokens.push({ text: found, from: at, to: at + found.length, kind });
    at += found.length;
  }
  return tokens;
};

/** The object that the keys lead to; of a name that is given twice the last one counts. */
const objectAt = (text: string, root: Root): JsonObject | undefined => {
  const tokens = tokensOf(text).filter(({ kind }) => kind === 'other');
  let index = 0;
  const skip = (): void => {
    let depth = 0;
    do {
      const token = tokens[index++]?.text;
      if (token === '{' || token === '[') depth += 1;
      if (token === '}' || token === ']') depth -= 1;
    } while (depth > 0);
  };
  const read = (): JsonObject | undefined => {
    const open = tokens[index];
    if (open?.text !== '{') return undefined;
    index += 1;
    const members: Member[] = [];
    for (let token = tokens[index]; token !== undefined && token.text !== '}'; token = tokens[index]) {
      if (token.text === ',') {
        const last = members.at(-1);
        if (last !== undefined) last.comma = token.to;
        index += 1;
        continue;
      }
      index += 2;
      const value = tokens[index];
      skip();
      members.push({
        name: JSON.parse(token.text) as string,
        from: token.from,
        valueFrom: value?.from ?? token.to,
        to: tokens[index - 1]?.to ?? token.to,
      });
    }
    return { open: open.from, close: tokens[index]?.from ?? text.length, members };
  };
  let object = read();
  for (const key of root) {
    const member = object?.members.findLast(({ name }) => name === key);
    if (member === undefined) return undefined;
    index = tokens.findIndex(({ from }) => from === member.valueFrom);
    object = read();
  }
  return object;
};

/** Where the last thing before a place ends, comments included. */
const endBefore = (text: string, at: number): number =>
  tokensOf(text).findLast(({ kind, to }) => kind !== 'space' && to <= at)?.to ?? 0;

/** Where a comment ends that follows on the same line; the place itself where there is none. */
const pastComment = (text: string, at: number): number => {
  const [blank = ''] = /^[ \t]*/.exec(text.slice(at)) ?? [];
  const comment = tokensOf(text).find(({ from, kind }) => kind === 'comment' && from === at + blank.length);
  if (comment === undefined || comment.text.includes('\n')) return at;
  return /^[ \t]*(?:\r?\n|$)/.test(text.slice(comment.to)) ? comment.to : at;
};

const print = (value: EntryValue, style: { lineEnd: string; unit: string } | undefined, indent: string): string => {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => print(item, undefined, '')).join(', ')}]`;
  const fields = Object.entries(value);
  if (fields.length === 0) return '{}';
  const inner = style === undefined ? '' : indent + style.unit;
  const lines = fields.map(([key, item]) => `${JSON.stringify(key)}: ${print(item, style, inner)}`);
  if (style === undefined) return `{ ${lines.join(', ')} }`;
  const { lineEnd } = style;
  return `{${lineEnd}${lines.map((line) => inner + line).join(`,${lineEnd}`)}${lineEnd}${indent}}`;
};

/** How an object is laid out: with an indentation for each member, or on one line. */
const layoutOf = (text: string, { open, close, members }: JsonObject): { indent: string; unit: string } | undefined => {
  const unit = indentUnit(text);
  const last = members.at(-1);
  if (last === undefined) {
    // An empty object says nothing of itself: what is around it does.
    return text.slice(0, open).includes('\n') || text.slice(open, close).includes('\n') || open === 0
      ? { indent: indentAt(text, open) + unit, unit }
      : undefined;
  }
  return /\n/.test(text.slice(open, last.from)) ? { indent: indentAt(text, last.from), unit } : undefined;
};

const insert = (text: string, object: JsonObject, name: string, value: EntryValue): string => {
  const lineEnd = lineEndOf(text);
  const layout = layoutOf(text, object);
  const { open, close, members } = object;
  const last = members.at(-1);
  const style = layout === undefined ? undefined : { lineEnd, unit: layout.unit };
  const member = `${JSON.stringify(name)}: ${print(value, style, layout?.indent ?? '')}`;
  const at = endBefore(text, close);
  const lead = layout === undefined ? (last === undefined ? '' : ' ') : lineEnd + layout.indent;
  if (last !== undefined) {
    const mine = { from: at, to: at, text: lead + member + (last.comma === undefined ? '' : ',') };
    return splice(text, last.comma === undefined ? [{ from: last.to, to: last.to, text: ',' }, mine] : [mine]);
  }
  const isBare = text.slice(open + 1, close).trim() === '' && layout !== undefined;
  const tail = isBare ? lineEnd + indentAt(text, open) : '';
  return splice(text, [{ from: at, to: isBare ? close : at, text: lead + member + tail }]);
};

const without = (text: string, { open, close, members }: JsonObject, index: number): string => {
  const { from, to, comma } = members[index] as Member;
  const end = pastComment(text, comma ?? to);
  const begin = Math.max(open + 1, endBefore(text, from));
  if (members.length === 1) {
    const left = text.slice(open + 1, begin) + text.slice(end, close);
    return left.trim() === ''
      ? splice(text, [{ from: open + 1, to: close, text: '' }])
      : splice(text, [{ from: begin, to: end, text: '' }]);
  }
  const [before, after] = [members[index - 1], members[index + 1]];
  const isLine = after !== undefined && !text.slice(open, after.from).includes('\n');
  const cut = isLine ? { from, to: after.from, text: '' } : { from: begin, to: end, text: '' };
  // The comma before it goes with it, unless the list has one at its end as well.
  const orphan = after === undefined && comma === undefined ? before?.comma : undefined;
  return splice(text, orphan === undefined ? [cut] : [cut, { from: orphan - 1, to: orphan, text: '' }]);
};

export const jsonEditor: Editor = {
  add(text, root, name, entry) {
    const object = objectAt(text, root);
    if (object !== undefined) return insert(text, object, name, entry);
    const parent = objectAt(text, root.slice(0, -1));
    const key = root.at(-1);
    return parent === undefined || key === undefined || parent.members.some((member) => member.name === key)
      ? undefined
      : insert(text, parent, key, { [name]: entry } satisfies Entry);
  },
  replace(text, root, name, entry) {
    const object = objectAt(text, root);
    const member = object?.members.findLast((one) => one.name === name);
    if (object === undefined || member === undefined) return undefined;
    const layout = text.slice(object.open, member.from).includes('\n')
      ? { lineEnd: lineEndOf(text), unit: indentUnit(text) }
      : undefined;
    return splice(text, [
      { from: member.valueFrom, to: member.to, text: print(entry, layout, indentAt(text, member.from)) },
    ]);
  },
  remove(text, root, name) {
    let left = text;
    for (;;) {
      const object = objectAt(left, root);
      const index = object?.members.findLastIndex((member) => member.name === name) ?? -1;
      if (object === undefined || index === -1) return left;
      left = without(left, object, index);
    }
  },
};
