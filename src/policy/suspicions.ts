/** What of a tool may deceive whoever has to agree to its calls. Such a tool is never let through without asking by its name alone. */
import type { Tool } from '../protocol/types.ts';
import type { KnownTool } from './approval.ts';
import { takenFor, twinsAmong } from './lookalikes.ts';
import { unseenInName, unseenPlaces } from './unseen.ts';

/** A server's tools as last listed. */
export type ToolList = readonly Tool[];

/** In words, each a sentence of its own; `list` is what its server lists. What was found is remembered as long as the list and the definition are. */
export type Suspicions = (name: string, known: KnownTool | undefined, list: ToolList | undefined) => string[];

export const createSuspicions = (): Suspicions => {
  const ofDefinitions = new WeakMap<Tool, string[]>();
  const ofLists = new WeakMap<ToolList, Map<string, string>>();

  const aboutDefinition = (tool: Tool): string[] => {
    const before = ofDefinitions.get(tool);
    if (before !== undefined) return before;
    const { name: _name, ...rest } = tool;
    const places = unseenPlaces(rest);
    const found =
      places.length === 0 ? [] : [`the definition has characters that cannot be seen: ${places.join(', ')}`];
    ofDefinitions.set(tool, found);
    return found;
  };
  const twinOf = (name: string, list: ToolList): string | undefined => {
    const twins = ofLists.get(list) ?? twinsAmong(list.map((tool) => tool.name));
    ofLists.set(list, twins);
    return twins.get(name);
  };

  return (name, known, list) => {
    const unseen = unseenInName(name);
    const look = takenFor(name);
    const twin = list && twinOf(name, list);
    return [
      ...(unseen === undefined ? [] : [`the name of the tool has characters that cannot be seen: ${unseen}`]),
      ...(look === undefined ? [] : [`the name of the tool is easily taken for "${look}"`]),
      ...(known?.ambiguous === true ? ['its server lists two tools of this name'] : []),
      ...(twin === undefined ? [] : [`its server lists another tool whose name looks the same: "${twin}"`]),
      ...(known === undefined ? [] : aboutDefinition(known.tool)),
    ];
  };
};

/** The same for what a call would send. */
export const aboutArguments = (args: unknown): string[] => {
  const places = unseenPlaces(args);
  return places.length === 0 ? [] : [`the arguments have characters that cannot be seen: ${places.join(', ')}`];
};
