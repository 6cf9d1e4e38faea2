/** The texts of configuration files: JSON, JSONC, YAML and TOML in, the value and the place of everything in it out. */
import type { ParsedText } from './parsed-text.ts';

/** The ways in which a configuration can be written. JSON has no form of its own without comments. */
export type TextFormat = 'json' | 'yaml' | 'toml';

/** Length of one configuration file, in bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

const FORMATS: Readonly<Record<string, TextFormat>> = {
  json: 'json',
  jsonc: 'json',
  json5: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
};

/** The format of a file by the end of its name; JSON where that says nothing. */
export const formatOf = (fileName: string): TextFormat => {
  const extension = /\.(\w+)$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(FORMATS, extension) ? (FORMATS[extension] as TextFormat) : 'json';
};

/** Reads a text. What YAML and TOML need is loaded when the first such text is read. It never throws for what a text says. */
export const parseText = async (text: string, format: TextFormat): Promise<ParsedText> => {
  if (text.length > MAX_CONFIG_BYTES) {
    return { ok: false, message: `longer than ${MAX_CONFIG_BYTES} bytes`, place: { line: 1, column: 1 } };
  }
  if (format === 'yaml') return (await import('./yaml.ts')).parseYaml(text);
  if (format === 'toml') return (await import('./toml.ts')).parseToml(text);
  return (await import('./json.ts')).parseJson(text);
};
