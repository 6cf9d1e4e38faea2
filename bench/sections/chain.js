// What the road costs: the whole toolkit with nothing configured against its bare engine, in one process with the server.
import { NAMES } from '../lib/names.js';
import { runSample } from '../lib/sample.js';
import { interleave, median } from '../lib/statistics.js';
import { figure, table } from '../lib/table.js';

const CELL = { transport: 'memory', payload: 100, inFlight: 64, warmupCalls: 4_000 };
const SUBJECTS = ['toolway-engine', 'toolway'];

/**
 * Prints both, and what one call of the toolkit costs more: its steps, its catalogue, and both checks against the
 * tool's schemas.
 * @returns the difference, the median of those of each round.
 */
export const measureChain = async ({ era, quick, rounds, toolway, print }) => {
  if (!toolway) return {};
  const cpuMs = quick ? 700 : 1_500;
  const take = async (subject) => {
    const { report } = await runSample('calls', [JSON.stringify({ ...CELL, subject, era, cpuMs })]);
    return report.cpuUsPerCall;
  };
  const samples = await interleave(SUBJECTS, rounds, take);
  const [engine, whole] = SUBJECTS.map((subject) => samples.get(subject));
  const chainUs = median(whole.map((us, round) => us - engine[round]));
  print(`\nroad, memory, ${CELL.inFlight} in flight, ${CELL.payload} B; the server's own work is in both`);
  print(
    table(
      ['', 'CPU µs/call'],
      [
        ...SUBJECTS.map((subject) => [NAMES[subject], figure(median(samples.get(subject)))]),
        ['difference', figure(chainUs)],
      ],
    ),
  );
  return { chainUs };
};
