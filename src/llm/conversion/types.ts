/** What goes into the rewriting of tools and what comes out of it. */
import type { ListedTool } from '../../api.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { ModelTool } from '../model.ts';
import type { LintCode } from '../profiles/profile.ts';

/** What is needed of a tool to rewrite it. One whose `server` is empty is named by its own name alone. */
export type ConvertibleTool = Pick<
  ListedTool,
  'qualifiedName' | 'server' | 'name' | 'title' | 'description' | 'inputSchema'
>;

/** What the rewriting has to keep clear of. */
export interface ConvertOptions {
  /** Names that are in use already: those of local tools. */
  taken?: readonly string[];
}

/** Tools as one provider takes them. */
export interface Conversion {
  /** In the order in which they were given, without those that are quarantined. */
  tools: ConvertedTool[];
  report: ConversionReport;
  /** The tool that a model means by a name that it was shown. */
  find(name: string): ConvertedTool | undefined;
}

/** A tool as the model is shown it, and the way back for what the model writes. */
export interface ConvertedTool extends ModelTool {
  /** The tool's name in the toolkit. */
  qualifiedName: string;
  /** What the model wrote by the rewritten schema, as the server expects it. What does not fit is handed on as it is. */
  toArguments(input: JsonObject): JsonObject;
}

/** What was changed or left out to meet a provider's rules. */
export interface ConversionReport {
  profile: string;
  /** Tools of which something was changed, in the order in which they were given. */
  tools: ToolReport[];
  /** More tools than the provider takes in one request. */
  tooMany?: { limit: number; tools: number };
}

/** What was changed of one tool, or why it is not offered. */
export interface ToolReport {
  qualifiedName: string;
  /** The name that the model is shown; absent where the tool is quarantined. */
  name?: string;
  changes: Change[];
  /** Not offered: no rewriting makes it acceptable. */
  quarantined?: Finding;
  /** Asked to be strict, and is not, because of these. */
  notStrict?: Change[];
}

/** One thing that was rewritten. */
export interface Change {
  /** A JSON Pointer into the original schema; empty for the root. */
  path: string;
  /** The keyword, or `name`, `description`. */
  keyword: string;
  rule: Rule;
  loss: Loss;
}

/**
 * `none`: the same calls as before can be written. `hint`: a limit is now told in words only. `weaker`: a limit is gone.
 * `shape`: something that could be said before cannot be said any more.
 */
export type Loss = 'none' | 'hint' | 'weaker' | 'shape';

/** How something was rewritten. */
export type Rule =
  | 'strip'
  | 'describe'
  | 'drop'
  | 'modernize'
  | 'inline'
  | 'unroll'
  | 'merge'
  | 'flatten'
  | 'one-of-to-any-of'
  | 'const-to-enum'
  | 'split-types'
  | 'stringify'
  | 'add-items'
  | 'add-type'
  | 'add-properties'
  | 'close'
  | 'require-all'
  | 'json-text'
  | 'entries'
  | 'rename'
  | 'shorten'
  | 'distribute'
  | 'over-limit';

/** Something that a provider would refuse. */
export interface Finding {
  code: LintCode;
  /** A JSON Pointer into the schema; `name` and `description` for these. */
  path: string;
  message: string;
}
