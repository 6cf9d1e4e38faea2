// What a command line costs from start to end, on Node 24: help, what a shell asks at Tab, and one call of a tool of a stdio server, which is started for it or stands ready in the daemon.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from '../../scripts/test-tools.js';
import { installIn } from '../lib/install.js';
import { stdioServer } from '../lib/server.js';
import { interleave, median } from '../lib/statistics.js';
import { figure, table } from '../lib/table.js';
import { isBuilt, toolwayFile } from '../lib/toolway-dist.js';

const BARE = 'node -e 0';
const HELP = 'toolway --help';
const TAB = 'toolway __complete, at Tab';
const CALL = 'toolway call';
const WARM = 'toolway call --keep-alive';
const MCPORTER = 'mcporter call';
const INSPECTOR = 'inspector --cli';
/** Folders of packages that only the bench installs. @param {string} path below `bench` */
const apart = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const mcporter = apart('behaviour/node_modules/mcporter/');
const inspector = apart('inspector/node_modules/@modelcontextprotocol/inspector/');

/** What each subject is called with, and what it must have written. */
const subjectsOf = (node) => {
  const server = [node, ...stdioServer({ era: 'legacy' }).args];
  const stdio = server.map((word) => `'${word}'`).join(' ');
  const call = ['call', '--stdio', stdio, 'echo', 'n=1', 'text=hello'];
  return {
    [BARE]: { args: ['-e', '0'], expected: '' },
    [HELP]: { args: [toolwayFile('cli/main.js'), '--help'], expected: 'Usage: toolway' },
    [TAB]: { args: [toolwayFile('cli/main.js'), '__complete', 'bash', 'toolway call echo.'], expected: 'echo.echo' },
    [CALL]: { args: [toolwayFile('cli/main.js'), ...call], expected: 'hello' },
    [WARM]: { args: [toolwayFile('cli/main.js'), ...call, '--keep-alive'], expected: 'hello' },
    ...(existsSync(mcporter) && {
      [MCPORTER]: { args: [join(mcporter, 'dist/cli.js'), ...call], expected: '"length": 5' },
    }),
    ...(existsSync(inspector) && {
      [INSPECTOR]: {
        args: [
          join(inspector, 'clients/launcher/build/index.js'),
          '--cli',
          ...server,
          ...['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'n=1', 'text=hello'],
        ],
        expected: '"length": 5',
      },
    }),
  };
};

/** Leaves in `home` what completion draws on: a server in a file, and the names of its tools from an earlier run. */
const acquaint = async (node, home) => {
  const folder = join(home, '.config/toolway');
  mkdirSync(folder, { recursive: true });
  const echo = { command: node, args: stdioServer({ era: 'legacy' }).args };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ mcpServers: { echo } }));
  await run(node, { args: [toolwayFile('cli/main.js'), 'list'], expected: 'echo' }, home);
};

/** Runs it to its end; rejects when it did not do what it should. Resolves to milliseconds. */
const run = (node, { args, expected }, home) =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, HOME: home };
    const started = performance.now();
    const child = spawn(node, args, { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    // What it leaves running is not waited for: the shell is back when the process is.
    child.on('exit', (code) => {
      const wallMs = performance.now() - started;
      child.once('close', () => {
        if (code === 0 && out.includes(expected)) resolve(wallMs);
        else reject(new Error(`${args.join(' ')} ended with ${code}\n${out}${err}`));
      });
    });
  });

/** Prints the times of the commands; resolves to the ratios that the goals are about. */
export const measureCli = async ({ rounds, print }) => {
  if (!isBuilt('cli/main.js')) return {};
  installIn(apart('behaviour'));
  installIn(apart('inspector'));
  const node = nodeBinary(24);
  const subjects = subjectsOf(node);
  const home = mkdtempSync(join(tmpdir(), 'toolway-bench-'));
  try {
    await acquaint(node, home);
    // Once for the caches that each keeps from one run to the next, and for the daemon; nothing else is warm.
    for (const subject of Object.values(subjects)) await run(node, subject, home);
    const samples = await interleave(Object.keys(subjects), rounds * 3, (name) => run(node, subjects[name], home));
    const middle = (name) => median(samples.get(name));
    const titles = {
      [MCPORTER]: `mcporter ${versionOf(mcporter)} call`,
      [INSPECTOR]: `inspector ${versionOf(inspector)} --cli, tools/call`,
    };
    const rows = Object.keys(subjects).map((name) => [
      titles[name] ?? name,
      figure(middle(name)),
      figure(middle(name) / middle(BARE)),
    ]);
    print('\ncommand line on Node 24, from start to end; `call` starts a stdio server, unless it is kept alive');
    print(table(['', 'ms', '/ bare'], rows));
    return {
      helpRatio: middle(HELP) / middle(BARE),
      warmCallRatio: middle(WARM) / middle(BARE),
      completionMs: middle(TAB),
      ...(samples.has(MCPORTER) && { coldCallRatio: middle(CALL) / middle(MCPORTER) }),
    };
  } finally {
    await run(node, { args: [toolwayFile('cli/main.js'), 'daemon', 'stop'], expected: '' }, home);
    rmSync(home, { recursive: true, force: true });
  }
};

const versionOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
