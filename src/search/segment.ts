/** The index of one server's tools: which of its terms is in which of them, and how much it counts there. */
import type { JsonObject, Tool } from '../protocol/types.ts';
import { termsOf } from './terms.ts';

/** The tools that have a term, by their places in the list, and its weighted frequency in each. */
export interface Postings {
  places: number[];
  frequencies: number[];
}

export interface Segment {
  server: string;
  tools: readonly Tool[];
  postings: ReadonlyMap<string, Postings>;
  /** The weighted number of terms of each tool. */
  lengths: Float64Array;
  /** Their sum. */
  length: number;
}

/** How often a term counts by where it stands. */
const WEIGHTS = { name: 6, title: 3, parameters: 1, description: 1, server: 1 };
/** Of what a tool says of itself this much is read. */
const MAX_TEXT = 20_000;
const MAX_PARAMETERS = 200;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MAX_TEXT) : '');

/** The names of the parameters, and what is said of them. */
const parametersOf = ({ inputSchema }: Tool): string => {
  const properties = isObject(inputSchema) && isObject(inputSchema.properties) ? inputSchema.properties : {};
  const texts = Object.entries(properties)
    .slice(0, MAX_PARAMETERS)
    .map(([name, schema]) =>
      isObject(schema) ? `${name} ${textOf(schema.title)} ${textOf(schema.description)}` : name,
    );
  return texts.join('\n').slice(0, MAX_TEXT);
};

const fieldsOf = (tool: Tool, server: string): Record<keyof typeof WEIGHTS, string> => ({
  name: textOf(tool.name),
  title: textOf(tool.title ?? tool.annotations?.title),
  parameters: parametersOf(tool),
  description: textOf(tool.description),
  server,
});

export const createSegment = (server: string, tools: readonly Tool[]): Segment => {
  const postings = new Map<string, Postings>();
  const lengths = new Float64Array(tools.length);
  for (const [place, tool] of tools.entries()) {
    const frequencies = new Map<string, number>();
    const fields = fieldsOf(tool, server);
    for (const [field, weight] of Object.entries(WEIGHTS)) {
      for (const term of termsOf(fields[field as keyof typeof WEIGHTS])) {
        frequencies.set(term, (frequencies.get(term) ?? 0) + weight);
        lengths[place] = (lengths[place] ?? 0) + weight;
      }
    }
    for (const [term, frequency] of frequencies) {
      const found = postings.get(term) ?? { places: [], frequencies: [] };
      found.places.push(place);
      found.frequencies.push(frequency);
      postings.set(term, found);
    }
  }
  return { server, tools, postings, lengths, length: lengths.reduce((sum, each) => sum + each, 0) };
};
