/** What tools really did: each run is noted, and a test asserts afterwards that none happened twice. */
import { AssertionError } from 'node:assert';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';

/** One run of a tool. */
export interface Effect {
  /** What was to happen at most once: the number of an order, the arguments of a call, an idempotency key. */
  key: string;
  /** Which run of it this is, counted from 1 by whoever appends. */
  attempt: number;
}

/** A key under which more than one effect was noted. */
export interface EffectViolation {
  key: string;
  times: number;
  attempts: number[];
}

/** A history of effects, in the order in which they happened. */
export interface EffectLog {
  /** Notes that something took effect. Without `attempt` it is one more than this log has noted of the key. */
  append(key: string, attempt?: number): void;
  /** All of them, or those of one key. */
  effects(key?: string): Effect[];
  /** The keys that took effect more than once. */
  violations(): EffectViolation[];
  /** Throws an `AssertionError` that names each key that took effect more than once. */
  assertAtMostOnce(): void;
  /** The file, where there is one. */
  readonly file: string | undefined;
}

/** Where effects are kept. */
export interface EffectLogOptions {
  /** Kept in this file, one line of JSON for each effect. Any number of processes may append to it. */
  file?: string;
}

/**
 * Makes an effect log. In memory it serves one process. With `file`, a server in a child process appends and the test
 * reads: a line is written in one piece at the end of the file, so lines of several processes never mix, and what a
 * process wrote before it was killed is there.
 */
export const createEffectLog = ({ file }: EffectLogOptions = {}): EffectLog => {
  const { write, read } = file === undefined ? inMemory() : inFile(file);

  const effects: EffectLog['effects'] = (key) => {
    const all = read();
    return key === undefined ? all : all.filter((effect) => effect.key === key);
  };
  const violations = (): EffectViolation[] => {
    const attempts = new Map<string, number[]>();
    for (const { key, attempt } of read()) attempts.set(key, [...(attempts.get(key) ?? []), attempt]);
    return [...attempts]
      .filter(([, noted]) => noted.length > 1)
      .map(([key, noted]) => ({ key, times: noted.length, attempts: noted }));
  };

  return {
    file,
    append: (key, attempt = effects(key).length + 1) => write({ key, attempt }),
    effects,
    violations,
    assertAtMostOnce() {
      const found = violations();
      if (found.length === 0) return;
      const lines = found.map(
        ({ key, times, attempts }) => `  ${key}: ${times} times (attempts ${attempts.join(', ')})`,
      );
      throw new AssertionError({
        message: `took effect more than once:\n${lines.join('\n')}`,
        actual: found,
        expected: [],
        operator: 'assertAtMostOnce',
      });
    },
  };
};

interface Store {
  write(effect: Effect): void;
  read(): Effect[];
}

const inMemory = (): Store => {
  const effects: Effect[] = [];
  return { write: (effect) => void effects.push(effect), read: () => effects.map((effect) => ({ ...effect })) };
};

const inFile = (file: string): Store => {
  writeFileSync(file, '', { flag: 'a' });
  return {
    write: (effect) => appendFileSync(file, `${JSON.stringify(effect)}\n`),
    // What stands behind the last line end is not yet a line.
    read: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Effect),
  };
};
