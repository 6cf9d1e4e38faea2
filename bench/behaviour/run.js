// What clients do when something goes wrong, side by side: `npm run bench -- --only behaviour`. Every client runs on Node 24, each scenario in a process of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from '../../scripts/test-tools.js';
import { installIn } from '../lib/install.js';
import { startHttpServer } from './http-server.js';
import { PATIENCE_MS, SCENARIOS } from './scenarios.js';

const here = fileURLToPath(new URL('.', import.meta.url));
/** @param {string} name */
const beside = (name) => join(here, name);

/** The column, the module in `clients/`, and the package whose version is shown. */
const CLIENTS = [
  { title: 'toolway', module: 'toolway' },
  { title: 'client', module: 'client-v2', package: '@modelcontextprotocol/client' },
  { title: 'ai-sdk', module: 'ai-sdk', package: '@ai-sdk/mcp' },
  { title: 'langchain', module: 'langchain', package: '@langchain/mcp-adapters' },
  { title: 'mcporter', module: 'mcporter', package: 'mcporter' },
];
/** After its host is gone a server is given this long to be gone too. */
const GRACE_MS = 2_500;

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A process that is there and no zombie. @param {number} pid */
const lives = (pid) => {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** @param {string} log */
const notesOf = (log) => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);

/**
 * @param {string} client
 * @param {import('./scenarios.js').Scenario} scenario
 * @returns {Promise<import('./scenarios.js').Seen>}
 */
const observe = async (client, scenario) => {
  const folder = mkdtempSync(join(tmpdir(), 'toolway-behaviour-'));
  const log = join(folder, 'log');
  writeFileSync(log, '');
  const http = scenario.link === 'http' ? await startHttpServer() : undefined;
  http?.arm(/** @type {import('./http-server.js').HttpFault} */ (scenario.fault ?? 'none'));
  const node = nodeBinary(24);
  const server =
    http === undefined
      ? { command: node, args: [beside('stdio-server.js'), scenario.fault ?? 'none', log] }
      : { url: http.url };
  const args = [beside('subject.js'), client, JSON.stringify(server), JSON.stringify(scenario.steps)];
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  /** @type {Map<string, import('./scenarios.js').Outcome[]>} */
  const steps = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const outcome = JSON.parse(line);
    steps.set(outcome.step, [...(steps.get(outcome.step) ?? []), outcome]);
  });
  const over = new Promise((resolve) => child.once('exit', resolve));
  const givenUp = sleep(PATIENCE_MS).then(() => 'given up');
  if (scenario.end !== undefined) {
    while (!steps.has('connect') && child.exitCode === null) await sleep(50);
    child.kill(scenario.end);
  }
  const gaveUp = (await Promise.race([over, givenUp])) === 'given up';
  if (gaveUp) child.kill('SIGKILL');
  await over;
  const pids = notesOf(log).flatMap((line) => (line.startsWith('pid ') ? [Number(line.slice(4))] : []));
  if (scenario.end !== undefined) await sleep(GRACE_MS);
  const left = pids.filter(lives);
  for (const pid of left) process.kill(pid, 'SIGKILL');
  const runs = http?.runs() ?? notesOf(log).filter((line) => line === 'run').length;
  http?.close();
  rmSync(folder, { recursive: true, force: true });
  return { steps, runs, left: left.length };
};

/** @param {string | undefined} name */
const versionOf = (name) =>
  name === undefined ? '' : ` ${JSON.parse(readFileSync(beside(`node_modules/${name}/package.json`), 'utf8')).version}`;

/** Prints the table; false when a cell of ours is wrong. @param {{ print(text: string): void }} options */
export const measureBehaviour = async ({ print }) => {
  installIn(here);
  /** @type {string[]} */
  const wrong = [];
  const columns = await Promise.all(
    CLIENTS.map(async ({ title, module, package: name }) => {
      const cells = [];
      for (const scenario of SCENARIOS) {
        const seen = await observe(module, scenario);
        const ours = module === 'toolway';
        const right = scenario.right(
          seen,
          (outcome, code) => outcome?.ok === false && (!ours || outcome.code === code),
        );
        if (ours && !right) wrong.push(scenario.name);
        cells.push({ right, shown: scenario.show(seen) });
      }
      return { title: `${title}${versionOf(name)}`, cells };
    }),
  );
  print('\nbehaviour when something goes wrong, on Node 24');
  print('(✗: the caller is misled or left waiting, the connection is lost for good, or processes stay behind)');
  for (const [at, { name }] of SCENARIOS.entries()) {
    print(`\n${name}`);
    for (const { title, cells } of columns) {
      const { right, shown } = /** @type {{ right: boolean, shown: string }} */ (cells[at]);
      print(`  ${right ? ' ' : '✗'} ${title.padEnd(18)} ${shown}`);
    }
  }
  print(wrong.length === 0 ? '\nevery cell of toolway is right' : `\nwrong cells of toolway: ${wrong.join('; ')}`);
  return wrong.length === 0;
};
