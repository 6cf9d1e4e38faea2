/** Where values of a configuration come from. */

/** Which layer gave a value, and where in it. */
export type Origin =
  | { kind: 'file'; file?: string; line?: number; column?: number }
  | { kind: 'variable'; name: string }
  | { kind: 'flag'; name: string }
  | { kind: 'default' };

/** Origins by field; an entry of `env` or `headers` has one of its own, as `env/NAME`. */
export type Origins = Record<string, Origin>;

/** `file:line:column`, the name of the variable or the flag, or `default`. */
export const describeOrigin = (origin: Origin): string => {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'variable':
    case 'flag':
      return origin.name;
    case 'file':
      return [origin.file, origin.line, origin.column].filter((part) => part !== undefined).join(':') || 'a file';
  }
};
