/** A configuration file, from its text: every format, every host, and all that is wrong with its place. */
import type { Dialect } from './dialect.ts';
import { dialectOf } from './dialects.ts';
import { emptyConfig, type ParsedConfig, parseConfig } from './parse.ts';
import type { ConfigText } from './parsed-text.ts';
import type { Place } from './places.ts';
import type { ConfigProblem, Where } from './problem.ts';
import type { Folders } from './references.ts';
import { formatOf, parseText, type TextFormat } from './text.ts';

/** What is known of a file beside its text. */
export interface ReadTextOptions {
  /** What messages call it. */
  file: string;
  /** Default: by the end of `file`. */
  format?: TextFormat;
  /** The host's shape. Default: by the end of `file`. */
  dialect?: Dialect;
  /** What `${workspaceFolder}` and the like stand for. */
  folders?: Folders;
}

/**
 * Reads the text of a configuration file. It never throws: what is wrong is among the problems, and the file as a whole
 * is unusable when one of these is fatal.
 */
export const readConfigText = async (
  text: string,
  { file, format = formatOf(file), dialect = dialectOf(file), folders }: ReadTextOptions,
): Promise<ParsedConfig> => {
  const parsed = await parseText(text, format);
  if (!parsed.ok) {
    const problem: ConfigProblem = { level: 'error', path: '', message: parsed.message, file, ...parsed.place };
    return { ...emptyConfig(), problems: [problem] };
  }
  const where: Where = (path) => ({ file, ...placeOf(parsed, path) });
  const config = await parseConfig(parsed.value ?? {}, { where, dialect, folders });
  for (const path of parsed.duplicates) {
    config.problems.push({ level: 'warning', path, message: 'is given twice; the last one counts', ...where(path) });
  }
  for (const { message, place } of parsed.liberties) {
    const strict = dialect.strictJson;
    const refused = strict ? `${message}; ${dialect.title} itself refuses such a file` : message;
    config.problems.push({ level: strict ? 'warning' : 'note', path: '', message: refused, file, ...place });
  }
  return config;
};

/** A field that is missing stands where the object stands that lacks it. */
const placeOf = ({ locate }: Pick<ConfigText, 'locate'>, path: string): Place | undefined => {
  for (let pointer = path; ; pointer = pointer.slice(0, pointer.lastIndexOf('/'))) {
    const place = locate(pointer);
    if (place !== undefined || pointer === '') return place;
  }
};

/** Whether a problem makes the whole file unusable rather than one of its servers. */
export const isFatal = ({ level, server }: ConfigProblem): boolean => level === 'error' && server === undefined;
