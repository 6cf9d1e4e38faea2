/** One server as a file holds it, and where in the file. */

/** What is written: plain data, in the words of the file's host. */
export type Entry = { [field: string]: EntryValue };
/** Texts, numbers and flags, lists of them, and objects of them. */
export type EntryValue = string | number | boolean | EntryValue[] | { [key: string]: EntryValue };

/** The keys that lead from the root of a file to its servers. */
export type Root = readonly string[];

/** Takes servers in and out of a text that is known to parse. `undefined`: the text is built in a way that it does not know. */
export interface Editor {
  /** Puts a server at the end. The name is not taken. The last key of the root may be missing. */
  add(text: string, root: Root, name: string, entry: Entry): string | undefined;
  /** Puts another entry in the place of one. */
  replace(text: string, root: Root, name: string, entry: Entry): string | undefined;
  remove(text: string, root: Root, name: string): string | undefined;
}

/** A change of a text: what stands from `from` to `to` gives way. */
export interface Splice {
  from: number;
  to: number;
  text: string;
}

/** Makes changes that do not overlap; of two at one place the first comes first. */
export const splice = (text: string, changes: readonly Splice[]): string =>
  [...changes]
    .reverse()
    .sort((one, other) => other.from - one.from)
    .reduce((result, { from, to, text: put }) => result.slice(0, from) + put + result.slice(to), text);

/** The line end of a text: that of its first line. */
export const lineEndOf = (text: string): string => /\r?\n/.exec(text)?.[0] ?? '\n';

/** Where the line begins that a place is in. */
export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** What a line begins with. */
export const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? '';

/** The first indentation of a text, or two spaces. */
export const indentUnit = (text: string): string => /\n([ ]+|\t+)\S/.exec(text)?.[1] ?? '  ';
