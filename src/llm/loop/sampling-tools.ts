/**
 * The tools that a server brings with a request for a message (2025-11-25 client/sampling#tools-in-sampling): as the
 * model's provider takes them, and the way back. The server runs them; nothing here does.
 */
import { ToolwayError } from '../../errors.ts';
import type { JsonObject, SampleRequest, Tool } from '../../protocol/types.ts';
import { convertTools } from '../conversion/convert-tools.ts';
import type { ConvertibleTool } from '../conversion/types.ts';
import type { ChatModel, ModelRequest } from '../model.ts';
import { objectsOf } from '../models/reading.ts';
import { profileOf } from '../profiles/profile-of.ts';
import { resultMediaOf } from '../results/result-media.ts';

export interface BroughtTools extends Pick<ModelRequest, 'tools' | 'toolChoice'> {
  /** What the provider calls a tool of the server. */
  nameOf(own: string): string;
  /** A call of the model, as the server wrote its tool. A name that was not offered stays as it is. */
  callOf(name: string, written: JsonObject): { name: string; input: JsonObject };
  /** Which media the provider takes in results. */
  media: readonly string[] | undefined;
}

const NONE: BroughtTools = {
  tools: [],
  toolChoice: 'none',
  nameOf: (own) => own,
  callOf: (name, input) => ({ name, input }),
  media: undefined,
};

/** Throws `unsupported` for a tool that the provider cannot be given: without it the request would be another one. */
export const broughtTools = async (request: SampleRequest, { traits }: ChatModel): Promise<BroughtTools> => {
  const { tools, toolChoice, messages } = request;
  const brought = new Map<string, Tool>();
  for (const tool of tools ?? []) if (!brought.has(tool.name)) brought.set(tool.name, tool);
  const used = namesUsed(messages).filter((name) => !brought.has(name));
  if (brought.size + used.length === 0) return NONE;

  const profile = await profileOf(traits.profile);
  // Providers refuse calls in a history without a definition of the tool, also where it is not to be called any more.
  const all = [...brought.values(), ...used.map((name) => ({ name, inputSchema: { type: 'object' } }))];
  const { tools: converted, report, find } = convertTools(all.map(convertible), profile);
  const [lost] = report.tools.filter(({ quarantined }) => quarantined !== undefined);
  if (lost?.quarantined !== undefined) {
    const reason = `the model cannot be given the tool ${JSON.stringify(lost.qualifiedName)}: ${lost.quarantined.message}`;
    throw new ToolwayError('unsupported', reason, { executed: 'no' });
  }
  const names = new Map(converted.map(({ qualifiedName, name }) => [qualifiedName, name]));
  const offered = converted.filter(({ qualifiedName }) => brought.has(qualifiedName));
  return {
    tools: offered.length > 0 ? offered : converted,
    toolChoice: offered.length > 0 ? choiceOf(toolChoice) : 'none',
    nameOf: (own) => names.get(own) ?? own,
    callOf(name, written) {
      const tool = find(name);
      return tool === undefined
        ? { name, input: written }
        : { name: tool.qualifiedName, input: tool.toArguments(written) };
    },
    media: resultMediaOf(traits.profile),
  };
};

const convertible = ({ name, title, description, inputSchema }: Tool): ConvertibleTool => ({
  qualifiedName: name,
  server: '',
  name,
  ...(title !== undefined && { title }),
  ...(description !== undefined && { description }),
  inputSchema,
});

const choiceOf = (toolChoice: SampleRequest['toolChoice']): ModelRequest['toolChoice'] => {
  const { mode } = toolChoice ?? {};
  return mode === 'required' || mode === 'none' ? mode : 'auto';
};

const namesUsed = (messages: SampleRequest['messages']): string[] => [
  ...new Set(messages.flatMap(({ content }) => blocksOf(content).flatMap(nameUsed))),
];
const nameUsed = ({ type, name }: JsonObject): string[] =>
  type === 'tool_use' && typeof name === 'string' ? [name] : [];

/** The blocks of a message, of which there may be one alone. */
export const blocksOf = (content: unknown): JsonObject[] => objectsOf(Array.isArray(content) ? content : [content]);
