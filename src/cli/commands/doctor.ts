/** `toolway doctor`: for each server, what was tried and what happened, with what mends it. */
import type { ToolkitEvents } from '../../events.ts';
import type { Run } from '../command.ts';
import { examine, OFFERED } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { counted, stateName } from '../rows.ts';
import { safeText } from '../safe-text.ts';
import { askServers, openServers, transportOf } from '../servers.ts';

const MAX_WARNINGS = 1_000;

export const run: Run = async (job) => {
  const { output, context } = job;
  const { signal, env, cwd } = context;
  const session = await openServers(job, true);
  const { toolkit, config } = session;
  const warnings: ToolkitEvents['warning'][] = [];
  const off = toolkit.on('warning', (warning) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(warning);
  });
  const answers = await askServers(session, signal, async (_, server) => {
    await toolkit.waitForConnection(server);
    return toolkit.listTools({ server, signal });
  });
  off();
  const examined = await Promise.all(
    answers.map(async ({ name, status, value, error }) => {
      const own = config.mcpServers[name] ?? {};
      const isStdio = own.command !== undefined;
      const findings = await examine(
        {
          name,
          config: own,
          status,
          error,
          tools: value ?? [],
          warnings: warnings
            .filter(({ server }) => server === name)
            .map(({ message, cause }) => ({ message, isNoise: isStdio && isProtocolError(cause) })),
          problems: config.problems.filter(({ server }) => server === name),
        },
        { env, cwd },
      );
      return { name, status, transport: transportOf(status, own), findings };
    }),
  );
  if (output.json) {
    const servers = examined.map(({ name, status, transport, findings }) => {
      const { state, era, protocolVersion, serverInfo, connectMs } = status ?? {};
      return { name, state, transport, era, protocolVersion, offered: OFFERED, serverInfo, connectMs, findings };
    });
    await output.document({ toolway: context.version, node: process.version, platform: process.platform, servers });
  } else {
    if (examined.length === 0)
      await output.note('There are no servers; name a file with --config, or use --stdio or --url.');
    for (const { name, status, transport, findings } of examined) {
      const state = stateName(status?.state, output.style);
      await output.print(`${output.style.bold(name)}  ${state}  ${output.style.dim(transport ?? '')}`.trimEnd());
      for (const finding of findings) await output.print(inLines(finding, output));
    }
    const problems = examined.flatMap(({ findings }) => findings.filter(({ level }) => level === 'problem'));
    if (examined.length > 0)
      await output.note(`${counted(examined.length, 'server')}, ${counted(problems.length, 'problem')}`);
  }
  return examined.every(({ status }) => status?.connected === true || status?.state === 'disabled')
    ? EXIT.done
    : EXIT.notConnected;
};

const isProtocolError = (cause: unknown): boolean =>
  (cause as { code?: unknown } | undefined)?.code === 'protocol_error';

const inLines = ({ level, check, says, fix, see }: Finding, { style }: Output): string => {
  const paint = { ok: style.green, note: style.yellow, problem: style.red }[level];
  const text = safeText(`${check}: ${says}`).replaceAll('\n', '\n           ');
  const lines = [`  ${paint(level.padEnd(7))}  ${text}`];
  if (fix !== undefined) lines.push(`           ${style.bold('fix:')} ${safeText(fix).replaceAll('\n', ' ')}`);
  if (see !== undefined) lines.push(`           ${style.dim(see)}`);
  return lines.join('\n');
};
