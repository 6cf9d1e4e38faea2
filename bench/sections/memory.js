// What the client's process weighs with many servers connected. The servers are processes of their own.
import { NAMES } from '../lib/names.js';
import { runSample } from '../lib/sample.js';
import { startHttpServer } from '../lib/server.js';
import { interleave, median } from '../lib/statistics.js';
import { table } from '../lib/table.js';

const COUNTS = [1, 10, 50];
const BARE = 'node alone';
const MB = 1024 * 1024;

/** Measures and prints resident memory with 1, 10 and 50 connected servers. */
export const measureMemory = async ({ era, quick, rounds, toolway, print }) => {
  const rows = [];
  const server = await startHttpServer({ era });
  const clients = ['client-v2', ...(toolway ? ['toolway'] : [])];
  try {
    for (const transport of ['stdio', 'http']) {
      const columns = COUNTS.flatMap((servers) => clients.map((subject) => `${subject} ${servers}`));
      const samples = await interleave([BARE, ...columns], quick ? 1 : Math.ceil(rounds / 2), async (column) => {
        const [subject, servers] = column === BARE ? [BARE, 0] : column.split(' ');
        const spec = { subject, servers: Number(servers), transport, era, url: server.url(), inFlight: 1 };
        return (await runSample('memory', [JSON.stringify(spec)])).report;
      });
      const rss = (column) => median(samples.get(column).map((sample) => sample.rss)) / MB;
      for (const subject of clients) {
        const each = COUNTS.map((servers) => rss(`${subject} ${servers}`));
        const perServer = ((each[2] - each[0]) / (COUNTS[2] - COUNTS[0])) * 1024;
        const cells = [rss(BARE), ...each].map((value) => value.toFixed(1));
        rows.push([`${transport}, ${NAMES[subject]}`, ...cells, perServer.toFixed(0)]);
      }
    }
  } finally {
    await server.close();
  }
  print('\nresident memory of the client, MB');
  print(table(['', 'bare node', '1 server', '10', '50', 'kB per further server'], rows));
};
