/** What was found out about one thing. */
export interface Finding {
  /** `problem`: it does not work for that. `note`: it works, and may not do so everywhere. */
  level: 'ok' | 'note' | 'problem';
  /** What was looked at. */
  check:
    | 'configuration'
    | 'command'
    | 'start'
    | 'protocol'
    | 'messages'
    | 'network'
    | 'tls'
    | 'authorization'
    | 'tools';
  says: string;
  /** What mends it: a command, or what to write where. */
  fix?: string;
  /** Where more is said of it. */
  see?: string;
}

export const finding = (check: Finding['check'], level: Finding['level'], says: string, fix?: string): Finding => ({
  level,
  check,
  says,
  ...(fix !== undefined && { fix }),
});

/** A word as a shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
