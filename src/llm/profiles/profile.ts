/** What a provider takes of a tool's definition, as data: one engine rewrites by it, and one check of its own reads it. */
import type { JsonObject } from '../../protocol/types.ts';

/** What one provider takes; `profileOf` gives it by its id, and one of your own can stand in its place. */
export interface Profile {
  id: string;
  /** The day on which the sources were last read. */
  verified: string;
  sources: readonly Source[];
  name: NameRules;
  /** What the keys of the arguments may look like; keys further down are free. */
  propertyKey?: string;
  /** Longest description of a tool, in UTF-16 units. */
  descriptionChars?: number;
  /** Tools in one request. More are reported, not left out: which ones to offer is for the caller to decide. */
  tools?: number;
  schema: SchemaRules;
  limits?: SchemaLimits;
  /** The provider holds the model to the schema. What cannot be said exactly is rewritten by `fallback` instead. */
  strict?: { fallback: Profile; budget?: StrictBudget };
  /** What the provider is known to have refused; the tests of the rewriting. */
  rejections: readonly Rejection[];
}

/** What the name of a tool may look like. */
export interface NameRules {
  /** A regular expression that a whole name matches. */
  pattern: string;
  max: number;
  /** Names that the provider keeps for tools of its own. */
  reserved?: readonly string[];
}

/** What a provider takes of JSON Schema 2020-12, and what becomes of the rest. */
export interface SchemaRules {
  /** What may be in a schema. All others are moved into the description, or dropped where they assert nothing. */
  keywords: readonly string[] | 'all';
  /** What may not stand at the root, although it may further down. */
  rootForbids: readonly string[];
  /** Formats that may be named; default all. */
  formats?: readonly string[];
  /** Whether patterns may look around, refer back and use `\b`. Default true. */
  richPatterns?: boolean;
  /** Several types in one `type`. `null`: one type and `null` only. */
  typeLists: 'any' | 'null' | 'none';
  /** What may be among the values of an `enum`; others are written as strings. */
  enumOf: 'any' | readonly ('string' | 'number' | 'boolean' | 'null')[];
  /** What becomes of `$ref`. `alone`: nothing but annotations may stand beside one. */
  refs: 'keep' | 'alone' | 'inline';
  /** Whether a schema may refer to itself, where references are kept. Default true. */
  recursion?: boolean;
  oneOf: 'keep' | 'anyOf';
  allOf: 'keep' | 'merge';
  /** Whether a list must say what its items are. */
  itemsNeeded?: boolean;
  /** Whether the root must say `properties`, if only that there are none. Default true. */
  propertiesNeeded?: boolean;
  /** Whether an `anyOf` may have assertions beside it. Default true. */
  unionSiblings?: boolean;
  /** Every object must say `additionalProperties: false`. */
  closed?: boolean;
  /** Every property must be required; what is optional may be null instead. */
  allRequired?: boolean;
  /** What becomes of a value that may be anything, and of an object whose keys are free. Default `keep`. */
  free?: 'keep' | 'json-text';
  /** The largest `minItems`; others are described. */
  maxMinItems?: number;
}

/** Limits of one schema. */
export interface SchemaLimits {
  properties?: number;
  depth?: number;
  enumValues?: number;
  /** Characters of all names of properties and definitions and of all values of enums and constants. */
  chars?: number;
}

/** Limits of all strict schemas of a request together. What comes after they are used up is not strict. */
export interface StrictBudget {
  tools: number;
  optional: number;
  unions: number;
}

/** Where a fact comes from. `type`: read in a published package; `page`: the provider's documentation; `error`: a recorded answer; `report`: somebody says so. */
export interface Source {
  url: string;
  kind: 'type' | 'page' | 'error' | 'report';
  quote?: string;
}

/** A request that was refused, reduced to the definition that caused it. */
export interface Rejection {
  error: string;
  /** Where the refusal was recorded. */
  source: string;
  tool: { name?: string; description?: string; inputSchema: JsonObject };
  /** What the check finds in it, and where. */
  finds: { code: LintCode; path: string };
  /** What the rewriting makes of it. Default `rewritten`. */
  becomes?: 'rewritten' | 'quarantined' | 'not-strict';
}

/** What is wrong with a definition for a provider. */
export type LintCode =
  | 'name'
  | 'name_reserved'
  | 'description_length'
  | 'root_type'
  | 'root_keyword'
  | 'root_properties'
  | 'property_key'
  | 'keyword'
  | 'malformed'
  | 'format'
  | 'pattern'
  | 'type_list'
  | 'enum_value'
  | 'reference'
  | 'items_missing'
  | 'union_siblings'
  | 'open_object'
  | 'not_required'
  | 'any_value'
  | 'min_items'
  | 'too_large'
  | 'too_deep';
