// Medians, because a busy machine makes outliers on one side only.

/** @param {number[]} values */
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * The median over rounds of `a` divided by `b` of the same round: what slowed the machine down slowed both.
 * @param {number[]} a
 * @param {number[]} b
 */
export const pairedRatio = (a, b) => median(a.map((value, round) => value / b[round]));

/**
 * Takes samples of every subject in turn, A B C, B C A, …, so that drift of the machine falls on all of them.
 * @template T
 * @param {string[]} subjects
 * @param {number} rounds
 * @param {(subject: string) => Promise<T>} take
 * @returns {Promise<Map<string, T[]>>}
 */
export const interleave = async (subjects, rounds, take) => {
  const samples = new Map(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < subjects.length; turn += 1) {
      const subject = subjects[(turn + round) % subjects.length];
      samples.get(subject).push(await take(subject));
    }
  }
  return samples;
};
