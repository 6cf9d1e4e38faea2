// What a call from a program in the sandbox costs: a run with 1 000 calls less one with none, by the number of calls.
import { runSample } from '../lib/sample.js';
import { interleave, median } from '../lib/statistics.js';
import { figure, table } from '../lib/table.js';

const IN_FLIGHT = ['1', '16'];

/** Prints both; resolves to the microseconds of a call, one at a time and with 16 in flight. */
export const measureCode = async ({ rounds, toolway, print }) => {
  if (!toolway) return {};
  const samples = await interleave(IN_FLIGHT, rounds, async (inFlight) => (await runSample('code', [inFlight])).report);
  const figureOf = (inFlight, key) => median(samples.get(inFlight).map((sample) => sample[key]));
  print('\ncalls from a program in the sandbox, 100 B, the tool being a stub; wall clock over both threads');
  print(
    table(
      ['in flight', 'µs/call', 'CPU µs/call', 'ms of a program without calls'],
      IN_FLIGHT.map((inFlight) => [
        inFlight,
        ...['wallUsPerCall', 'cpuUsPerCall', 'emptyMs'].map((key) => figure(figureOf(inFlight, key))),
      ]),
    ),
  );
  const [codeCallUs, codeCallsUs] = IN_FLIGHT.map((inFlight) => figureOf(inFlight, 'wallUsPerCall'));
  return { codeCallUs, codeCallsUs };
};
