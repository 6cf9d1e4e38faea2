import { describe, expect, test } from 'vitest';
import { type Errand, follow } from './errand.ts';
import { createLine } from './line.ts';

const hurry = (errand: Errand): void => {
  errand.urgent = true;
  errand.raise?.();
};
interface Job {
  name: string;
}
const world = () => {
  const line = createLine<Job>();
  const owners = { a: {}, b: {}, c: {} };
  const errand = (owner: keyof typeof owners, urgent = false): Errand => ({ owner: owners[owner], urgent });
  const add = (names: string, urgent = false): Errand[] =>
    names.split(' ').map((name) => {
      const made = errand(name[0] as keyof typeof owners, urgent);
      line.add({ name }, made);
      return made;
    });
  const rest = (): string => {
    const names: string[] = [];
    for (let job = line.take(); job !== undefined; job = line.take()) names.push(job.name);
    expect(line.size).toBe(0);
    return names.join(' ');
  };
  return { line, errand, add, rest };
};

describe('a line', () => {
  test('keeps the order of one owner, and gives each its turn', () => {
    const { add, rest } = world();
    add('a1 a2 a3 a4 b1 b2 c1');
    expect(rest()).toBe('a1 b1 c1 a2 b2 a3 a4');
  });

  test('gives an owner that comes later its turn as soon as the others have had one', () => {
    const { line, add, rest } = world();
    add('a1 a2 a3 b1 b2');
    line.take();
    add('c1');
    expect(rest()).toBe('b1 a2 c1 b2 a3');
  });

  test('lets go first what somebody waits for, each owner in its turn there as well', () => {
    const { add, rest } = world();
    add('a1 a2 b1');
    add('a3 a4 b2', true);
    expect(rest()).toBe('a3 b2 a4 b1 a1 a2');
  });

  test('moves what is hurried while it waits, once', () => {
    const { add, rest } = world();
    const [, , third] = add('a1 a2 a3 b1');
    if (third === undefined) throw new Error('no errand');
    hurry(third);
    hurry(third);
    expect(rest()).toBe('a3 b1 a1 a2');
    hurry(third);
    expect(rest()).toBe('');
  });

  test('hurries the errand that does the work of another one, whichever comes first', () => {
    const { add, errand, rest } = world();
    const [, second, , fourth] = add('a1 a2 a3 a4');
    if (second === undefined || fourth === undefined) throw new Error('no errand');
    const before = errand('b', true);
    follow(before, second);
    const after = errand('b');
    follow(after, fourth);
    hurry(after);
    expect(rest()).toBe('a2 a4 a1 a3');
  });

  test('puts the quick before everything, and what is next before the rest of its owner', () => {
    const { line, errand, add, rest } = world();
    add('a1');
    add('a2', true);
    line.add({ name: 'b1' }, errand('b', true), { isQuick: true });
    line.add({ name: 'a0' }, errand('a', true), { isNext: true });
    expect(rest()).toBe('b1 a0 a2 a1');
  });
});
