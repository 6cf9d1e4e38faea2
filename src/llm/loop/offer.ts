/** Which tools a model is shown, and what it means by their names. */
import type { ListedTool } from '../../api.ts';
import { convertTools } from '../conversion/convert-tools.ts';
import type { Conversion, ConvertedTool } from '../conversion/types.ts';
import type { LocalTool } from '../local-tool.ts';
import type { ModelTool } from '../model.ts';
import { profileOf } from '../profiles/profile-of.ts';
import type { LoopOptions } from './options.ts';

/** What a model may mean by a name: a tool of the program, or one of a server. */
export type Meant = { local: LocalTool } | { qualifiedName: string; toArguments: ConvertedTool['toArguments'] };

/** The tools of one request. */
export interface Offer {
  readonly tools: readonly ModelTool[];
  find(name: string): Meant | undefined;
  /** The full name of a tool that a local tool may call; undefined for any other. */
  reach(name: string): string | undefined;
  /** The names of up to five tools that come near, as the model is shown them. */
  near(name: string): Promise<string[]>;
  /** Whether what a tool answers counts as written by others. */
  taints(qualifiedName: string): boolean;
  /** Tools that the provider could not take are left out: what to tell of them. */
  readonly leftOut: readonly string[];
}

export interface Offers {
  /** The tools as they are now. The same list of local tools is taken to hold the same. */
  next(localTools: readonly LocalTool[]): Promise<Offer>;
}

const asWritten: ConvertedTool['toArguments'] = (input) => input;
const asShown = ({ name, description, inputSchema }: LocalTool): ModelTool => ({ name, description, inputSchema });
const NEAR = 5;

export const createOffers = (options: LoopOptions, signal: AbortSignal): Offers => {
  const { toolkit, model, tools: { servers, allow } = {}, principal, scope } = options;
  const isFree = servers === undefined && allow === undefined;
  const chosen = servers && new Set(servers);
  let before: { listed: readonly ListedTool[]; localTools: readonly LocalTool[]; offer: Offer } | undefined;

  const offerOf = async (listed: readonly ListedTool[], localTools: readonly LocalTool[]): Promise<Offer> => {
    const locals = new Map(localTools.map((tool) => [tool.name, tool]));
    const conversion: Conversion = convertTools(listed, await profileOf(model.traits.profile), {
      taken: [...locals.keys()],
    });
    const reachable = namesOf(listed);
    const trusted = new Set(
      listed.filter((tool) => tool.trustedResults === true).map(({ qualifiedName }) => qualifiedName),
    );
    const shown = new Map(conversion.tools.map(({ qualifiedName, name }) => [qualifiedName, name]));
    return {
      tools: [...conversion.tools, ...localTools.map(asShown)],
      find(name) {
        const local = locals.get(name);
        if (local !== undefined) return { local };
        const converted = conversion.find(name);
        if (converted !== undefined) return converted;
        const qualifiedName = reachable(name);
        return qualifiedName === undefined ? undefined : { qualifiedName, toArguments: asWritten };
      },
      taints: (qualifiedName) => !trusted.has(qualifiedName),
      // What was listed since is for the toolkit to find.
      reach: (name) => reachable(name) ?? (isFree ? name : undefined),
      async near(name) {
        const found = await toolkit.searchTools(name, { limit: 4 * NEAR, signal, principal, scope }).catch(() => []);
        return found.flatMap(({ qualifiedName }) => shown.get(qualifiedName) ?? []).slice(0, NEAR);
      },
      leftOut: conversion.report.tools.flatMap(({ qualifiedName, quarantined }) =>
        quarantined === undefined ? [] : [`${qualifiedName} is not offered: ${quarantined.message}`],
      ),
    };
  };
  return {
    async next(localTools) {
      const all = await toolkit.listTools({ signal, principal, scope });
      // A definition that is no longer the one first seen may be written to mislead.
      const listed = all.filter(
        (tool) =>
          tool.changed !== true &&
          (chosen === undefined || chosen.has(tool.server)) &&
          (allow === undefined || allow(tool)),
      );
      if (before?.localTools !== localTools || !isSame(before.listed, listed)) {
        before = { listed, localTools, offer: await offerOf(listed, localTools) };
      }
      return before.offer;
    },
  };
};

/** Whether two lists are of the same definitions: a definition that was read again is another object. */
const isSame = (one: readonly ListedTool[], other: readonly ListedTool[]): boolean =>
  one.length === other.length &&
  one.every((tool, index) => {
    const { qualifiedName, inputSchema, description, title, trustedResults } = other[index] as ListedTool;
    return (
      tool.qualifiedName === qualifiedName &&
      tool.trustedResults === trustedResults &&
      tool.inputSchema === inputSchema &&
      tool.description === description &&
      tool.title === title
    );
  });

/** Full names by every name that leads to one tool: `server.tool`, `server__tool`, and a bare name that one server has. */
const namesOf = (listed: readonly ListedTool[]): ((name: string) => string | undefined) => {
  const full = new Map<string, string>();
  const bare = new Map<string, string | undefined>();
  for (const { qualifiedName, server, name } of listed) {
    full.set(qualifiedName, qualifiedName);
    full.set(`${server}__${name}`, qualifiedName);
    bare.set(name, bare.has(name) ? undefined : qualifiedName);
  }
  return (name) => full.get(name) ?? bare.get(name);
};
