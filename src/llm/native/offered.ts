/** The tools that are offered, whatever their native form, and the one way in which their calls are answered. */
import type { ListedTool, Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { CallOptions } from '../../options.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import { whenAborted } from '../../when-aborted.ts';
import { convertTools } from '../conversion/convert-tools.ts';
import type { ConversionReport } from '../conversion/types.ts';
import type { LocalTool } from '../local-tool.ts';
import { createTaintSet } from '../loop/taint.ts';
import type { MediaPart, TextPart } from '../message.ts';
import type { ModelTool } from '../model.ts';
import { oddNames, refuse } from '../odd-names.ts';
import { profileOf } from '../profiles/profile-of.ts';
import { failureParts } from '../results/failure.ts';
import { type ResultFacts, toParts } from '../results/parts.ts';
import { createReadResult } from '../results/read-result.ts';
import type { NativeOptions } from './options.ts';

/** What became of a call. */
export interface Outcome {
  parts: (TextPart | MediaPart)[];
  isError: boolean;
  /** What the tool answered; absent where the call failed, for which there is `error`. */
  result?: CallToolResult;
  error?: ToolwayError;
}

/** The same before a model reads it. */
export type Ran = { result: CallToolResult; error?: undefined } | { error: ToolwayError; result?: undefined };

export interface Offered {
  tools: readonly ModelTool[];
  report: ConversionReport;
  /** Never rejects. `input` is an object, or its text in JSON. */
  call(name: string, input: unknown, options?: CallOptions): Promise<Outcome>;
  /** As `call`, for a framework that has its results read by itself: what is too long is kept then, and once. */
  run(name: string, input: unknown, options?: CallOptions): Promise<Ran>;
  /** What a tool answered, as the model is to read it. */
  read(name: string, result: CallToolResult): Promise<Outcome['parts']>;
}

/** What differs between providers. */
interface Provider {
  profile: string;
  media: readonly string[];
  /** Options that only it has. */
  options?: readonly string[];
}

interface Callable {
  facts: ResultFacts;
  run(input: JsonObject, options: CallOptions): Promise<CallToolResult>;
}

const NAMES: Readonly<Record<keyof NativeOptions, true>> = {
  ...{ servers: true, allow: true, localTools: true, profile: true, strict: true, callOptions: true },
  ...{ maxResultTokens: true, media: true, spill: true, onReport: true },
};

/**
 * Lists the tools and rewrites them. Rejects as `listTools` does, and with `invalid_arguments` for a profile that there
 * is none of, and for mistyped options.
 */
export const offer = async (toolkit: Toolkit, options: NativeOptions, provider: Provider): Promise<Offered> => {
  refuse(oddNames(options, [...Object.keys(NAMES), ...(provider.options ?? [])]));
  const { callOptions = {}, localTools = [], spill, profile = provider.profile, strict = false } = options;
  const { media = provider.media, maxResultTokens: maxTokens } = options;
  const { signal, principal, scope } = callOptions;
  const locals = spill === undefined ? localTools : [...localTools, createReadResult(spill)];
  const listed = (await toolkit.listTools({ signal, principal, scope })).filter(isWanted(options));
  const converted = convertTools(listed, await profileOf(strict ? `${profile}-strict` : profile), {
    taken: locals.map(({ name }) => name),
  });
  options.onReport?.(converted.report);

  const callables = new Map<string, Callable>();
  const byQualifiedName = new Map(listed.map((tool) => [tool.qualifiedName, tool]));
  for (const { name, qualifiedName, toArguments } of converted.tools) {
    const { server, name: tool } = byQualifiedName.get(qualifiedName) as ListedTool;
    callables.set(name, {
      facts: { server, tool },
      run: (input, wanted) => toolkit.callTool(qualifiedName, toArguments(input), wanted),
    });
  }
  const reach = reachOf(toolkit, listed, options);
  for (const tool of locals) {
    callables.set(tool.name, {
      facts: { tool: tool.name },
      run: async (input, wanted) => tool.run(input, contextOf(reach, wanted)),
    });
  }

  const near = async (name: string): Promise<string[]> => {
    const found = await toolkit.searchTools(name, { limit: 5, signal, principal, scope }).catch(() => []);
    const names = new Set(found.map(({ qualifiedName }) => qualifiedName));
    return converted.tools.flatMap(({ qualifiedName, name }) => (names.has(qualifiedName) ? [name] : []));
  };
  const read: Offered['read'] = (name, result) =>
    toParts(result, callables.get(name)?.facts ?? { tool: name }, { maxTokens, media, spill });
  const run: Offered['run'] = async (name, input, more = {}) => {
    const both = joined(signal, more.signal);
    try {
      const callable = callables.get(name);
      if (callable === undefined) {
        const facts = { executed: 'no' as const, matches: await near(String(name)) };
        throw new ToolwayError('unknown_tool', `there is no tool ${JSON.stringify(name)}`, facts);
      }
      const wanted = { ...callOptions, ...more, signal: both.signal };
      const result: CallToolResult | undefined = await callable.run(argumentsOf(input), wanted);
      if (typeof result === 'object' && result !== null) return { result };
      throw new ToolwayError('internal', `${name} gave no result`, { executed: 'unknown' });
    } catch (thrown) {
      return { error: ToolwayError.from(thrown) };
    } finally {
      both.leave();
    }
  };
  return {
    tools: [
      ...converted.tools,
      ...locals.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    ],
    report: converted.report,
    read,
    run,
    async call(...given) {
      const { result, error } = await run(...given);
      if (error !== undefined) return { parts: failureParts(error), isError: true, error };
      return { parts: await read(given[0], result), isError: result.isError === true, result };
    },
  };
};

const isWanted = ({ servers, allow }: NativeOptions): ((tool: ListedTool) => boolean) => {
  const chosen = servers && new Set(servers);
  return (tool) =>
    tool.changed !== true && (chosen === undefined || chosen.has(tool.server)) && (allow === undefined || allow(tool));
};

/** One signal for two. After `leave` nothing of it is left at either: they may last for as long as the program. */
const joined = (
  one: AbortSignal | undefined,
  other: AbortSignal | undefined,
): { signal: AbortSignal | undefined; leave(): void } => {
  if (one === undefined || other === undefined) return { signal: one ?? other, leave: () => {} };
  const controller = new AbortController();
  const abort = (reason: unknown): void => controller.abort(reason);
  const leaves = [whenAborted(one, abort), whenAborted(other, abort)];
  return {
    signal: controller.signal,
    leave: () => {
      for (const leave of leaves) leave();
    },
  };
};

/** How local tools call those of servers: only such as are offered. */
const reachOf = (toolkit: Toolkit, listed: readonly ListedTool[], { servers, allow }: NativeOptions) => {
  const isFree = servers === undefined && allow === undefined;
  return (name: string, args: JsonObject, wanted: CallOptions): Promise<CallToolResult> => {
    const names = ({ qualifiedName, server, name: own }: ListedTool) => [qualifiedName, `${server}__${own}`];
    const known = listed.find((tool) => names(tool).includes(name))?.qualifiedName;
    if (known !== undefined || isFree) return toolkit.callTool(known ?? name, args, wanted);
    const reason = `${JSON.stringify(name)} is not among the tools that are offered`;
    return Promise.reject(new ToolwayError('unknown_tool', reason, { executed: 'no' }));
  };
};

/** What a call of the tool reads counts for its later ones at once, where the caller says what the model had read. */
const contextOf = (reach: ReturnType<typeof reachOf>, wanted: CallOptions): Parameters<LocalTool['run']>[1] => {
  const seen = wanted.taint && createTaintSet(wanted.taint);
  return {
    id: crypto.randomUUID(),
    signal: wanted.signal ?? new AbortController().signal,
    call: (name, args, more) => {
      const both = joined(wanted.signal, more?.signal);
      const taint = seen && { taint: seen.now };
      return reach(name, args, { ...wanted, ...taint, signal: both.signal }).finally(() => {
        both.leave();
        seen?.add([{ kind: 'result', server: '', name }]);
      });
    },
    onProgress: (progress) => wanted.onProgress?.(progress),
  };
};

/** What a model wrote as arguments. Nothing at all is no arguments. Throws `invalid_arguments` for what is no JSON object. */
const argumentsOf = (input: unknown): JsonObject => {
  if (input === undefined || input === null) return {};
  const value = typeof input === 'string' ? parsed(input) : input;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ToolwayError('invalid_arguments', 'the arguments are no JSON object', { executed: 'no' });
};

const parsed = (text: string): unknown => {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = `the arguments are no JSON: ${(cause as Error).message}`;
    throw new ToolwayError('invalid_arguments', reason, { executed: 'no', cause });
  }
};
