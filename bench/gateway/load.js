// The load, in a process of its own: keeps so many calls under way until the gateway has used so much processor time,
// checks each answer by its text, and reports as JSON.
// `node bench/gateway/load.js '{"url":"http://127.0.0.1:3333","pid":42,"face":"legacy","tool":"echo","headers":{},
//   "inFlight":32,"cpuMs":1000,"warmupCalls":300}'`; with "sessions" it opens so many, makes one call in each, and ends.
import { Pool } from 'undici';
import { filler } from '../lib/payload.js';
import { FACES } from './faces.js';
import { cpuMsOf } from './proc.js';

const spec = JSON.parse(process.argv[2]);
const { url, pid, tool, inFlight, cpuMs, warmupCalls, sessions } = spec;
const face = FACES[spec.face];
const pool = new Pool(url, { connections: inFlight });
const text = filler(91);
/** The files are read once in so many calls. */
const CALLS_PER_LOOK = 32;

const post = async (path, headers, body) => {
  const answer = await pool.request({ path, method: 'POST', headers, body });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
};
const open = () => {
  const headers = { ...face.headers, ...spec.headers };
  return face.prepare?.(post, headers, tool) ?? headers;
};

let next = 1;
let headers;
const callOnce = async (own) => {
  const n = next;
  next += 1;
  const number = String(n).padStart(8, '0');
  const message = `${number} ${text}`;
  const began = performance.now();
  const answer = await post(face.path, own, face.body(n, message, tool));
  const ms = performance.now() - began;
  // Within JSON within an event, quotes and newlines of the text are escaped; its beginning and its end are not.
  if (answer.status !== 200 || !answer.text.includes(`Echo: ${number} The quick brown fox said `))
    throw new Error(`call ${n} was answered ${answer.status} ${answer.text.slice(0, 500)}`);
  return ms;
};

/** Calls until the gateway has used `budgetMs`, but `least` of them at least. */
const batch = async (budgetMs, least) => {
  const first = next;
  const cpuBefore = cpuMsOf(pid);
  const before = performance.now();
  const times = [];
  let over = false;
  const worker = async () => {
    while (!over) {
      times.push(await callOnce(headers));
      if (times.length % CALLS_PER_LOOK === 0) over ||= times.length >= least && cpuMsOf(pid) - cpuBefore >= budgetMs;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { calls: next - first, cpuMs: cpuMsOf(pid) - cpuBefore, ms: performance.now() - before, times };
};

const measure = async () => {
  headers = await open();
  if (warmupCalls > 0) await batch(0, warmupCalls);
  const { calls, cpuMs: used, ms, times } = await batch(cpuMs, CALLS_PER_LOOK);
  times.sort((a, b) => a - b);
  const quantile = (q) => times[Math.min(times.length - 1, Math.floor(times.length * q))];
  return {
    cpuUsPerCall: (used / calls) * 1000,
    callsPerSecond: (calls / ms) * 1000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    calls,
  };
};

const openMany = async () => {
  let left = sessions;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await callOnce(await open());
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { sessions };
};

const report = sessions === undefined ? await measure() : await openMany();
await pool.close();
process.stdout.write(JSON.stringify(report));
