/** What the makers of native tools are told. */
import type { ListedTool } from '../../api.ts';
import type { CallOptions } from '../../options.ts';
import type { ConversionReport } from '../conversion/types.ts';
import type { LocalTool } from '../local-tool.ts';
import type { Spill } from '../results/spill.ts';

/** Which tools are offered, how they are shaped, and how their calls are made. */
export interface NativeOptions {
  /** Only the tools of these servers. Default: of all. */
  servers?: readonly string[];
  /** Which tools are offered, and may be reached by local ones. Default: all. */
  allow?(tool: ListedTool): boolean;
  /** Tools of the program itself, offered beside those of the servers under their own names. */
  localTools?: readonly LocalTool[];
  /** The profile by which tools are named and shaped: one of `toolProfiles`. Default: the provider's; for frameworks `common`. */
  profile?: string;
  /** Tools that can be are marked as strict, where the provider has such a thing. Default false. */
  strict?: boolean;
  /** For every call; what a single call says goes before. Its `signal`, `principal` and `scope` also count for the list. */
  callOptions?: CallOptions;
  /** What the texts of one result may cost, in estimated tokens. Default 8 000. */
  maxResultTokens?: number;
  /** Which media the model takes, as `image/png` or `audio/*`. Default: what the provider takes in results. */
  media?: readonly string[];
  /** Keeps whole what is too long for the model, which gets the tool `read_result` beside the others. Default: nothing does. */
  spill?: Spill;
  /** Hears what had to be changed of the tools. */
  onReport?(report: ConversionReport): void;
}

/** Tools for a provider's API: what goes into the request, and who answers the calls that come of it. */
export interface NativeTools<Tool, Call, Result, Turn> {
  /** As they were when asked for: once a server's list has changed, ask again. */
  tools: Tool[];
  /**
   * Answers one call. Never rejects: arguments that cannot be read, a tool that there is none of and a call that failed
   * are told to the model.
   */
  call(call: Call, options?: CallOptions): Promise<Result>;
  /** Answers all calls of one turn of the model, at the same time: what is to be added to the conversation. */
  callAll(calls: readonly Call[], options?: CallOptions): Promise<Turn>;
  report: ConversionReport;
}
