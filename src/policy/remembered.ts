/** Answers that hold for later calls as well. */
import { canonicalJson } from '../canonical.ts';
import type { ApprovalDecision } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';

/** What an answer was given for. */
export interface Subject {
  /** One configured server, as long as it is there. */
  server: object;
  principal: string | undefined;
  scope: string;
  /** The rule that asked. */
  by: string;
  /** The text of the tool's definition. */
  definition: string;
  arguments: JsonObject;
}

export interface Remembered {
  /** The answer that covers this call, if there is one. */
  find(subject: Subject): ApprovalDecision | undefined;
  /** `tool`: for any arguments. */
  keep(subject: Subject, decision: ApprovalDecision, what: 'call' | 'tool'): void;
}

/** Beyond `maxEntries` answers, or `maxChars` characters of what they are for, the oldest are forgotten and asked for again. */
export const createRemembered = ({ maxEntries = 1_000, maxChars = 8 * 1024 * 1024 } = {}): Remembered => {
  const kept = new Map<string, ApprovalDecision>();
  const numbers = new WeakMap<object, number>();
  let lastNumber = 0;
  let chars = 0;

  const numberOf = (server: object): number => {
    const known = numbers.get(server);
    if (known !== undefined) return known;
    lastNumber += 1;
    numbers.set(server, lastNumber);
    return lastNumber;
  };
  const keyOf = (subject: Subject, what: 'call' | 'tool'): string => {
    const { server, principal = null, scope, by, definition } = subject;
    return canonicalJson([
      numberOf(server),
      principal,
      scope,
      by,
      definition,
      what === 'call' ? [subject.arguments] : [],
    ]);
  };
  const forget = (key: string): void => {
    if (kept.delete(key)) chars -= key.length;
  };

  return {
    find: (subject) => kept.get(keyOf(subject, 'call')) ?? kept.get(keyOf(subject, 'tool')),
    keep(subject, decision, what) {
      const key = keyOf(subject, what);
      forget(key);
      kept.set(key, decision);
      chars += key.length;
      for (const oldest of kept.keys()) {
        if (kept.size <= maxEntries && chars <= maxChars) break;
        forget(oldest);
      }
    },
  };
};
