// One sample: imports what the arguments name, and reports when that was done.
for (const entry of process.argv.slice(2)) await import(entry);
const { user, system } = process.cpuUsage();
process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, readyMs: performance.now() }), () =>
  process.exit(0),
);
