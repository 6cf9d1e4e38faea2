/** `run_code`: a tool by which a model calls others from a program. */
import type { ListedTool, Toolkit } from '../../api.ts';
import { systemClock } from '../../clock.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import type { LocalContext, LocalTool } from '../local-tool.ts';
import { describeCode } from './description.ts';
import { limitsOf } from './limits.ts';
import { resultOf } from './report.ts';
import { type Run, type RunHost, type RunTool, startRun } from './run.ts';
import type { CodeLimits, Sandbox } from './sandbox.ts';
import { answerOf, failureOf } from './values.ts';

/** What `codeTool` needs to know. */
export interface CodeToolOptions {
  /** Where programs run: `createCodeSandbox()` of `toolway/node`, or `createSandbox` elsewhere. */
  sandbox: Sandbox;
  /** Servers whose tools a program may call. Default all. */
  servers?: readonly string[];
  /** Which of their tools. Default all. */
  allow?(tool: ListedTool): boolean;
  limits?: Partial<CodeLimits>;
  /** What the declarations of the tools may take of the description, in estimated tokens. Default 6 000. */
  descriptionTokens?: number;
}

/**
 * Makes the tool `run_code({ code })`: JavaScript in a sandbox, in which the tools are typed async functions. Each call
 * goes the road of any call that the model writes: policy, approval, limits, taint. Its description holds the tools as
 * they are listed now; a program can call those that are listed when it runs. Rejects as `listTools` does, and with
 * `invalid_arguments` without a sandbox, and for limits that are none.
 */
export const codeTool = async (toolkit: Toolkit, options: CodeToolOptions): Promise<LocalTool> => {
  const limits = limitsOf(options);
  const { sandbox, servers, allow = () => true, descriptionTokens = 6_000 } = options;
  const callable = async (signal?: AbortSignal): Promise<ListedTool[]> => {
    const listed = await toolkit.listTools(signal === undefined ? {} : { signal });
    return listed.filter((tool) => tool.changed !== true && (servers?.includes(tool.server) ?? true) && allow(tool));
  };
  return {
    name: 'run_code',
    description: describeCode(await callable(), descriptionTokens),
    inputSchema: {
      type: 'object',
      properties: { code: { type: 'string', description: 'JavaScript: the body of an async function.' } },
      required: ['code'],
      additionalProperties: false,
    },
    // It reaches nothing but by calls, whose results count as read by themselves.
    annotations: { openWorldHint: false },
    run: async ({ code }, context) => {
      if (typeof code !== 'string') return refusal('`code` has to be a text.');
      const bytes = new TextEncoder().encode(code).length;
      if (bytes > limits.maxSourceBytes) {
        return refusal(`The program has ${bytes} bytes; it may have ${limits.maxSourceBytes}. It was not run.`);
      }
      const tools = await callable(context.signal);
      // Their names are there to be read.
      context.showing?.(tools);
      const run = startRun(sandbox, code, tools, hostOf(context, limits));
      const stop = holdWhileAsked(toolkit, run);
      const report = await run.report.finally(stop);
      context.signal.throwIfAborted();
      return resultOf(report, limits);
    },
  };
};

const refusal = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true });

const hostOf = (context: LocalContext, limits: CodeLimits): RunHost => {
  let made = 0;
  return {
    limits,
    clock: systemClock,
    signal: context.signal,
    async call({ qualifiedName }: RunTool, args: JsonObject, isRaw, signal) {
      try {
        made += 1;
        context.onProgress({ progress: made, message: qualifiedName });
        return answerOf(await context.call(qualifiedName, args, { signal }), qualifiedName, isRaw);
      } catch (thrown) {
        return failureOf(thrown, qualifiedName);
      }
    },
  };
};

/** The time of a program stands still while somebody is asked whether a call of it may be made. */
const holdWhileAsked = (toolkit: Toolkit, run: Run): (() => void) => {
  const asked = new Set<string>();
  const stops = [
    toolkit.on('approval_requested', ({ id, server, tool }) => {
      if (tool === undefined || !run.isCalling(server, tool)) return;
      asked.add(id);
      run.hold(true);
    }),
    toolkit.on('approval_resolved', ({ id }) => {
      if (asked.delete(id) && asked.size === 0) run.hold(false);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};
