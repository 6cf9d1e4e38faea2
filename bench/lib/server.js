// How the echo servers are started.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(`../servers/${name}`, import.meta.url));
const flags = (era) => (era === 'modern' ? ['--modern'] : []);

/** The stdio echo server as command and arguments, for whoever starts it. */
export const stdioServer = ({ era }) => ({
  command: process.execPath,
  args: [file('stdio-echo.js'), ...flags(era)],
});

/** Starts the HTTP echo server. Its `url` is a new one each time, with a count of its own. */
export const startHttpServer = async ({ era }) => {
  const child = spawn(process.execPath, [file('http-echo.js'), ...flags(era)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const origin = String(line).trim();
  let paths = 0;
  return {
    url() {
      paths += 1;
      return `${origin}/mcp/${paths}`;
    },
    async close() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
};
