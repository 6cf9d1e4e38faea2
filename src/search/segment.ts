/** The index of one server's tools: which of its terms is in which of them, and how much it counts there. */
import type { JsonObject, Tool } from '../protocol/types.ts';
import { termsOf } from './terms.ts';

/** The tools that have a term, by their places in the list, and its frequency in each, weighted by field. */
export interface Postings {
  places: number[];
  frequencies: number[];
}

export interface Segment {
  server: string;
  tools: readonly Tool[];
  postings: ReadonlyMap<string, Postings>;
}

/**
 * How often a term counts by where it stands, how many terms usually stand there, and how much more or fewer of them
 * take or give: BM25F. A tool is not found less for its many parameters. Measured on real requests for real tools.
 */
const FIELDS = {
  name: { weight: 6, usual: 3, b: 0.5 },
  title: { weight: 3, usual: 4, b: 0.5 },
  parameters: { weight: 0.6, usual: 40, b: 0.7 },
  description: { weight: 1, usual: 25, b: 0.6 },
  server: { weight: 1, usual: 1, b: 0 },
};
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

const fieldsOf = (tool: Tool, server: string): Record<keyof typeof FIELDS, string> => ({
  name: textOf(tool.name),
  title: textOf(tool.title ?? tool.annotations?.title),
  parameters: parametersOf(tool),
  description: textOf(tool.description),
  server,
});

export const createSegment = (server: string, tools: readonly Tool[]): Segment => {
  const postings = new Map<string, Postings>();
  for (const [place, tool] of tools.entries()) {
    const frequencies = new Map<string, number>();
    for (const [field, text] of Object.entries(fieldsOf(tool, server))) {
      const { weight, usual, b } = FIELDS[field as keyof typeof FIELDS];
      const terms = termsOf(text);
      const worth = weight / (1 - b + (b * terms.length) / usual);
      for (const term of terms) frequencies.set(term, (frequencies.get(term) ?? 0) + worth);
    }
    for (const [term, frequency] of frequencies) {
      const found = postings.get(term) ?? { places: [], frequencies: [] };
      found.places.push(place);
      found.frequencies.push(frequency);
      postings.set(term, found);
    }
  }
  return { server, tools, postings };
};
