// What a search over 10 000 tools costs, beside MiniSearch over the same texts.
import { runSample } from '../lib/sample.js';
import { interleave, median } from '../lib/statistics.js';
import { figure, table } from '../lib/table.js';

const SUBJECTS = ['toolway', 'minisearch'];

/** Prints both; resolves to the milliseconds of a search. */
export const measureSearch = async ({ rounds, toolway, print }) => {
  if (!toolway) return {};
  const samples = await interleave(SUBJECTS, rounds, async (subject) => (await runSample('search', [subject])).report);
  const figureOf = (subject, key) => median(samples.get(subject).map((sample) => sample[key]));
  print('\nsearches of three words over 10 000 tools of 100 servers, the best five; wall clock, one at a time');
  print(
    table(
      ['', 'ms, median', 'ms, p99', 'the tool meant is among them'],
      SUBJECTS.map((subject) => [
        subject,
        ...['medianMs', 'p99Ms'].map((key) => figure(figureOf(subject, key))),
        `${(100 * figureOf(subject, 'found')).toFixed(0)} %`,
      ]),
    ),
  );
  return { searchMs: figureOf('toolway', 'medianMs') };
};
