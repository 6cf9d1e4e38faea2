/** A tool of the program itself, which a model may call beside those of the servers. */
import type { ListedTool } from '../api.ts';
import type { CallToolResult, JsonObject, Progress, ToolAnnotations } from '../protocol/types.ts';

/** A tool that the program itself runs. */
export interface LocalTool {
  name: string;
  description: string;
  inputSchema: JsonObject;
  annotations?: ToolAnnotations;
  /**
   * What the model gets is the result; `isError: true` where it can do better. A `ToolwayError` that is thrown is told
   * to the model as that of a server's tool is; anything else that is thrown is `internal`.
   */
  run(args: JsonObject, context: LocalContext): CallToolResult | Promise<CallToolResult>;
}

/** What a local tool may do while it runs. */
export interface LocalContext {
  /** The id of the call that runs it. */
  id: string;
  signal: AbortSignal;
  /**
   * Calls a tool of a server, by any name that the toolkit takes: on the one road, judged by policy as a call that the
   * model wrote, counted as one of its calls. Its result counts as read by what runs here from then on. `signal` ends
   * this one call.
   */
  call(name: string, args: JsonObject, options?: { signal?: AbortSignal }): Promise<CallToolResult>;
  onProgress(progress: Progress): void;
  /**
   * Has to hear of tools of servers that the result tells something of: what a server says of them later than at first
   * counts as read. Absent where nobody counts.
   */
  showing?(tools: readonly ListedTool[]): void;
}
