/** `toolway status`: how each server is. */
import type { ServerStatus } from '../../api.ts';
import type { Run } from '../command.ts';
import { stateName } from '../rows.ts';
import { safeLine } from '../safe-text.ts';
import { askServers, exitOf, openServers } from '../servers.ts';

export const run: Run = async (job) => {
  const { output, context } = job;
  const session = await openServers(job, true);
  // Where it goes on, what counts is how they are now.
  const answers = await askServers(session, context.signal, async (toolkit, server) =>
    session.lasting === true ? undefined : toolkit.waitForConnection(server),
  );
  if (output.json) {
    await output.document({
      servers: answers.map(({ name, status, error }) => ({ name, ...status, lastError: error ?? status?.lastError })),
    });
    return exitOf(answers);
  }
  if (answers.length === 0)
    await output.note('There are no servers; name a file with --config, or use --stdio or --url.');
  const { style } = output;
  for (const { name, status, error } of answers) {
    const about = error === undefined ? facts(status) : `${error.code}: ${error.message}`;
    await output.print(
      `${style.bold(name)}  ${stateName(status?.state, style)}  ${style.dim(safeLine(about))}`.trimEnd(),
    );
  }
  return exitOf(answers);
};

const facts = (status: ServerStatus | undefined): string => {
  if (status === undefined) return '';
  const { serverInfo, transport, era, protocolVersion, pid, connectMs, breaker } = status;
  const known = [
    serverInfo && `${serverInfo.name} ${serverInfo.version}`,
    transport,
    era && `${era} ${protocolVersion ?? ''}`.trim(),
    pid && `pid ${pid}`,
    connectMs !== undefined && `${Math.round(connectMs)} ms`,
    breaker !== 'closed' && `breaker ${breaker}`,
  ];
  return known.filter((fact) => typeof fact === 'string').join(' · ');
};
