/** Which tools, resources and prompts exist for a principal, and what of that one may pass on. */
import { matchesPattern } from '../../names.ts';
import type { OfferKind } from '../principal.ts';
import type { Grant, ToolFilter } from './options.ts';

/** What is allowed of one kind, where not everything is, and what is denied all the same. */
export interface Filter {
  allow?: readonly string[];
  deny: readonly string[];
}
export type Filters = Readonly<Record<OfferKind, Filter>>;

const KINDS: readonly OfferKind[] = ['tools', 'resources', 'prompts'];

interface Pattern {
  server: string;
  /** Absent: all of the server. */
  name: string | undefined;
}

const patternOf = (text: string): Pattern => {
  const dot = text.indexOf('.');
  if (dot < 0) return { server: text, name: undefined };
  const name = text.slice(dot + 1);
  return { server: text.slice(0, dot), name: name === '*' ? undefined : name };
};
const isWhole = (text: string): boolean => patternOf(text).name === undefined;

const readFilter = (given: readonly string[] | ToolFilter): Filter =>
  isList(given) ? { allow: given, deny: [] } : { deny: [], ...given };

const isList = (given: readonly string[] | ToolFilter): given is readonly string[] => Array.isArray(given);

/**
 * What a grant says of each kind; undefined where it says nothing. Of servers that `tools` names whole, resources and
 * prompts belong to it; of those of which it names only tools, none do. A server that `tools` denies as a whole is denied.
 */
export const filtersOf = (grant: Pick<Grant, OfferKind>): Filters | undefined => {
  if (KINDS.every((kind) => grant[kind] === undefined)) return undefined;
  const tools = readFilter(grant.tools ?? {});
  const beside = (given: Grant[OfferKind]): Filter => {
    const { allow, deny } = given === undefined ? { ...tools, deny: [] } : readFilter(given);
    const allowed = given === undefined ? allow?.filter(isWhole) : allow;
    return {
      ...(allowed !== undefined && { allow: allowed }),
      deny: [...new Set([...deny, ...tools.deny.filter(isWhole)])],
    };
  };
  const filters = { tools, resources: beside(grant.resources), prompts: beside(grant.prompts) };
  return KINDS.every((kind) => filters[kind].allow === undefined && filters[kind].deny.length === 0)
    ? undefined
    : filters;
};

/** Several as one: what any of them allows, without what any of them denies. One that allows everything adds nothing to what others name. */
export const addedUp = (all: readonly Filters[]): Filters | undefined => {
  if (all.length === 0) return undefined;
  const sum = (kind: OfferKind): Filter => {
    const filters = all.map((each) => each[kind]);
    const named = filters.some(({ allow }) => allow !== undefined);
    return {
      ...(named && { allow: filters.flatMap(({ allow = [] }) => allow) }),
      deny: filters.flatMap(({ deny }) => deny),
    };
  };
  return { tools: sum('tools'), resources: sum('resources'), prompts: sum('prompts') };
};

export type Sees = (server: string, name?: string, kind?: OfferKind) => boolean;

/** Without a kind: tools where a name is given, else whether the server has anything that may be seen. Undefined where everything is seen. */
export const createSees = (filters: Filters | undefined): Sees | undefined => {
  if (filters === undefined) return undefined;
  const tools = createTest(filters.tools, itself);
  const resources = createTest(filters.resources, readingsOf);
  const prompts = createTest(filters.prompts, itself);
  const tests = { tools, resources, prompts };
  return (server, name, kind) => {
    if (kind !== undefined) return tests[kind](server, name);
    return tools(server, name) || (name === undefined && (resources(server) || prompts(server)));
  };
};

/** What has no reading may mean anything: it fits no pattern that allows, and every one that denies. */
const createTest = ({ allow, deny }: Filter, readings: (name: string) => readonly string[]) => {
  const allowed = allow?.map(patternOf);
  const denied = deny.map(patternOf);
  return (server: string, name?: string): boolean => {
    // A server is seen as long as something of it may be.
    const isDenied = denied.some((pattern) => {
      if (!matchesPattern(pattern.server, server)) return false;
      if (pattern.name === undefined || name === undefined) return pattern.name === undefined;
      const read = readings(name);
      return read.length === 0 || read.some((one) => matchesPattern(pattern.name ?? '', one));
    });
    if (isDenied) return false;
    if (allowed === undefined) return true;
    return allowed.some((pattern) => {
      if (!matchesPattern(pattern.server, server)) return false;
      if (pattern.name === undefined || name === undefined) return true;
      return readings(name).some((one) => matchesPattern(pattern.name ?? '', one));
    });
  };
};

const itself = (name: string): string[] => [name];

/** A URI as it is and decoded; none for one whose path may lead out of what it begins with, by dots, backslashes, or either of them encoded. */
const readingsOf = (uri: string): string[] => {
  if (/\\|%(?:25|2e|2f|5c)|(?:^|[^\w.])\.{1,2}(?![\w.])/i.test(uri)) return [];
  if (!uri.includes('%')) return [uri];
  try {
    return [uri, decodeURIComponent(uri)];
  } catch {
    return [];
  }
};

/**
 * What is left of a grant where no more may be given than there is. `onBeyond` hears of what it names beyond that; what
 * follows from what it names is left out in silence.
 */
export const within = (
  own: Filters | undefined,
  asked: Pick<Grant, OfferKind>,
  onBeyond: (kind: OfferKind, pattern: string) => void,
): Filters | undefined => {
  const wanted = filtersOf(asked);
  if (own === undefined) return wanted;
  const bounded = (kind: OfferKind): Filter => {
    const { allow, deny } = own[kind];
    const { allow: more, deny: less = [] } = wanted?.[kind] ?? {};
    const fits = (pattern: string): boolean => {
      const is = allow === undefined || allow.some((whole) => covers(patternOf(whole), patternOf(pattern)));
      if (!is && asked[kind] !== undefined) onBeyond(kind, pattern);
      return is;
    };
    const left = more?.filter(fits) ?? allow;
    return { ...(left !== undefined && { allow: left }), deny: [...new Set([...deny, ...less])] };
  };
  return { tools: bounded('tools'), resources: bounded('resources'), prompts: bounded('prompts') };
};

/** Whether all that one pattern fits, the other one does: what stands for any run in the one has to be met by the same in the other. */
const covers = (whole: Pattern, part: Pattern): boolean =>
  matchesPattern(whole.server, part.server) &&
  (whole.name === undefined || (part.name !== undefined && matchesPattern(whole.name, part.name)));
