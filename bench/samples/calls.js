// One sample, in a process of its own: connects one subject, warms it up, measures one batch, and reports as JSON.
// `node bench/samples/calls.js '{"subject":"raw-stdio","transport":"stdio","era":"legacy","payload":100,...}'`
import { checkAnswer, createArguments } from '../lib/payload.js';
import { startProfile } from '../lib/profile.js';

const spec = JSON.parse(process.argv[2]);
const { connect } = await import(`../subjects/${spec.subject}.js`);

const argumentsOf = createArguments(spec.payload);
const handle = await connect(spec);
let next = 0;

/** Makes `calls` calls, never more than `inFlight` at a time. */
const batch = async (calls) => {
  const end = next + calls;
  const worker = async () => {
    while (next < end) {
      const n = next;
      next += 1;
      checkAnswer(await handle.call('echo', argumentsOf(n)), n, spec.payload);
    }
  };
  await Promise.all(Array.from({ length: Math.min(spec.inFlight, calls) }, worker));
};

/** Lets what the calls left behind be collected, so that each batch begins alike. */
const settle = async () => {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
};

/** Makes `calls` calls in slices; resolves to the CPU and the time of the slices alone. */
const run = async (calls) => {
  const total = { cpuUs: 0, ms: 0 };
  for (let left = calls; left > 0; left -= spec.slice) {
    await settle();
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    await batch(Math.min(spec.slice, left));
    total.ms += performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    total.cpuUs += user + system;
  }
  return total;
};

await run(spec.warmup);
const stopProfile = spec.profile ? await startProfile(spec.profile) : undefined;
const { cpuUs, ms } = await run(spec.calls);
await stopProfile?.();
const { structuredContent: counted } = await handle.call('count', {});
await handle.close();

const report = {
  cpuUsPerCall: cpuUs / spec.calls,
  callsPerSecond: (spec.calls / ms) * 1000,
  sent: spec.warmup + spec.calls,
  counted,
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));
