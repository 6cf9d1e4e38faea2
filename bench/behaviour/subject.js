// One client in a process of its own: connects, takes the steps it is told, prints what came of each as one JSON line. `node subject.js CLIENT SERVER STEPS`
/**
 * @typedef {{ command: string, args: string[] } | { url: string }} Server
 * @typedef {{ call(args: Record<string, unknown>): Promise<unknown>, close(): Promise<unknown> }} Connected
 * @typedef {(server: Server) => Promise<Connected>} Connect
 */
const [name, server, steps] = process.argv.slice(2);
/** @type {{ connect: Connect }} */
const { connect } = await import(`./clients/${name}.js`);

/** @param {string} step @param {() => Promise<unknown>} run */
const take = async (step, run) => {
  const startedAt = performance.now();
  let outcome;
  try {
    await run();
    outcome = { ok: true };
  } catch (error) {
    const { code, message } = /** @type {{ code?: unknown, message?: string }} */ (error ?? {});
    outcome = { ok: false, code: typeof code === 'string' ? code : undefined, message: String(message).slice(0, 200) };
  }
  const ms = Math.round(performance.now() - startedAt);
  process.stdout.write(`${JSON.stringify({ step, ms, ...outcome })}\n`);
  return outcome.ok;
};

/** @type {Connected | undefined} */
let connected;
const ok = await take('connect', async () => {
  connected = await connect(JSON.parse(server ?? ''));
});
for (const step of ok ? JSON.parse(steps ?? '[]') : []) {
  if (step === 'close') await take(step, async () => connected?.close());
  else if (step === 'stay') setInterval(() => {}, 1000);
  else if (step === 'wait') await new Promise((resolve) => setTimeout(resolve, 300));
  else await take(step, async () => connected?.call(step === 'call' ? {} : { fault: step }));
}
if (!JSON.parse(steps ?? '[]').includes('stay')) process.exit(0);
