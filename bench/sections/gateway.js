// What a call costs a gateway: processor time of its process beside calls per second, latency and memory, with the same server behind each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childrenRssOf, rssOf } from '../gateway/proc.js';
import { startGateway } from '../gateway/subjects.js';
import { installIn } from '../lib/install.js';
import { selfTimes } from '../lib/profile.js';
import { interleave, median } from '../lib/statistics.js';
import { figure, table } from '../lib/table.js';
import { isBuilt } from '../lib/toolway-dist.js';

const FOLDER = fileURLToPath(new URL('../gateway', import.meta.url));
const LOAD = join(FOLDER, 'load.js');
const IN_FLIGHT = [32, 1];
const SESSIONS = 500;
/** Processor time of the gateway that one sample is made of. */
const CPU_MS = { full: 1_000, quick: 500 };
const WARMUP_CALLS = { first: 3_000, each: 200 };
/** A client that cannot get its load done is stuck. */
const TIME_LIMIT_MS = 180_000;

/** @type {Record<string, { gateway: string, face: string, tool: string }>} */
const SUBJECTS = {
  'raw bridge, plain': { gateway: 'raw', face: 'raw-rest', tool: 'echo' },
  'raw bridge, JSON-RPC': { gateway: 'raw', face: 'raw-rpc', tool: 'echo' },
  'toolway, REST': { gateway: 'toolway', face: 'toolway-rest', tool: 'echo' },
  'toolway, MCP legacy': { gateway: 'toolway', face: 'legacy', tool: 'everything__echo' },
  'toolway, MCP modern': { gateway: 'toolway', face: 'modern', tool: 'everything__echo' },
  'mcp-hub, REST': { gateway: 'mcp-hub', face: 'mcp-hub', tool: 'echo' },
  'mcp-proxy, MCP legacy': { gateway: 'mcp-proxy', face: 'legacy', tool: 'echo' },
  'mcp-proxy, MCP modern': { gateway: 'mcp-proxy', face: 'modern', tool: 'echo' },
  'supergateway, MCP legacy': { gateway: 'supergateway', face: 'legacy', tool: 'echo' },
};

const isHere = ({ gateway }) =>
  gateway === 'raw' ||
  (gateway === 'toolway' ? isBuilt('cli/main.js') : existsSync(join(FOLDER, 'node_modules', gateway)));

/** Runs the load client; rejects with what it said where an answer was wrong. */
const load = async ({ url, pid, headers }, spec) => {
  const child = spawn(process.execPath, ['--no-warnings', LOAD, JSON.stringify({ url, pid, headers, ...spec })], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT_MS,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err = (err + chunk).slice(-2_000);
  });
  const [code, signal] = await once(child, 'close');
  if (code === 0) return JSON.parse(out);
  throw new Error(`the load on ${spec.face} at ${url} ended with ${signal ?? code}\n${err}`);
};

const printCell = (inFlight, samples, print) => {
  const middle = (list, name) => median(list.map((sample) => sample[name]));
  const rows = [...samples].map(([subject, list]) => [
    subject,
    figure(middle(list, 'cpuUsPerCall')),
    figure(middle(list, 'cpuUsPerCall') / middle(samples.get(rawOf(subject)), 'cpuUsPerCall')),
    figure(middle(list, 'callsPerSecond')),
    figure(middle(list, 'p50Ms')),
    figure(middle(list, 'p99Ms')),
    figure(middle(list, 'rssMb')),
    figure(middle(list, 'childrenMb')),
  ]);
  print(
    `\ngateways in front of server-everything over stdio, echo of 100 B, ${inFlight} in flight; CPU is that of the gateway`,
  );
  print(table(['', 'CPU µs/call', '/ raw', 'calls/s', 'p50 ms', 'p99 ms', 'RSS MiB', 'children MiB'], rows));
};

const rawOf = (subject) =>
  subject.includes('MCP') || subject.includes('JSON-RPC') ? 'raw bridge, JSON-RPC' : 'raw bridge, plain';

/** The memory of a gateway that so many legacy sessions have called a tool through, and hold on to. */
const measureSessions = async (subject) => {
  const { gateway, face, tool } = SUBJECTS[subject];
  const started = await startGateway(gateway);
  try {
    const beforeMb = rssOf(started.pid);
    await load(started, { face, tool, inFlight: 8, sessions: SESSIONS });
    return { beforeMb, rssMb: rssOf(started.pid) };
  } finally {
    await started.close();
  }
};

const printSessions = async (print) => {
  const measured = new Map();
  for (const subject of ['toolway, MCP legacy', 'mcp-proxy, MCP legacy'])
    if (isHere(SUBJECTS[subject])) measured.set(subject, await measureSessions(subject));
  const rows = [...measured].map(([subject, { beforeMb, rssMb }]) => [subject, figure(beforeMb), figure(rssMb)]);
  print(`\n${SESSIONS} sessions of the legacy era, a call in each, all kept`);
  print(table(['', 'RSS MiB before', 'RSS MiB after'], rows));
  return measured.get('toolway, MCP legacy')?.rssMb;
};

/** Where the time of one face of Toolway goes, with 32 in flight. */
const profileFaces = async (print) => {
  for (const [subject, { gateway, face, tool }] of Object.entries(SUBJECTS)) {
    if (gateway !== 'toolway') continue;
    const folder = mkdtempSync(join(tmpdir(), 'toolway-bench-'));
    const started = await startGateway(gateway, { nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
    try {
      const spec = { face, tool, inFlight: 32, cpuMs: 5_000, warmupCalls: WARMUP_CALLS.each };
      const { cpuUsPerCall } = await load(started, spec);
      print(`\n${subject}: ${figure(cpuUsPerCall)} µs per call while it is profiled`);
    } finally {
      await started.close();
    }
    for (const name of readdirSync(folder)) print(selfTimes(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
    rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * Prints what a call through each gateway costs.
 * @returns the samples by the number in flight, and the memory with many sessions in MiB, for the goals.
 */
export const measureGateways = async ({ rounds, quick, profile, inFlight, print }) => {
  if (!existsSync('/proc/self/stat')) return {};
  if (profile) {
    await profileFaces(print);
    return {};
  }
  installIn(FOLDER);
  const subjects = Object.keys(SUBJECTS).filter((subject) => isHere(SUBJECTS[subject]));
  const started = new Map();
  const cells = [];
  try {
    for (const gateway of new Set(subjects.map((subject) => SUBJECTS[subject].gateway)))
      started.set(gateway, await startGateway(gateway));
    const take = async (subject, spec) => {
      const { gateway, face, tool } = SUBJECTS[subject];
      const running = started.get(gateway);
      const report = await load(running, { face, tool, ...spec });
      return { ...report, rssMb: rssOf(running.pid), childrenMb: childrenRssOf(running.pid) };
    };
    for (const subject of subjects) await take(subject, { inFlight: 32, cpuMs: 0, warmupCalls: WARMUP_CALLS.first });
    const cpuMs = quick ? CPU_MS.quick : CPU_MS.full;
    for (const many of inFlight === undefined ? IN_FLIGHT : [inFlight]) {
      const spec = { inFlight: many, cpuMs, warmupCalls: WARMUP_CALLS.each };
      const samples = await interleave(subjects, rounds, (subject) => take(subject, spec));
      printCell(many, samples, print);
      cells.push({ inFlight: many, samples });
    }
  } finally {
    for (const each of started.values()) await each.close();
  }
  return { gatewayCells: cells, gatewaySessionsMb: await printSessions(print) };
};
