// The texts that are sent and answered: lines of words, so that JSON has newlines and quotes to escape.
const LINE = 'The quick brown fox said "no" to the lazy dog, and the lazy dog did not mind it.\n';

/** Exactly `length` characters of one byte each. */
export const filler = (length) => LINE.repeat(Math.ceil(length / LINE.length)).slice(0, length);

/** From this size on the argument only says how long the answer shall be. */
const SIZE_ONLY = 100_000;

/** Arguments number `n`; no two are the same. */
export const createArguments = (payload) => {
  if (payload >= SIZE_ONLY) return (n) => ({ n, size: payload });
  const text = filler(payload);
  return (n) => {
    const head = `${n} `;
    return { n, text: head + text.slice(head.length) };
  };
};

/** Throws unless `result` is the answer to call `n`. */
export const checkAnswer = (result, n, payload) => {
  const text = result.content[0].text;
  if (result.structuredContent.n !== n || text.length !== payload || !text.startsWith(`${n} `)) {
    throw new Error(`call ${n} was given the answer of ${result.structuredContent.n}, ${text.length} characters`);
  }
};
