/** Ids of calls within one conversation. */
export interface Ids {
  /** The id itself where no call has it yet, else one that none has. */
  take(wanted: string): string;
}

export const createIds = (): Ids => {
  const taken = new Set<string>();
  return {
    take(wanted) {
      let id = wanted;
      while (id === '' || taken.has(id)) id = randomId('call_');
      taken.add(id);
      return id;
    },
  };
};

/** 80 bits of chance, in letters and digits. */
export const randomId = (prefix: string): string =>
  prefix + Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte % 32).toString(32)).join('');
