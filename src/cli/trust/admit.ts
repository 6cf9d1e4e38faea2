/** Asks whether what was found may be started, and remembers the answer. */
import type { LoadedConfig } from '../../node/config-files.ts';
import type { FoundDefinition } from '../../node/found-files.ts';
import { stateFolder } from '../../node/state-folder.ts';
import { changeAgreements, trustFile } from '../../node/trust-file.ts';
import type { ServerConfig } from '../../options.ts';
import type { CliContext } from '../command.ts';
import type { Output } from '../output.ts';
import type { Screen } from '../screen.ts';
import { refuseInterrupt } from '../until.ts';
import { type DescribedLine, describeDefinition } from './describe.ts';
import { quote } from './quote.ts';

export interface AdmitOptions {
  screen: Screen;
  output: Output;
  context: Pick<CliContext, 'env' | 'signal'>;
  /** Every question is answered with yes. */
  yes: boolean;
}

/** What a person reads of one definition. */
export const linesOf = (found: FoundDefinition, { remarks }: Pick<Output, 'remarks'>): string[] => {
  const title = `${remarks.bold(found.name)}  ${remarks.dim(quote(found.file))}`;
  const lines = describeDefinition(found);
  const width = Math.max(...lines.map(({ about }) => about.length));
  const row = ({ about, text, warning }: DescribedLine): string => {
    const line = `  ${about.padEnd(width)}  ${text}`;
    return warning ? remarks.yellow(line) : line;
  };
  return [title, ...lines.map(row)];
};

/** Shows each definition and asks for it. Gives those that were agreed to, and are remembered. Throws `cancelled` at an interrupt. */
export const askToTrust = async (
  definitions: readonly FoundDefinition[],
  { screen, output, context, yes }: AdmitOptions,
): Promise<FoundDefinition[]> => {
  const agreed: FoundDefinition[] = [];
  try {
    for (const found of definitions) {
      const lines = linesOf(found, output);
      if (yes) {
        await screen.note(lines.join('\n'));
        await screen.note(`toolway: ${found.name} is trusted from now on (--yes)`);
        agreed.push(found);
      } else if (await askPerson(lines, found, { screen, context })) agreed.push(found);
    }
  } finally {
    await remember(agreed, context);
  }
  return agreed;
};

const askPerson = (
  lines: readonly string[],
  { name }: FoundDefinition,
  { screen, context }: Pick<AdmitOptions, 'screen' | 'context'>,
): Promise<boolean> =>
  screen.converse(async (ask) => {
    const { above } = await screen.terminal();
    for (const line of lines) above(line);
    for (;;) {
      const reply = await ask({ prompt: `  Do you trust ${name}? [y]es, [n]o: `, signal: context.signal });
      refuseInterrupt(reply);
      if (!('line' in reply)) return false;
      const word = reply.line.trim().toLowerCase();
      if (word === 'y' || word === 'yes') return true;
      if (word === 'n' || word === 'no') return false;
    }
  });

/** Writes down what was agreed to. */
export const remember = async (
  definitions: readonly FoundDefinition[],
  { env }: Pick<CliContext, 'env'>,
): Promise<void> => {
  if (definitions.length === 0) return;
  const at = Date.now();
  await changeAgreements(trustFile(stateFolder({ env })), (agreements) => {
    for (const { name, file, hash } of definitions) agreements.set(hash, { name, file, at });
  });
};

/**
 * Stands between a configuration and its toolkit: asks about the one server that a command is about, and lets it in.
 * Commands about many servers ask nothing; with `yes` everything that they would start is let in.
 */
export const createAdmission =
  (options: AdmitOptions) =>
  async ({ found, mcpServers }: LoadedConfig, servers: readonly string[], about: 'one' | 'many'): Promise<void> => {
    const wanted = found.filter(({ name, trusted }) => !trusted && servers.includes(name));
    if (wanted.length === 0 || !(options.yes || (about === 'one' && options.screen.interactive))) return;
    for (const { name } of await askToTrust(wanted, options)) {
      const { untrusted: _, ...server } = mcpServers[name] as ServerConfig;
      mcpServers[name] = server;
    }
  };
