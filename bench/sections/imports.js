// What it costs to load each library: a whole process that imports it and ends, against one that imports nothing.
import { runSample } from '../lib/sample.js';
import { interleave, median } from '../lib/statistics.js';
import { figure, table } from '../lib/table.js';
import { isBuilt, toolwayEntry } from '../lib/toolway-dist.js';

const BARE = 'node alone';
const NODE_ENTRY = 'toolway/node';

const entriesOf = ({ toolway }) => ({
  [BARE]: [],
  ...(toolway ? { [NODE_ENTRY]: [toolwayEntry('node/index.js')] } : {}),
  ...(isBuilt('index.js') ? { toolway: [toolwayEntry('index.js')] } : {}),
  '@modelcontextprotocol/sdk 1.32.2': [
    '@modelcontextprotocol/sdk/client/index.js',
    '@modelcontextprotocol/sdk/client/stdio.js',
    '@modelcontextprotocol/sdk/client/streamableHttp.js',
  ],
  '@modelcontextprotocol/client 2.4.0': ['@modelcontextprotocol/client', '@modelcontextprotocol/client/stdio'],
});

/** Measures and prints; resolves to milliseconds of `toolway/node` over bare Node. */
export const measureImports = async (options) => {
  const entries = entriesOf(options);
  const samples = await interleave(Object.keys(entries), options.rounds * 3, async (name) => {
    const { report, wallMs } = await runSample('import', entries[name]);
    return { ...report, wallMs };
  });
  const column = (name, key) => samples.get(name).map((sample) => sample[key]);
  /** The median difference to the bare process of the same round. */
  const over = (name, key) => median(column(name, key).map((value, round) => value - column(BARE, key)[round]));
  const rows = Object.keys(entries).map((name) => [
    name,
    ...['wallMs', 'readyMs', 'cpuMs'].flatMap((key) => [figure(median(column(name, key))), over(name, key).toFixed(1)]),
  ]);
  options.print('\nimport, milliseconds');
  options.print(table(['', 'process', '+', 'until imported', '+', 'CPU', '+'], rows));
  return samples.has(NODE_ENTRY) ? { importMs: over(NODE_ENTRY, 'wallMs') } : {};
};
