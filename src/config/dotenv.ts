/** Files of variables, in the form that `dotenv` made common. `util.parseEnv` differs between the versions of Node. */

const LINE =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]*)[ \t]*(?:#[^\r\n]*)?$/gm;

/**
 * The variables of such a file: `NAME=value` with or without `export`, `#` comments, and values in quotes, which may hold
 * line breaks; `\n` is one within double quotes. Nothing is expanded; of a name that is given twice the last value counts.
 */
export const parseDotenv = (text: string): Map<string, string> => {
  const variables = new Map<string, string>();
  for (const [, name = '', given = ''] of text.replace(/\r\n?/g, '\n').matchAll(LINE)) {
    const value = given.trim();
    const quote = /^(['"`])[\s\S]*\1$/.exec(value)?.[1];
    const bare = quote === undefined ? value : value.slice(1, -1);
    variables.set(name, quote === '"' ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare);
  }
  return variables;
};
