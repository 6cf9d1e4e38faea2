/** Which tools a model is shown, and what it means by their names. */
import type { ListedTool } from '../../api.ts';
import { convertTools } from '../conversion/convert-tools.ts';
import type { Conversion, ConvertedTool } from '../conversion/types.ts';
import type { LocalTool } from '../local-tool.ts';
import type { ModelTool } from '../model.ts';
import type { Profile } from '../profiles/profile.ts';
import { profileOf } from '../profiles/profile-of.ts';
import { wantedCharacters } from '../results/large.ts';
import { isSame, namesOf } from './listed.ts';
import type { LoopOptions } from './options.ts';

/** What a model may mean by a name: a tool of the program or, `isOurs`, of the loop, or one of a server. */
export type Meant =
  | { local: LocalTool; isOurs: boolean; toArguments: ConvertedTool['toArguments'] }
  | { qualifiedName: string; toArguments: ConvertedTool['toArguments'] };

/** The tools of one request. */
export interface Offer {
  readonly tools: readonly ModelTool[];
  /** The tools of servers that it stands for. */
  readonly listed: readonly ListedTool[];
  find(name: string): Meant | undefined;
  /** The full name of a tool that a local tool may call; undefined for any other. */
  reach(name: string): string | undefined;
  /** The names of up to five tools that come near, as the model can call them. */
  near(name: string): Promise<string[]>;
  /** Whether what a tool has answered counts as written by others: it does unless it was trusted before, and is now. */
  taints(qualifiedName: string): Promise<boolean>;
  /** How many characters of its results a tool wants to be shown; undefined where it does not say. */
  wants(qualifiedName: string): number | undefined;
  /** Tools that the provider could not take are left out: what to tell of them. */
  readonly leftOut: readonly string[];
}

export interface Offers {
  /** The tools as they are now, with further ones of the loop. */
  next(ours: readonly LocalTool[]): Promise<Offer>;
}

/** The tools of servers in one request, or what stands for them. */
interface Shown {
  tools: readonly ModelTool[];
  find(name: string): ConvertedTool | undefined;
  search: readonly LocalTool[];
  leftOut: readonly string[];
}

const asWritten: ConvertedTool['toArguments'] = (input) => input;
const NEAR = 5;
const trustedOf = (listed: readonly ListedTool[]): Set<string> =>
  new Set(listed.filter((tool) => tool.trustedResults === true).map(({ qualifiedName }) => qualifiedName));

/** The program's own tools as the provider takes them. What the program says of them is never cut. */
const shownLocals = (locals: readonly LocalTool[], { descriptionChars: _, ...profile }: Profile): Conversion =>
  convertTools(
    locals.map((local) => ({ ...local, qualifiedName: local.name, server: '' })),
    profile,
  );

const leftOutOf = ({ report }: Conversion): string[] =>
  report.tools.flatMap(({ qualifiedName, quarantined }) =>
    quarantined === undefined ? [] : [`${qualifiedName} is not offered: ${quarantined.message}`],
  );

export const createOffers = (options: LoopOptions, signal: AbortSignal): Offers => {
  const { toolkit, model, tools: { servers, allow } = {}, localTools = [], principal, scope } = options;
  const { search = 'auto', toolBudgetTokens } = options;
  const own = localTools.map(({ name }) => name);
  const isFree = servers === undefined && allow === undefined;
  const chosen = servers && new Set(servers);
  let before: { listed: readonly ListedTool[]; ours: readonly LocalTool[]; offer: Offer } | undefined;
  let searching: LocalTool[] | undefined;

  // A definition that is no longer the one first seen may be written to mislead.
  const admits = (tool: ListedTool): boolean =>
    tool.changed !== true && (chosen?.has(tool.server) ?? true) && (allow?.(tool) ?? true);

  const isTooMuch = async (listed: readonly ListedTool[]): Promise<boolean> => {
    if (search !== 'auto') return search === 'always';
    const { shouldSearch } = await import('../search/should-search.ts');
    return shouldSearch(listed, toolBudgetTokens);
  };
  const show = async (listed: readonly ListedTool[], profile: Profile, taken: readonly string[]): Promise<Shown> => {
    const searches = await isTooMuch(listed);
    if (searches && model.traits.deferral !== true) {
      const { searchTools } = await import('../search/search-tools.ts');
      // The same ones for the whole run: they count how often they are asked in vain.
      searching ??= searchTools(toolkit, { servers, allow: admits, principal, scope });
      return { tools: [], find: () => undefined, search: searching, leftOut: [] };
    }
    const conversion = convertTools(listed, profile, { taken });
    const { find } = conversion;
    const tools = searches ? conversion.tools.map((tool) => ({ ...tool, deferred: true })) : conversion.tools;
    return { tools, find, search: [], leftOut: leftOutOf(conversion) };
  };

  const offerOf = async (listed: readonly ListedTool[], ours: readonly LocalTool[]): Promise<Offer> => {
    const profile = await profileOf(model.traits.profile);
    const first = [...localTools, ...ours];
    const taken = [...first, ...shownLocals(first, profile).tools].map(({ name }) => name);
    const shown = await show(listed, profile, taken);
    // A tool of the program goes before one of ours that is called the same.
    const added = [...ours, ...shown.search].filter(({ name }) => !own.includes(name));
    const locals = shownLocals([...localTools, ...added], profile);
    const meant = new Map<string, Meant>();
    for (const { qualifiedName, name, toArguments } of locals.tools) {
      const local = [...localTools, ...added].find((each) => each.name === qualifiedName) as LocalTool;
      for (const each of [qualifiedName, name])
        meant.set(each, { local, isOurs: !own.includes(qualifiedName), toArguments });
    }
    const reachable = namesOf(listed);
    const trusted = trustedOf(listed);
    const wanted = new Map(listed.map((tool) => [tool.qualifiedName, wantedCharacters(tool)]));
    const names = new Map(
      shown.search.length > 0
        ? listed.map(({ qualifiedName }) => [qualifiedName, qualifiedName])
        : (shown.tools as readonly ConvertedTool[]).map(({ qualifiedName, name }) => [qualifiedName, name]),
    );
    return {
      tools: [...shown.tools, ...locals.tools],
      listed,
      find(name) {
        const known = meant.get(name) ?? shown.find(name);
        const qualifiedName = known === undefined ? reachable(name) : undefined;
        return qualifiedName === undefined ? known : { qualifiedName, toArguments: asWritten };
      },
      async taints(qualifiedName) {
        if (!trusted.has(qualifiedName)) return true;
        // Another server may have its name by now.
        const now = await toolkit.listTools({ signal, principal, scope }).catch(() => []);
        return !trustedOf(now).has(qualifiedName);
      },
      wants: (qualifiedName) => wanted.get(qualifiedName),
      // What was listed since is for the toolkit to find.
      reach: (name) => reachable(name) ?? (isFree ? name : undefined),
      async near(name) {
        const words = name.replace(/[^\p{L}\p{N}]+/gu, ' ');
        const found = await toolkit.searchTools(words, { limit: 4 * NEAR, signal, principal, scope }).catch(() => []);
        return found.flatMap(({ qualifiedName }) => names.get(qualifiedName) ?? []).slice(0, NEAR);
      },
      leftOut: [...shown.leftOut, ...leftOutOf(locals)],
    };
  };
  return {
    async next(ours) {
      const listed = (await toolkit.listTools({ signal, principal, scope })).filter(admits);
      if (before?.ours !== ours || !isSame(before.listed, listed))
        before = { listed, ours, offer: await offerOf(listed, ours) };
      return before.offer;
    },
  };
};
