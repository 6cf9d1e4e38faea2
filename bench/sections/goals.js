// The goals, each with its figure.
import { median } from '../lib/statistics.js';
import { table } from '../lib/table.js';

const cpu = (samples, subject) => {
  const list = samples.get(subject);
  return list === undefined ? undefined : median(list.map((sample) => sample.cpuUsPerCall));
};

/** The ratio of the medians of CPU per call in one cell; undefined when it was not measured. */
const ratio = (cells, transport, payload, many, base) => {
  const found = cells.find(
    ({ cell }) => cell.transport === transport && cell.payload === payload && cell.inFlight > 1 === many,
  );
  const ours = found && cpu(found.samples, 'toolway');
  const theirs = found && cpu(found.samples, base);
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
};

const RAW = { stdio: 'raw-stdio', http: 'raw-undici' };
const MANY = { stdio: 64, http: 32 };

/** What the gateway is held to on each of its faces: against the raw bridge, and against another gateway. */
const GATEWAY_LIMITS = [
  ['toolway, REST', 'raw bridge, plain', 1.6],
  ['toolway, REST', 'mcp-hub, REST', 1 / 2.5],
  ['toolway, MCP legacy', 'raw bridge, JSON-RPC', 2],
  ['toolway, MCP legacy', 'mcp-proxy, MCP legacy', 1 / 5],
  ['toolway, MCP modern', 'raw bridge, JSON-RPC', 2],
  ['toolway, MCP modern', 'mcp-proxy, MCP modern', 1 / 5],
];

const gatewayGoals = ({ gatewayCells = [], gatewaySessionsMb }) => [
  ...[32, 1].flatMap((inFlight) =>
    GATEWAY_LIMITS.map(([ours, theirs, limit]) => {
      const samples = gatewayCells.find((cell) => cell.inFlight === inFlight)?.samples;
      const [one, other] = samples === undefined ? [] : [cpu(samples, ours), cpu(samples, theirs)];
      const value = one === undefined || other === undefined ? undefined : one / other;
      return [
        `gateway, ${inFlight} in flight, ${ours.slice('toolway, '.length)}: CPU against ${theirs}`,
        value,
        limit,
        'x',
      ];
    }),
  ),
  ['gateway, 500 sessions: memory', gatewaySessionsMb, 150, ' MiB'],
];

const goalsOf = ({
  cells,
  chainUs,
  importMs,
  bundleKb,
  nodeImports,
  helpRatio,
  coldCallRatio,
  warmCallRatio,
  completionMs,
  codeCallUs,
  codeCallsUs,
  searchMs,
  ...more
}) => [
  ['stdio, 64 in flight, 100 B: CPU against the raw loop', ratio(cells, 'stdio', 100, true, RAW.stdio), 2, 'x'],
  ['stdio, 64 in flight, 100 B: CPU against client 2.4.0', ratio(cells, 'stdio', 100, true, 'client-v2'), 1 / 3.5, 'x'],
  ['http, 32 in flight, 100 B: CPU against raw undici', ratio(cells, 'http', 100, true, RAW.http), 1.25, 'x'],
  ['http, 32 in flight, 100 B: CPU against client 2.4.0', ratio(cells, 'http', 100, true, 'client-v2'), 1 / 4, 'x'],
  ...['stdio', 'http'].flatMap((transport) =>
    [true, false].map((many) => [
      `${transport}, ${many ? MANY[transport] : 1} in flight, 1 MB: CPU against raw`,
      ratio(cells, transport, 1_000_000, many, RAW[transport]),
      1.3,
      'x',
    ]),
  ),
  ['the road over the bare engine, nothing configured', chainUs, 1.5, ' µs'],
  ['import of toolway/node over bare Node', importMs, 40, ' ms'],
  ['toolway --help over bare Node', helpRatio, 1.3, 'x'],
  ['warm toolway call over bare Node', warmCallRatio, 2, 'x'],
  ['completion in a shell, from start to end', completionMs, 100, ' ms'],
  ['a call from a program in the sandbox, one at a time', codeCallUs, 100, ' µs'],
  ['a call from a program in the sandbox, 16 in flight', codeCallsUs, 100, ' µs'],
  ['a search over 10 000 tools', searchMs, 1, ' ms'],
  ['cold toolway call on a stdio server against mcporter 0.12.3', coldCallRatio, 0.5, 'x'],
  ['browser entry, gzipped', bundleKb, 25, ' kB'],
  ['node: imports in the browser entry', nodeImports, 0, ''],
  ...gatewayGoals(more),
];

const verdict = (value, limit) => {
  if (value === undefined) return 'not measured';
  return value <= limit ? 'met' : 'MISSED';
};

/** Prints every goal with its figure, its limit and whether it was met. */
export const printGoals = (measured, print) => {
  const digits = (value, unit) => `${unit === '' ? value : value.toFixed(unit === 'x' ? 3 : 1)}${unit}`;
  const rows = goalsOf(measured).map(([name, value, limit, unit]) => [
    name,
    value === undefined ? '' : digits(value, unit),
    digits(limit, unit),
    verdict(value, limit),
  ]);
  print('\ngoals');
  print(table(['', 'figure', 'limit', ''], rows));
};
