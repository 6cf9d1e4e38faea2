// Runs one sample in a fresh process and reads its report.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Over HTTP the SDKs leave a listener per call on one signal until the collector has run; Node would warn of each.
const FLAGS = ['--expose-gc', '--no-warnings'];
const TIME_LIMIT_MS = 180_000;

/**
 * @param {string} name A file of `samples/`.
 * @param {string[]} args
 * @param {{ loud?: boolean }} [options] `loud` shows what the sample says on stderr.
 * @returns {Promise<{ report: any, wallMs: number }>} Rejects with the sample's stderr when it failed.
 */
export const runSample = (name, args, { loud = false } = {}) =>
  new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL(`../samples/${name}.js`, import.meta.url));
    const started = performance.now();
    const child = spawn(process.execPath, [...FLAGS, file, ...args], {
      stdio: ['ignore', 'pipe', loud ? 'inherit' : 'pipe'],
      timeout: TIME_LIMIT_MS,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      err = (err + chunk).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const wallMs = performance.now() - started;
      if (code === 0) resolve({ report: JSON.parse(out), wallMs });
      else reject(new Error(`sample ${name} ended with ${signal ?? code}\n${err}`));
    });
  });
