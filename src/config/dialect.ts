/** How one host writes its configuration: what differs from everybody else, as data. */
import type { Field } from './fields.ts';

/** The hosts whose files are read. `plain` is Toolway's own shape, and everybody's for whom nothing else is known. */
export type DialectName =
  | 'plain'
  | 'claude-desktop'
  | 'claude-code'
  | 'claude-code-settings'
  | 'vscode'
  | 'cursor'
  | 'windsurf'
  | 'kiro'
  | 'cline'
  | 'roo'
  | 'gemini'
  | 'codex'
  | 'zed';

/** One host's shape of a configuration. */
export interface Dialect {
  name: DialectName;
  /** What people call the host. */
  title: string;
  /** How the paths of its files end; after a `*` any end of a name will do. */
  files: readonly string[];
  /** The keys that lead to the servers, each a way from the root; `${workspaceFolder}` stands for the open folder. */
  roots: readonly (readonly string[])[];
  /** Fields that mean something else here than elsewhere, or exist here only. */
  fields?: Readonly<Record<string, Field>>;
  /** Fields of the host that change what a server may do, and that Toolway cannot honour yet: they are warned of. */
  withoutEffect?: readonly string[];
  /** Fields of the host that mean nothing outside it: nobody is told. */
  ignored?: readonly string[];
  /** The file is the host's for everything: keys beside the servers are none of ours. */
  isSettings?: true;
  /** The host itself refuses comments and trailing commas. */
  strictJson?: true;
  /** What a `url` without a transport speaks. Default: Streamable HTTP, then SSE. */
  bareUrl?: 'sse';
  /** `${workspaceFolder}`, `${userHome}` and the like are filled in. */
  hasFolders?: true;
  /** `$NAME` is a reference as well. */
  hasBareReferences?: true;
  /** A server of a later root replaces one of the same name. */
  laterRootWins?: true;
  /** Why an entry is no server for anybody else, where it is none. */
  skip?(entry: Record<string, unknown>): string | undefined;
  /** Names of servers that the file switches off elsewhere than in their entries. */
  isSwitchedOff?(root: Record<string, unknown>, name: string): boolean;
}
