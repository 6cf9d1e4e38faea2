// Measures Toolway against raw loops and the official SDKs, in one run, and prints what came out.
// `node bench/run.js [--quick] [--only stdio,http,chain,import,memory,bundle,cli,code,search,behaviour,gateway] [--rounds 5] [--era modern]
//   [--payload 100] [--in-flight 64] [--profile]`
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureBehaviour } from './behaviour/run.js';
import { isBuilt } from './lib/toolway-dist.js';
import { measureBundle } from './sections/bundle.js';
import { MiscountError, measureCalls } from './sections/calls.js';
import { measureChain } from './sections/chain.js';
import { measureCli } from './sections/cli.js';
import { measureCode } from './sections/code.js';
import { measureGateways } from './sections/gateway.js';
import { printGoals } from './sections/goals.js';
import { measureImports } from './sections/imports.js';
import { measureMemory } from './sections/memory.js';
import { measureSearch } from './sections/search.js';

const SECTIONS = [
  'stdio',
  'http',
  'chain',
  'import',
  'memory',
  'bundle',
  'cli',
  'code',
  'search',
  'behaviour',
  'gateway',
];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    era: { type: 'string', default: 'legacy' },
    payload: { type: 'string' },
    'in-flight': { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});

const number = (text) => (text === undefined ? undefined : Number(text));
const print = (text) => process.stdout.write(`${text}\n`);

const options = {
  quick: values.quick,
  rounds: number(values.rounds) ?? (values.quick ? 3 : 5),
  era: values.era,
  payload: number(values.payload),
  inFlight: number(values['in-flight']),
  profile: values.profile,
  toolway: isBuilt('node/index.js'),
  print,
};

const wanted = new Set(values.only?.split(',') ?? (values.profile ? ['stdio', 'http'] : SECTIONS));
for (const name of wanted) {
  if (!SECTIONS.includes(name)) throw new Error(`no section "${name}"; there are ${SECTIONS.join(', ')}`);
}

print(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.versions.node}`);
print(`${options.era} era; medians of ${options.rounds} interleaved rounds, each sample a process of its own;`);
print('CPU is that of the client process; all arguments are distinct, and the count of the server is checked');
if (!options.toolway) print('toolway is not built: only its peers are measured');

const measured = { cells: [] };
try {
  if (wanted.has('stdio')) measured.cells.push(...(await measureCalls('stdio', options)));
  if (wanted.has('http')) measured.cells.push(...(await measureCalls('http', options)));
  if (wanted.has('chain')) Object.assign(measured, await measureChain(options));
  if (wanted.has('import')) Object.assign(measured, await measureImports(options));
  if (wanted.has('memory')) await measureMemory(options);
  if (wanted.has('bundle')) Object.assign(measured, await measureBundle(options));
  if (wanted.has('cli')) Object.assign(measured, await measureCli(options));
  if (wanted.has('code')) Object.assign(measured, await measureCode(options));
  if (wanted.has('search')) Object.assign(measured, await measureSearch(options));
  if (wanted.has('gateway')) Object.assign(measured, await measureGateways(options));
  if (wanted.has('behaviour') && !(await measureBehaviour(options))) process.exitCode = 1;
  if (!options.profile && values.only !== 'behaviour') printGoals(measured, print);
} catch (error) {
  if (!(error instanceof MiscountError)) throw error;
  print(`\nMISCOUNT: ${error.message}`);
  process.exitCode = 1;
}
