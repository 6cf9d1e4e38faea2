/** `search_tools`, `describe_tool` and `call_tool`: all tools of a toolkit through three. */
import type { ListedTool, Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import type { LocalContext, LocalTool } from '../local-tool.ts';
import { oneLine } from '../results/blocks.ts';
import { briefly, fully, wholly } from './found.ts';

/** What is searched, and how far. */
export interface SearchToolsOptions {
  /** Which tools are found, and may be called. Default: all. */
  servers?: readonly string[];
  allow?(tool: ListedTool): boolean;
  /** Tools of a search, where the model does not say. Default 5. */
  limit?: number;
  /** Searches one after the other without a call; the next is refused, once. Default 6. */
  maxSearches?: number;
  principal?: string;
  scope?: string;
}

type Searched = Pick<Toolkit, 'listTools' | 'searchTools' | 'status'>;

const MOST_RESULTS = 20;
/** Of the best so many come with their schemas: mostly it is one of them. */
const WITH_SCHEMA = 3;
const MOST_SERVERS = 40;
const NEAR = 5;
const READS = { readOnlyHint: true, openWorldHint: false };

const object = (properties: JsonObject, required: string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const NAME = { type: 'string', description: 'As search_tools gives it: server.tool.' };

const told = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });
const refused = (text: string): CallToolResult => ({ ...told(text), isError: true });
const wrong = (reason: string): ToolwayError => new ToolwayError('invalid_arguments', reason, { executed: 'no' });
const textAt = (args: JsonObject, name: string): string => {
  const value = args[name];
  if (typeof value !== 'string' || value.trim() === '') throw wrong(`${name} must be a text`);
  return value;
};

/** Servers by name with the number of their tools, as they are when the tools are made: a description that changed would undo what a provider has cached. */
const serverNames = (toolkit: Searched, { servers, principal }: SearchToolsOptions): string => {
  const all = Object.entries(toolkit.status(principal)).filter(([name]) => servers?.includes(name) ?? true);
  const shown = all.slice(0, MOST_SERVERS).map(([name, { toolsCount }]) => `${name} (${toolsCount})`);
  if (all.length > MOST_SERVERS) shown.push(`and ${all.length - MOST_SERVERS} more`);
  return shown.join(', ');
};

/**
 * Three tools in place of all those of the servers: `search_tools` finds by words, `describe_tool` gives one whole,
 * `call_tool` calls one. A call is judged and counted under the name of the tool that is meant.
 */
export const searchTools = (toolkit: Searched, options: SearchToolsOptions = {}): LocalTool[] => {
  const { servers, allow = () => true, limit: usual = 5, maxSearches = 6, principal, scope } = options;
  const names = serverNames(toolkit, options);
  const wanted = { principal, scope };
  // A definition that is no longer the one first seen may be written to mislead.
  const admits = (tool: ListedTool): boolean =>
    tool.changed !== true && (servers?.includes(tool.server) ?? true) && allow(tool);
  const isFree = servers === undefined && options.allow === undefined;
  let searches = 0;

  const search = async (
    query: string,
    limit: number,
    server: string | undefined,
    { signal, showing }: LocalContext,
  ) => {
    // Those that are left out would take the places of others.
    const most = isFree ? limit : 50 * limit;
    const found = await toolkit.searchTools(query, { ...wanted, signal, limit: most, ...(server && { server }) });
    const best = found.filter(admits).slice(0, limit);
    showing?.(best);
    return best;
  };
  const near = async (name: string, context: LocalContext): Promise<string[]> => {
    const found = await search(name.replace(/[^\p{L}\p{N}]+/gu, ' '), NEAR, undefined, context);
    return found.map(({ qualifiedName }) => qualifiedName);
  };
  /** The tool that is meant, as it is now. */
  const find = async (name: string, context: LocalContext): Promise<ListedTool> => {
    const listed = (await toolkit.listTools({ ...wanted, signal: context.signal })).filter(admits);
    const full = listed.find((tool) => tool.qualifiedName === name || `${tool.server}__${tool.name}` === name);
    const [bare, ...others] = full === undefined ? listed.filter((tool) => tool.name === name) : [full];
    if (bare !== undefined) context.showing?.([bare, ...others]);
    if (bare !== undefined && others.length === 0) return bare;
    const matches = bare === undefined ? await near(name, context) : [bare, ...others].map((one) => one.qualifiedName);
    throw new ToolwayError(
      bare === undefined ? 'unknown_tool' : 'ambiguous_tool',
      `there is no one tool "${oneLine(name)}"`,
      {
        executed: 'no',
        matches: matches.slice(0, NEAR),
      },
    );
  };

  return [
    {
      name: 'search_tools',
      description: `Finds tools by words: what is to be done, and with what. Gives the best, the first ${WITH_SCHEMA} with their input schemas; call_tool calls them. Servers, with how many tools each has: ${names}.`,
      inputSchema: object(
        {
          query: { type: 'string', description: 'A verb and a thing, in English: "create issue".' },
          server: { type: 'string', description: 'Only of this server.' },
          limit: { type: 'integer', minimum: 1, maximum: MOST_RESULTS, description: `Default ${usual}.` },
        },
        ['query'],
      ),
      annotations: READS,
      async run(args, context) {
        const query = textAt(args, 'query');
        const server = typeof args.server === 'string' && args.server !== '' ? args.server : undefined;
        const limit =
          typeof args.limit === 'number' ? Math.min(Math.max(Math.floor(args.limit), 1), MOST_RESULTS) : usual;
        searches += 1;
        if (searches > maxSearches) {
          searches = 0;
          return refused(
            `${maxSearches} searches without a call: there is nothing better. Call what was found, or say that there is no such tool. Servers: ${names}.`,
          );
        }
        const found = await search(query, limit, server, context);
        if (found.length === 0) return told(`No tool has any of these words. Servers: ${names}.`);
        return told(found.map((tool, at) => `${at + 1}. ${(at < WITH_SCHEMA ? fully : briefly)(tool)}`).join('\n'));
      },
    },
    {
      name: 'describe_tool',
      description: 'Gives the whole description and the schemas of one tool that search_tools found.',
      inputSchema: object({ name: NAME }, ['name']),
      annotations: READS,
      run: async (args, context) => told(wholly(await find(textAt(args, 'name'), context))),
    },
    {
      name: 'call_tool',
      description: 'Calls a tool that search_tools found, with arguments that fit its input schema.',
      inputSchema: object(
        { name: NAME, arguments: { type: 'object', description: 'Those of the tool.', additionalProperties: true } },
        ['name'],
      ),
      // What it brings in is what the call of the tool brings in.
      annotations: { openWorldHint: false },
      async run(args, context) {
        const tool = await find(textAt(args, 'name'), context);
        searches = 0;
        return callWith(tool, argumentsOf(args.arguments), context);
      },
    },
  ];
};

/** Some models write an object as text. */
const argumentsOf = (given: unknown): JsonObject => {
  const value = typeof given === 'string' ? parsed(given) : given;
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrong('arguments must be an object');
};
const parsed = (text: string): unknown => {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return text;
  }
};

/** Arguments that do not fit are answered with the schema: nobody has to ask for it. */
const callWith = async (tool: ListedTool, args: JsonObject, { call }: LocalContext): Promise<CallToolResult> => {
  try {
    return await call(tool.qualifiedName, args);
  } catch (thrown) {
    const error = ToolwayError.from(thrown);
    if (error.code !== 'invalid_arguments' || error.executed !== 'no') throw error;
    const problems = (error.problems ?? []).map(
      ({ path, message }) => `- ${oneLine(path || 'the arguments')}: ${oneLine(message)}`,
    );
    return refused(
      [
        'The arguments do not fit, and nothing was run:',
        ...problems,
        fully(tool),
        'Correct them and call again; the same arguments will fail again.',
      ].join('\n'),
    );
  }
};
