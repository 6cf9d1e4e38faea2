// What a call costs: CPU of the client's process and calls per second, for each payload and concurrency.
import { NAMES } from '../lib/names.js';
import { runSample } from '../lib/sample.js';
import { startHttpServer } from '../lib/server.js';
import { interleave, median, pairedRatio } from '../lib/statistics.js';
import { bytes, figure, table } from '../lib/table.js';

/** Sizes, and the calls it takes at least until the slowest client is compiled and runs evenly. */
const PAYLOADS = [
  { payload: 100, warmupCalls: 4_000 },
  { payload: 20_000, warmupCalls: 2_000 },
  { payload: 1_000_000, warmupCalls: 300 },
];
const IN_FLIGHT = { stdio: [64, 1], http: [32, 1] };

/** Processor time that a sample may use to warm up, and then again to be measured. */
const CPU_MS = { full: 1_000, quick: 700 };

const RAW = { stdio: 'raw-stdio', http: 'raw-undici' };

const isGoal = ({ payload, inFlight }) => inFlight > 1 && payload !== 20_000;

export class MiscountError extends Error {}

const assertCounted = (subject, cell, { sent, counted }) => {
  if (counted.calls === sent && counted.distinct === sent) return;
  throw new MiscountError(
    `${NAMES[subject]}, ${cell.transport}, ${bytes(cell.payload)}: sent ${sent} calls, ` +
      `the server counted ${counted.calls}, ${counted.distinct} of them distinct`,
  );
};

const printCell = (cell, samples, print) => {
  const raw = samples.get(RAW[cell.transport]);
  const peer = samples.get('client-v2');
  const cpu = (list) => list.map((sample) => sample.cpuUsPerCall);
  const against = (list, base) =>
    base === undefined
      ? ['', '']
      : [figure(median(cpu(list)) / median(cpu(base))), figure(pairedRatio(cpu(list), cpu(base)))];
  const rows = [...samples].map(([subject, list]) => [
    NAMES[subject],
    figure(median(cpu(list))),
    figure(median(list.map((sample) => sample.callsPerSecond))),
    ...against(list, raw),
    ...against(list, peer),
  ]);
  print(`\n${cell.transport}, ${bytes(cell.payload)}, ${cell.inFlight} in flight`);
  print(table(['', 'CPU µs/call', 'calls/s', '/ raw', 'paired', '/ client 2.4.0', 'paired'], rows));
};

const cellsOf = (transport, { quick, payload, inFlight }) =>
  PAYLOADS.flatMap((size) => IN_FLIGHT[transport].map((many) => ({ ...size, transport, inFlight: many })))
    .filter((cell) => !quick || isGoal(cell) || payload !== undefined || inFlight !== undefined)
    .filter((cell) => payload === undefined || cell.payload === payload)
    .filter((cell) => inFlight === undefined || cell.inFlight === inFlight);

const subjectsOf = (transport, { era, toolway, profile }) => {
  if (profile) return ['toolway'];
  const peers = era === 'modern' ? ['client-v2'] : ['sdk-v1', 'client-v2'];
  return [RAW[transport], ...peers, ...(toolway ? ['toolway'] : [])];
};

/**
 * Measures one transport and prints a table per payload and concurrency.
 * @param {'stdio' | 'http'} transport
 * @returns the samples of each cell, for the goals.
 */
export const measureCalls = async (transport, options) => {
  const { era, quick, rounds, profile, print } = options;
  const cpuMs = quick ? CPU_MS.quick : CPU_MS.full;
  const server = transport === 'http' ? await startHttpServer({ era }) : undefined;
  try {
    const cells = [];
    for (const cell of cellsOf(transport, options)) {
      const take = async (subject) => {
        const name = profile ? `${transport}-${cell.payload}-${cell.inFlight}` : undefined;
        const spec = {
          ...cell,
          subject,
          era,
          cpuMs,
          url: server?.url(),
          profile: name,
        };
        const { report } = await runSample('calls', [JSON.stringify(spec)], { loud: profile });
        assertCounted(subject, cell, report);
        return report;
      };
      const samples = await interleave(subjectsOf(transport, options), profile ? 1 : rounds, take);
      printCell(cell, samples, print);
      cells.push({ cell, samples });
    }
    return cells;
  } finally {
    await server?.close();
  }
};
