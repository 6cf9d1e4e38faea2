// One sample, in a process of its own: connects one subject, warms it up, measures one batch, and reports as JSON.
// `node bench/samples/calls.js '{"subject":"raw-stdio","transport":"stdio","era":"legacy","payload":100,"inFlight":64,
//   "warmupCalls":3000,"cpuMs":1000}'`
// The collector is not called by hand: it throws compiled code away as well, and the batch would measure the compiler.
import { checkAnswer, createArguments } from '../lib/payload.js';
import { startProfile } from '../lib/profile.js';

const spec = JSON.parse(process.argv[2]);
const { connect } = await import(`../subjects/${spec.subject}.js`);

const argumentsOf = createArguments(spec.payload);
const handle = await connect(spec);
let next = 0;

/** The clock is not free: it is read once in so many calls. */
const CALLS_PER_LOOK = 16;

/**
 * Keeps `inFlight` calls under way until `cpuMs` of processor time are used up, whoever else wants the machine, and
 * `least` calls are made. Resolves to what it took.
 */
const batch = async (cpuMs, least = 0) => {
  const first = next;
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  let over = false;
  const usedUs = () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return user + system;
  };
  const worker = async () => {
    while (!over) {
      const n = next;
      next += 1;
      checkAnswer(await handle.call('echo', argumentsOf(n)), n, spec.payload);
      if (n % CALLS_PER_LOOK === 0) over ||= next - first >= least && usedUs() > cpuMs * 1000;
    }
  };
  await Promise.all(Array.from({ length: spec.inFlight }, worker));
  return { calls: next - first, cpuUs: usedUs(), ms: performance.now() - before };
};

await batch(spec.cpuMs, spec.warmupCalls);
const stopProfile = spec.profile ? await startProfile(spec.profile) : undefined;
const { calls, cpuUs, ms } = await batch(spec.cpuMs, spec.warmupCalls);
await stopProfile?.();

const { structuredContent: counted } = await handle.call('count', {});
await handle.close();

const report = {
  cpuUsPerCall: cpuUs / calls,
  callsPerSecond: (calls / ms) * 1000,
  sent: next,
  counted,
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));
