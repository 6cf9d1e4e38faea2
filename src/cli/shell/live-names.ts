/** Names for completion from the servers as they are now, and what they themselves propose. */
import type { Toolkit } from '../../api.ts';
import type { Reference } from '../completion/candidates.ts';
import { type KnownServer, knownPrompt, knownTool, LONGEST_TEXT } from '../completion/known.ts';

/** Nobody waits longer at a Tab. */
const PATIENCE_MS = 1_500;

export interface LiveNames {
  servers(): Promise<KnownServer[]>;
  /** The words that servers propose. */
  propose(references: readonly Reference[]): Promise<string[]>;
}

export const createLiveNames = (toolkit: Toolkit, servers: readonly string[]): LiveNames => {
  const wanted = { timeoutMs: PATIENCE_MS };
  const one = async (name: string): Promise<KnownServer> => {
    const status = toolkit.status()[name];
    const nothing = { name, tools: [], prompts: [], resources: [], templates: [] };
    if (status?.connected !== true) return nothing;
    const filter = { server: name, ...wanted };
    const or = <T>(list: Promise<T[]>): Promise<T[]> => list.catch(() => []);
    const [tools, prompts, resources, templates] = await Promise.all([
      or(toolkit.listTools(filter)),
      or(toolkit.listPrompts(filter)),
      or(toolkit.listResources(filter)),
      or(toolkit.listResourceTemplates(filter)),
    ]);
    return {
      name,
      tools: tools.map(knownTool),
      prompts: prompts.map(knownPrompt),
      resources: resources.map(({ uri }) => uri),
      templates: templates.map(({ uriTemplate }) => uriTemplate),
    };
  };
  return {
    servers: () => Promise.all(servers.map(one)),
    async propose(references) {
      const asked = references.map(async ({ server, ref, argument, context, before }) => {
        const given = Object.keys(context).length === 0 ? {} : { context: { arguments: context } };
        const { values } = await toolkit.complete(ref, argument, { server, ...given, ...wanted });
        return values
          .filter((value) => value.startsWith(argument.value) && value.length <= LONGEST_TEXT)
          .map((value) => before + value);
      });
      const answers = await Promise.allSettled(asked);
      return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    },
  };
};
