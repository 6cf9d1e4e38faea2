/** What servers say of answers that they gave before: some may be old by now. */

/** The answers of one server that hold no longer. */
export interface Change {
  server: string;
  /** Only those of this scope; of all scopes where absent. */
  scope?: string;
  what: 'everything' | 'tools' | 'prompts' | 'resources';
  /** With `resources`: only this one. */
  uri?: string;
}

export interface Changes {
  tell(change: Change): void;
  on(handler: (change: Change) => void): void;
}

export const createChanges = (): Changes => {
  const handlers: ((change: Change) => void)[] = [];
  return {
    tell(change) {
      for (const handler of handlers) handler(change);
    },
    on: (handler) => void handlers.push(handler),
  };
};
