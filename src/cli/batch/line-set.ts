/** A set of line numbers, a bit for each: a million of them are 125 kB. */

export interface LineSet {
  readonly size: number;
  has(line: number): boolean;
  add(line: number): void;
  delete(line: number): void;
}

export const createLineSet = (): LineSet => {
  let bits = new Uint8Array(1024);
  let size = 0;
  const has = (line: number): boolean => ((bits[line >> 3] ?? 0) & (1 << (line & 7))) !== 0;
  const put = (line: number, on: boolean): void => {
    if (has(line) === on) return;
    const at = line >> 3;
    if (at >= bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, bits.length * 2));
      grown.set(bits);
      bits = grown;
    }
    bits[at] = (bits[at] ?? 0) ^ (1 << (line & 7));
    size += on ? 1 : -1;
  };
  return {
    get size() {
      return size;
    },
    has,
    add: (line) => put(line, true),
    delete: (line) => put(line, false),
  };
};
