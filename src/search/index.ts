/** A full-text index of the tools of many servers: a segment for each, so that a list that changes costs its own length. */
import SearchableMap from 'minisearch/SearchableMap';
import type { Tool } from '../protocol/types.ts';
import { createSegment, type Segment } from './segment.ts';
import { termsOf } from './terms.ts';
import { stemsOf, synonymsOf, telling } from './words.ts';

/** The tools of one server as last read. A list that was read anew is another array. */
export interface SearchableList {
  server: string;
  tools: readonly Tool[];
}

/** A tool that was found; the higher the score, the better it fits. */
export interface Hit {
  server: string;
  tool: Tool;
  score: number;
}

export interface ToolIndex {
  /** Brings the index up to these lists; what has not changed costs nothing. */
  update(lists: readonly SearchableList[]): void;
  /** The best `limit` tools, best first; of equal ones the first in the lists. `admits` leaves servers out. */
  find(query: string, options: { limit: number; admits(server: string): boolean }): Hit[];
}

/** Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009): how soon a term that is there often counts no more. */
const K1 = 2;
/** Of a longer query the first terms count: its cost grows with each. */
const MAX_TERMS = 24;
/** A word that no tool has stands for words that begin with it, and for those one letter away; shorter ones would mean anything. */
const LEAST_PREFIX = 3;
const LEAST_FUZZY = 5;
const NEAR = { prefix: 0.5, fuzzy: 0.3, most: 32 };
/** What another word for the same counts. */
const SYNONYM = 0.5;
const STEM = 0.8;

export const createToolIndex = (): ToolIndex => {
  const segments = new Map<string, Segment>();
  /** All terms, and in how many segments each is. */
  const dictionary = new SearchableMap<number>();
  let ordered: Segment[] = [];
  let tools = 0;
  /** What the word in hand has counted so far, by the tool's place; zeros in between. */
  let counted = new Float64Array(0);

  const forget = (server: string): void => {
    for (const term of segments.get(server)?.postings.keys() ?? []) {
      const left = (dictionary.get(term) ?? 1) - 1;
      if (left > 0) dictionary.set(term, left);
      else dictionary.delete(term);
    }
    segments.delete(server);
  };
  const learn = ({ server, tools }: SearchableList): void => {
    const segment = createSegment(server, tools);
    for (const term of segment.postings.keys()) dictionary.set(term, (dictionary.get(term) ?? 0) + 1);
    segments.set(server, segment);
  };

  /** The terms of the index that a word of the query stands for, and how much each counts. */
  const meant = (term: string): Map<string, number> => {
    const near = new Map<string, number>();
    for (const stem of stemsOf(term)) if (dictionary.has(stem)) near.set(stem, STEM);
    for (const word of [term, ...near.keys()]) {
      for (const other of synonymsOf(word)) if (!near.has(other) && dictionary.has(other)) near.set(other, SYNONYM);
    }
    if (dictionary.has(term)) return near.set(term, 1);
    if (near.size > 0) return near;
    if (term.length >= LEAST_PREFIX) {
      for (const longer of dictionary.atPrefix(term).keys()) {
        if (near.size >= NEAR.most) break;
        near.set(longer, (NEAR.prefix * term.length) / longer.length);
      }
    }
    if (near.size === 0 && term.length >= LEAST_FUZZY) {
      for (const close of dictionary.fuzzyGet(term, 1).keys()) {
        if (near.size >= NEAR.most) break;
        near.set(close, NEAR.fuzzy);
      }
    }
    return near;
  };

  return {
    update(lists) {
      const named = new Set(lists.map(({ server }) => server));
      for (const server of [...segments.keys()]) if (!named.has(server)) forget(server);
      for (const list of lists) {
        if (segments.get(list.server)?.tools === list.tools) continue;
        forget(list.server);
        learn(list);
      }
      ordered = lists.flatMap(({ server }) => segments.get(server) ?? []);
      counted = new Float64Array(Math.max(0, ...ordered.map((segment) => segment.tools.length)));
      tools = ordered.reduce((sum, segment) => sum + segment.tools.length, 0);
    },
    find(query, { limit, admits }) {
      const scores = ordered.map((segment) => (admits(segment.server) ? new Float64Array(segment.tools.length) : null));
      for (const word of telling(termsOf(query)).slice(0, MAX_TERMS)) addWord(word, scores);
      return best(ordered, scores, limit);
    },
  };

  function rarityOf(term: string): number {
    const having = ordered.reduce((sum, { postings }) => sum + (postings.get(term)?.places.length ?? 0), 0);
    return Math.log(1 + (tools - having + 0.5) / (having + 0.5));
  }

  /** A word counts once in each tool: as that of the terms it stands for that counts most there. */
  function addWord(word: string, scores: readonly (Float64Array | null)[]): void {
    // A rare word for the same says no more than the word itself.
    const most = dictionary.has(word) ? rarityOf(word) : Number.POSITIVE_INFINITY;
    const terms = [...meant(word)].map(([term, weight]) => ({
      term,
      worth: weight * Math.min(most, rarityOf(term)) * (K1 + 1),
    }));
    for (const [at, { postings }] of ordered.entries()) {
      const sums = scores[at];
      if (!sums) continue;
      const found = terms.flatMap(({ term, worth }) => {
        const having = postings.get(term);
        return having === undefined ? [] : [{ ...having, worth }];
      });
      for (const { places, frequencies, worth } of found) {
        for (let each = 0; each < places.length; each += 1) {
          const place = places[each] as number;
          const frequency = frequencies[each] as number;
          const value = (worth * frequency) / (frequency + K1);
          const before = counted[place] as number;
          if (value <= before) continue;
          sums[place] = (sums[place] as number) + value - before;
          counted[place] = value;
        }
      }
      for (const { places } of found) for (const place of places) counted[place] = 0;
    }
  }
};

/** The `limit` highest scores above 0 in order, kept in a list that is never longer: most tools do not get into it. */
const best = (segments: readonly Segment[], scores: readonly (Float64Array | null)[], limit: number): Hit[] => {
  const hits: Hit[] = [];
  for (const [at, { server, tools }] of segments.entries()) {
    const sums = scores[at];
    if (!sums) continue;
    for (let place = 0; place < sums.length; place += 1) {
      const score = sums[place] as number;
      if (score <= 0 || (hits.length >= limit && score <= (hits.at(-1)?.score ?? 0))) continue;
      let low = 0;
      for (let high = hits.length; low < high; ) {
        const middle = (low + high) >> 1;
        if ((hits[middle]?.score ?? 0) >= score) low = middle + 1;
        else high = middle;
      }
      hits.splice(low, 0, { server, tool: tools[place] as Tool, score });
      if (hits.length > limit) hits.pop();
    }
  }
  return hits;
};
