/** `toolway watch`: a line for each update of a resource, until Ctrl-C. */
import type { Toolkit } from '../../api.ts';
import type { ToolwayError } from '../../errors.ts';
import type { Job, Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { safeJson } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import { untilAborted } from '../until.ts';

/** How long the server has to hear that nobody watches any more. */
const UNSUBSCRIBE_MS = 200;

export const run: Run = async (job) => {
  const { args, output, context, screen, open } = job;
  const [uri = ''] = args;
  const { signal } = context;
  const { toolkit, servers } = await open({ lasting: true });
  const [only, ...others] = servers;
  const server = others.length === 0 ? only : undefined;
  let writing: Promise<void> = Promise.resolve();
  const tell = (update: { uri: string; server: string }): void => {
    const at = new Date().toISOString();
    const line = output.json
      ? safeJson({ at, ...update }, 0)
      : `${output.style.dim(at)}  ${safeLine(`${update.server}  ${update.uri}`)}`;
    writing = writing.then(() => output.print(line));
  };
  const stop = await untilAborted(
    toolkit.subscribeResource(uri, tell, { ...(server !== undefined && { server }) }),
    signal,
  );
  const loss = hearOfLoss(toolkit, server === undefined ? servers : [server], job);
  if (!output.quiet) await screen.note(safeLine(`toolway: watching ${uri}; Ctrl-C ends`));
  try {
    await Promise.race([loss.failed, untilAborted(new Promise(() => {}), signal).catch(() => {})]);
  } finally {
    loss.stop();
    const patience = new Promise((resolve) => setTimeout(resolve, UNSUBSCRIBE_MS).unref());
    await Promise.race([stop().catch(() => {}), patience]);
    await writing;
  }
  return EXIT.cancelled;
};

/** Tells when a server is gone or back; `failed` rejects once none of them can come back. */
const hearOfLoss = (
  toolkit: Toolkit,
  servers: readonly string[],
  { output, screen }: Pick<Job, 'output' | 'screen'>,
) => {
  const say = (said: string) => (event: { server: string }) => {
    if (servers.includes(event.server) && !output.quiet) void screen.note(safeLine(`toolway: ${event.server} ${said}`));
  };
  let reject: (error: ToolwayError) => void = () => {};
  const failed = new Promise<never>((_, fail) => {
    reject = fail;
  });
  failed.catch(() => {});
  const offs = [
    toolkit.on('disconnected', say('is not connected any more')),
    toolkit.on('connected', say('is connected again')),
    toolkit.on('failed', ({ error }) => {
      const status = toolkit.status();
      if (servers.every((name) => status[name]?.state === 'failed')) reject(error);
    }),
  ];
  return { failed, stop: () => offs.forEach((off) => void off()) };
};
