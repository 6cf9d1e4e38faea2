// One sample: holds `servers` connections, has called each once, and reports what the process weighs.
const SETTLE_MS = 300;

const spec = JSON.parse(process.argv[2]);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const connectAll = async () => {
  const { connect } = await import(`../subjects/${spec.subject}.js`);
  const handle = await connect(spec);
  for (let server = 0; server < spec.servers; server += 1) {
    const { structuredContent } = await handle.call('echo', { n: server, text: 'x' }, server);
    if (structuredContent.n !== server) throw new Error(`server ${server} gave the answer of another`);
  }
  return handle;
};

const handle = spec.servers === 0 ? undefined : await connectAll();
await wait(SETTLE_MS);
globalThis.gc?.();
await wait(SETTLE_MS);
globalThis.gc?.();
const { rss, heapUsed } = process.memoryUsage();
await handle?.close();
process.stdout.write(JSON.stringify({ rss, heapUsed }), () => process.exit(0));
