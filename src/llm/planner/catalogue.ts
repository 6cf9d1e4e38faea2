/** The tools that a request may be about: those that the model is shown or, where these are a search, all there are. */
import type { ListedTool, Toolkit } from '../../api.ts';
import type { Tool } from '../../protocol/types.ts';
import { createToolIndex } from '../../search/index.ts';
import { termsOf } from '../../search/terms.ts';
import { synonymsOf } from '../../search/words.ts';
import type { ModelTool } from '../model.ts';

/** A tool that a step may call. */
export interface Candidate {
  /** What is called. */
  name: string;
  /** The tool that is meant, where what is called is `call_tool`. */
  inner?: string;
  /** As people call it: `server.tool`. */
  label: string;
  server: string;
  tool: Tool;
}

export interface Catalogue {
  candidates: readonly Candidate[];
  /** Whether it is the first word of a tool's name, or means the same as one. */
  isVerb(term: string): boolean;
  find(query: string, limit: number): Promise<Candidate[]>;
}

const READING = new Set('get read list search find fetch show query lookup describe view echo count check'.split(' '));

/** Whether it only reads, as it says itself or by its first word: good enough to take words as they stand, and for nothing else. */
export const seemsToRead = ({ tool }: Candidate): boolean =>
  tool.annotations?.readOnlyHint ?? READING.has(termsOf(tool.name)[0] ?? '');

/** Tools that stand for others, or need what nobody writes by hand. */
const HELPERS = new Set(['search_tools', 'describe_tool', 'call_tool', 'read_result', 'run_code']);
/** What stays of a name however a provider wants it spelled. */
const bare = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

const candidateOf = (tool: ModelTool, listed: ListedTool | undefined): Candidate => {
  if (listed !== undefined) {
    const { qualifiedName: label, server } = listed;
    return { name: tool.name, label, server, tool: { ...listed, inputSchema: tool.inputSchema } };
  }
  const { name, description = '', inputSchema } = tool;
  return { name, label: name, server: '', tool: { name, description, inputSchema } };
};

const shown = (tools: readonly ModelTool[], listed: readonly ListedTool[]): Candidate[] => {
  const byName = new Map<string, ListedTool | undefined>();
  for (const tool of listed) {
    const key = bare(tool.qualifiedName);
    byName.set(key, byName.has(key) ? undefined : tool);
  }
  return tools.filter(({ name }) => !HELPERS.has(name)).map((tool) => candidateOf(tool, byName.get(bare(tool.name))));
};

const behindSearch = (tool: ListedTool): Candidate => {
  const { qualifiedName: label, server } = tool;
  return { name: 'call_tool', inner: label, label, server, tool };
};

export const readCatalogue = async (
  toolkit: Pick<Toolkit, 'listTools' | 'searchTools'>,
  tools: readonly ModelTool[],
  signal: AbortSignal,
): Promise<Catalogue> => {
  const listed = await toolkit.listTools({ signal });
  const isSearch = tools.some(({ name }) => name === 'call_tool');
  const direct = shown(tools, listed);
  const isShown = new Set(direct.map(({ label }) => label));
  const searched = isSearch ? listed.filter(({ qualifiedName }) => !isShown.has(qualifiedName)).map(behindSearch) : [];
  const candidates = [...direct, ...searched];
  const verbs = new Set<string>();
  for (const { tool } of candidates) {
    const [verb = ''] = termsOf(tool.name);
    verbs.add(verb);
    for (const other of synonymsOf(verb)) verbs.add(other);
  }

  const index = createToolIndex();
  const servers = [...new Set(direct.map(({ server }) => server))];
  const lists = servers.map((server) => direct.filter((one) => one.server === server));
  index.update(lists.map((list, at) => ({ server: servers[at] ?? '', tools: list.map(({ tool }) => tool) })));
  const byTool = new Map(direct.map((one) => [one.tool, one]));
  return {
    candidates,
    isVerb: (term) => verbs.has(term),
    async find(query, limit) {
      const hits = index.find(query, { limit, admits: () => true }).flatMap(({ tool }) => byTool.get(tool) ?? []);
      const others = isSearch && query.trim() !== '' ? await toolkit.searchTools(query, { limit, signal }) : [];
      return [...hits, ...others.filter(({ qualifiedName }) => !isShown.has(qualifiedName)).map(behindSearch)];
    },
  };
};
