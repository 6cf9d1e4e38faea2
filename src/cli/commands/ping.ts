/** `toolway ping`: how long each server takes to answer. */
import type { Run } from '../command.ts';
import { EXIT, EXIT_CODES } from '../exit-codes.ts';
import { safeLine } from '../safe-text.ts';
import { askServers, openServers } from '../servers.ts';

export const run: Run = async (job) => {
  const { output, context } = job;
  const { signal } = context;
  const answers = await askServers(await openServers(job), signal, async (toolkit, server) => {
    // A ping that has to connect first would tell how long that took.
    await toolkit.waitForConnection(server);
    return toolkit.ping(server, { signal });
  });
  const asked = answers.filter(({ status }) => status?.state !== 'disabled');
  if (output.json) {
    await output.document({
      servers: asked.map(({ name, value, error }) => ({ name, ms: value, error: error?.toJSON() })),
    });
  } else {
    for (const { name, value, error } of asked) {
      const said =
        value === undefined
          ? output.style.red(safeLine(`${error?.code}: ${error?.message}`))
          : `${value.toFixed(1)} ms`;
      await output.print(`${output.style.bold(name)}  ${said}`);
    }
  }
  const failed = asked.find(({ value }) => value === undefined);
  return failed?.error === undefined ? EXIT.done : EXIT_CODES[failed.error.code];
};
