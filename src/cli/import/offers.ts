/** What the files of other hosts offer: each server as Toolway would have it, and what is to be said about it. */
import { inputVariable } from '../../config/inputs.ts';
import { describeProblem } from '../../config/problem.ts';
import { loadConfig } from '../../node/config-files.ts';
import type { InputDefinition, ServerConfig } from '../../options.ts';
import type { CliContext } from '../command.ts';
import { secretFields } from '../edit/target.ts';
import type { HostFile } from './host-files.ts';

/** One server of one file. */
export interface Offer {
  /** The name that it would have here. */
  name: string;
  /** The name in the file, where that is another one. */
  originalName?: string;
  server: ServerConfig;
  /** What is wrong, or has no equivalent. */
  remarks: string[];
  /** Fields that hold a secret in plain text. */
  secrets: string[];
  /** It cannot be used as it is. */
  unusable?: true;
}

/** A file, and what it offers. */
export interface OfferingFile extends HostFile {
  offers: Offer[];
  /** Why the file as a whole cannot be read. */
  error?: string;
}

/** These say something of Toolway, not of the host. */
const OWN_VARIABLES = /^(?:MCP_|TOOLWAY_)/;

/** Reads a file of a host. It never throws: what is wrong with the file is in `error`. */
export const readOffers = async (
  file: HostFile,
  { cwd, env }: Pick<CliContext, 'cwd' | 'env'>,
): Promise<OfferingFile> => {
  const around = Object.fromEntries(Object.entries(env).filter(([name]) => !OWN_VARIABLES.test(name)));
  try {
    const { mcpServers, problems, aliases, inputs = [] } = await loadConfig({ files: [file.path], cwd, env: around });
    const offers = Object.entries(mcpServers).map(([name, found]): Offer => {
      const own = problems.filter(
        ({ server, path }) => server === name || path.split('/').includes(aliases[name] ?? name),
      );
      const { server, remarks } = withoutInputs(found, inputs);
      return {
        name,
        ...(aliases[name] !== undefined && { originalName: aliases[name] }),
        server,
        remarks: [
          ...own.map(({ line, path, message }) => describeProblem({ level: 'note', line, path, message })),
          ...remarks,
        ],
        secrets: secretFields(server),
        ...(typeof server.transport === 'function' && { unusable: true }),
      };
    });
    return { ...file, offers };
  } catch (error) {
    return { ...file, offers: [], error: error instanceof Error ? error.message : String(error) };
  }
};

const INPUT = /(?<!\$)\$\{input:([^}:]*)(:-[^}]*)?\}/g;

/** What the host would ask for is looked up in a variable: its questions stay in its own file. */
const withoutInputs = (
  server: ServerConfig,
  inputs: readonly InputDefinition[],
): { server: ServerConfig; remarks: string[] } => {
  const remarks = new Set<string>();
  const text = (given: string): string =>
    given.replace(INPUT, (_, id: string, fallback?: string) => {
      const input = inputs.find((one) => one.id === id);
      const otherwise = fallback ?? (input?.default === undefined ? '' : `:-${input.default}`);
      const asked = input?.description === undefined ? '' : ` (${input.description})`;
      remarks.add(`the host asks for ${id}${asked}; here it is the variable ${inputVariable(id)}`);
      return `\${${inputVariable(id)}${otherwise}}`;
    });
  const change = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
  };
  return { server: change(server) as ServerConfig, remarks: [...remarks] };
};
