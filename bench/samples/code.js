// One sample: what a call from a program in the sandbox costs, its tool being a stub. argv[2]: calls in flight.
import { median } from '../lib/statistics.js';
import { toolwayEntry } from '../lib/toolway-dist.js';

const CALLS = 1_000;
const PAIRS = 7;
const inFlight = Number(process.argv[2]);

const { codeTool } = await import(toolwayEntry('llm/index.js'));
const { createCodeSandbox } = await import(toolwayEntry('node/index.js'));

const listed = { server: 's', name: 'echo', qualifiedName: 's.echo', inputSchema: { type: 'object' } };
const toolkit = { listTools: async () => [listed], on: () => () => {} };
const tool = await codeTool(toolkit, {
  sandbox: createCodeSandbox(),
  limits: { maxCalls: CALLS, maxInFlight: inFlight },
});

let made = 0;
const context = {
  id: '1',
  signal: new AbortController().signal,
  onProgress() {},
  call: async (_name, { n }) => {
    made += 1;
    return { content: [{ type: 'text', text: 'x'.repeat(100) }], structuredContent: { n, text: 'x'.repeat(100) } };
  },
};

const program = (calls) => `
let next = 0, sum = 0;
const worker = async () => {
  while (next < ${calls}) {
    const answer = await tools.s.echo({ n: next++ });
    sum += answer.n;
  }
};
await Promise.all(Array.from({ length: ${inFlight} }, worker));
return sum;`;

const measure = async (calls) => {
  const before = process.cpuUsage();
  const began = performance.now();
  const { content } = await tool.run({ code: program(calls) }, context);
  const wallMs = performance.now() - began;
  if (Number(content[0].text) !== (calls * (calls - 1)) / 2) throw new Error(`the program gave ${content[0].text}`);
  const { user, system } = process.cpuUsage(before);
  return { wallMs, cpuMs: (user + system) / 1_000 };
};

await measure(CALLS);
const pairs = [];
for (let pair = 0; pair < PAIRS; pair += 1) pairs.push([await measure(0), await measure(CALLS)]);
if (made !== (PAIRS + 1) * CALLS) throw new Error(`${made} calls were made, not ${(PAIRS + 1) * CALLS}`);
const perCall = (key) => median(pairs.map(([none, all]) => ((all[key] - none[key]) * 1_000) / CALLS));
const report = {
  wallUsPerCall: perCall('wallMs'),
  cpuUsPerCall: perCall('cpuMs'),
  emptyMs: median(pairs.map(([none]) => none.wallMs)),
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));
