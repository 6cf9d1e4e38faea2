/** A configuration file, and what it means. */
import type { InputDefinition, ServerConfig } from '../../src/options.ts';

/** `file` is below `files/`, in the folder of its host. */
export interface Case {
  file: string;
  /** The page of the host that shows files of this shape. */
  source?: string;
  servers: Record<string, ServerConfig>;
  inputs?: InputDefinition[];
  /** What is said about it, with the level before it. Default: nothing. */
  says?: string[];
}
