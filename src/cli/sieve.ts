/** What the terminal itself answers, taken out of what is typed. */

export interface Sieve {
  /** True while an answer is waited for. */
  readonly isWaiting: boolean;
  /** Passes on what was typed; while an answer is waited for, when that has come or its time is over. */
  take(chunk: Buffer): void;
  /** The answer; none after `waitMs`. One that comes later is dropped. */
  wait(answer: RegExp, waitMs: number): Promise<string | undefined>;
}

/** The sieve before whoever takes keys. */
export const createSieve = (onKeys: (chunk: Buffer) => void): Sieve => {
  let waiting: ((chunk: Buffer) => void) | undefined;
  let late: RegExp | undefined;
  const typed = (bytes: string): void => {
    if (bytes !== '') onKeys(Buffer.from(bytes, 'latin1'));
  };
  return {
    get isWaiting() {
      return waiting !== undefined;
    },
    take(chunk) {
      if (waiting !== undefined) return waiting(chunk);
      if (late === undefined) return onKeys(chunk);
      const bytes = chunk.toString('latin1');
      const rest = bytes.replace(late, '');
      if (rest !== bytes) late = undefined;
      typed(rest);
    },
    wait: (answer, waitMs) =>
      new Promise((resolve) => {
        let bytes = '';
        const end = (found: string | undefined, rest: string): void => {
          clearTimeout(timer);
          waiting = undefined;
          resolve(found);
          typed(rest);
        };
        const timer = setTimeout(() => {
          late = answer;
          end(undefined, bytes);
        }, waitMs);
        waiting = (chunk) => {
          bytes += chunk.toString('latin1');
          const found = answer.exec(bytes);
          if (found !== null) end(found[0], bytes.slice(0, found.index) + bytes.slice(found.index + found[0].length));
        };
      }),
  };
};
