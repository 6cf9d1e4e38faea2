/** One server taken into the text of a configuration, or out of it; everything else stays as it is, byte for byte. */
import { canonicalJson } from '../../canonical.ts';
import type { Dialect } from '../../config/dialect.ts';
import { PLAIN } from '../../config/dialects.ts';
import { describeProblem } from '../../config/problem.ts';
import { isObject } from '../../config/readers.ts';
import { parseText, type TextFormat } from '../../config/text.ts';
import { ToolwayError } from '../../errors.ts';
import { type Editor, type Entry, indentUnit, lineEndOf, type Root } from './entry.ts';

/** A text, and how it is to be read. */
export interface EditOptions {
  /** What messages call it. */
  file: string;
  format: TextFormat;
  dialect: Dialect;
}

const invalid = (reason: string): ToolwayError => new ToolwayError('invalid_config', reason, { executed: 'no' });

const editorOf = async (format: TextFormat): Promise<Editor> => {
  if (format === 'yaml') return (await import('./yaml.ts')).yamlEditor;
  if (format === 'toml') return (await import('./toml.ts')).tomlEditor;
  return (await import('./json.ts')).jsonEditor;
};

/** The value of a text; `undefined` where there is none. Throws `invalid_config` with the place for one that cannot be read. */
const parsedValue = async (text: string, { file, format }: EditOptions): Promise<unknown> => {
  if (text.replace('\ufeff', '').trim() === '') return undefined;
  const parsed = await parseText(text, format);
  if (parsed.ok) return parsed.value ?? undefined;
  throw invalid(describeProblem({ level: 'error', path: '', message: parsed.message, file, ...parsed.place }));
};

const at = (value: unknown, path: Root): unknown =>
  path.reduce<unknown>((here, key) => (isObject(here) && Object.hasOwn(here, key) ? here[key] : undefined), value);

/** The places where a file of this shape may hold servers. */
const rootsOf = ({ roots }: Dialect): Root[] =>
  [...roots, ...PLAIN.roots].filter((root) => !root.some((step) => step.startsWith('$')));

/** The names of all servers that a text holds, as it spells them. */
export const namesIn = async (text: string, options: EditOptions): Promise<string[]> => {
  const value = await parsedValue(text, options);
  return [...new Set(rootsOf(options.dialect).flatMap((root) => Object.keys(recordAt(value, root))))];
};

const recordAt = (value: unknown, root: Root): Record<string, unknown> => {
  const found = at(value, root);
  return isObject(found) ? found : {};
};

/** The text with the server in it; in the place of one of the same name where there is one and `replace` says so. */
export const addServer = async (
  text: string,
  { name, entry, replace = false }: { name: string; entry: Entry; replace?: boolean },
  options: EditOptions,
): Promise<string> => {
  const value = await parsedValue(text, options);
  const roots = rootsOf(options.dialect);
  const holder = roots.find((root) => Object.hasOwn(recordAt(value, root), name));
  if (holder !== undefined && !replace) throw invalid(`${options.file} has a server ${JSON.stringify(name)} already`);
  const root = holder ?? roots.find((one) => isObject(at(value, one))) ?? firstRoot(value, options);
  const expected = changed(value, root, name, entry);
  if (value === undefined && options.format === 'json')
    return checked(newJson(text, root, name, entry), expected, root, options);
  const editor = await editorOf(options.format);
  const edited = holder === undefined ? editor.add(text, root, name, entry) : editor.replace(text, root, name, entry);
  return checked(edited, expected, root, options);
};

/** The text without the server, wherever it has it. */
export const removeServer = async (text: string, name: string, options: EditOptions): Promise<string> => {
  let left = text;
  for (const root of rootsOf(options.dialect)) {
    const value = await parsedValue(left, options);
    if (!Object.hasOwn(recordAt(value, root), name)) continue;
    const editor = await editorOf(options.format);
    left = await checked(editor.remove(left, root, name), changed(value, root, name, undefined), root, options);
  }
  return left;
};

/** A host's own place for servers; below a key that is there already, if one is. */
const firstRoot = (value: unknown, { dialect, file }: EditOptions): Root => {
  const own = dialect.roots.filter((root) => !root.some((step) => step.startsWith('$')));
  const root = own.find((one) => one.length === 1) ?? own[0] ?? ['mcpServers'];
  if (value !== undefined && !isObject(value)) throw invalid(`${file} holds no configuration`);
  if (at(value, root) !== undefined) throw invalid(`${file}: /${root.join('/')} holds no servers`);
  return root;
};

const newJson = (text: string, root: Root, name: string, entry: Entry): string => {
  const whole = [...root, name].reduceRight<unknown>((inner, key) => ({ [key]: inner }), entry);
  const body = JSON.stringify(whole, null, indentUnit(text)).replaceAll('\n', lineEndOf(text));
  return `${text.startsWith('\ufeff') ? '\ufeff' : ''}${body}${lineEndOf(text)}`;
};

/** What the text has to say afterwards. */
const changed = (value: unknown, root: Root, name: string, entry: Entry | undefined): unknown => {
  const change = (here: unknown, [key, ...rest]: Root): Record<string, unknown> => {
    const copy = Object.assign(Object.create(null), isObject(here) ? here : {}) as Record<string, unknown>;
    if (key === undefined) {
      if (entry === undefined) delete copy[name];
      else copy[name] = entry;
    } else copy[key] = change(copy[key], rest);
    return copy;
  };
  return change(value, root);
};

/** No text leaves here that says anything else than it should: what a format allows is more than any editor knows. */
const checked = async (
  edited: string | undefined,
  expected: unknown,
  root: Root,
  options: EditOptions,
): Promise<string> => {
  const refused = invalid(
    `${options.file} is written in a way that cannot be changed safely; it is left as it is, edit it by hand`,
  );
  if (edited === undefined) throw refused;
  const value = await parsedValue(edited, options).catch(() => {
    throw refused;
  });
  if (canonicalJson(pruned(value, root)) !== canonicalJson(pruned(expected, root))) throw refused;
  return edited;
};

/** A place without servers is as good as none. */
const pruned = (value: unknown, [key, ...rest]: Root): unknown => {
  if (!isObject(value)) return value === undefined ? {} : value;
  if (key === undefined || !Object.hasOwn(value, key)) return value;
  const inner = pruned(value[key], rest);
  const copy = Object.assign(Object.create(null), value) as Record<string, unknown>;
  if (isObject(inner) && Object.keys(inner).length === 0) delete copy[key];
  else copy[key] = inner;
  return copy;
};
