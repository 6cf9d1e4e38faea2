/** What has changed of a server's tools since they were first seen: shown, and accepted by whoever is asked. */
import { ToolwayError } from '../../errors.ts';
import type { ToolkitEvents } from '../../events.ts';
import type { ServerConfig, ToolkitOptions } from '../../options.ts';
import type { Job } from '../command.ts';
import { EXIT, EXIT_CODES } from '../exit-codes.ts';
import { settleInputs } from '../inputs.ts';
import { configOf, pinFileOf } from '../session.ts';
import { refuseInterrupt, untilAborted } from '../until.ts';
import { quote, shown } from './quote.ts';

type Drift = ToolkitEvents['tool_drift'];

/** Connects, compares, shows and asks. Exits with the code of `denied` where a change is not accepted. */
export const acceptChanges = async (name: string, job: Job): Promise<number> => {
  const { output, context, options, screen } = job;
  const config = await configOf(context, options, output);
  const wanted: ToolkitOptions = {
    env: context.env,
    defaults: config.defaults,
    limits: config.limits,
    inputs: config.inputs,
    mcpServers: { [name]: config.mcpServers[name] as ServerConfig },
    pinFile: pinFileOf(config, context),
    ...(config.pins !== undefined && { pins: config.pins }),
    connect: 'lazy',
  };
  const asking = { screen, output, yes: options.flag('yes'), signal: context.signal };
  const answers = await settleInputs(wanted, options.values('input'), asking);
  const toolkit = await context.toolkit({ ...wanted, ...answers });
  const drifts: Drift[] = [];
  toolkit.on('tool_drift', (drift) => void drifts.push(drift));
  const { signal } = context;
  const tools = await untilAborted(toolkit.listTools({ server: name, signal }), signal);
  const accepted: Drift[] = [];
  for (const drift of drifts) {
    const now = tools.find((tool) => tool.name === drift.tool);
    if (!(await isAccepted(name, drift, now, job))) continue;
    // What was shown, and not what it has become while somebody read it.
    await toolkit.acceptTool(`${name}.${drift.tool}`, drift.after === undefined ? {} : { hash: drift.after });
    accepted.push(drift);
  }
  if (output.json) {
    await output.document({
      server: name,
      tools: drifts.map((drift) => ({ tool: drift.tool, accepted: accepted.includes(drift), diff: drift.diff })),
    });
  } else if (drifts.length === 0) {
    await output.note(`toolway: ${name} needs no word: it may be started, and its tools are what they were`);
  }
  return accepted.length === drifts.length ? EXIT.done : EXIT_CODES.denied;
};

const isAccepted = async (
  server: string,
  { tool, diff }: Drift,
  now: object | undefined,
  { screen, output, options, context }: Job,
): Promise<boolean> => {
  const { remarks } = output;
  const lines = [
    remarks.bold(`${server}.${shown(tool)} is not what it was when it was first seen`),
    ...diff.flatMap(({ path, before, after }) => [
      `  ${shown(path)}`,
      ...(before === undefined ? [] : [remarks.red(`    - ${shown(before)}`)]),
      ...(after === undefined ? [] : [remarks.green(`    + ${shown(after)}`)]),
    ]),
  ];
  // A difference is told in short; what is accepted is the whole.
  if (now !== undefined) lines.push(`  as a whole: ${shown(JSON.stringify(definitionOf(now)))}`);
  if (options.flag('yes')) {
    await screen.note([...lines, `toolway: ${quote(tool)} is accepted (--yes)`].join('\n'));
    return true;
  }
  if (!screen.interactive) {
    await output.complain(lines.join('\n'));
    throw new ToolwayError(
      'denied',
      `there is no terminal to ask at; whoever has read the above may run "toolway trust ${server} --yes"`,
      { server, executed: 'no' },
    );
  }
  return screen.converse(async (ask) => {
    const { above } = await screen.terminal();
    for (const line of lines) above(line);
    for (;;) {
      const reply = await ask({ prompt: '  Do you accept it as it is now? [y]es, [n]o: ', signal: context.signal });
      refuseInterrupt(reply);
      if (!('line' in reply)) return false;
      const word = reply.line.trim().toLowerCase();
      if (word === 'y' || word === 'yes') return true;
      if (word === 'n' || word === 'no') return false;
    }
  });
};

/** The tool without what Toolway knows of it beside. */
const definitionOf = (tool: object): object => {
  const { server: _s, qualifiedName: _q, fetchedAt: _f, stale: _t, ...own } = tool as Record<string, unknown>;
  return own;
};
