/** One function for all methods of MCP that ask something of servers, the same for both eras. */
import { ToolwayError } from '../../errors.ts';
import type { RequestHandlers } from '../../handlers.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import { RpcFault } from '../../protocol/rpc-fault.ts';
import type { CompletionReference, JsonObject, Progress } from '../../protocol/types.ts';
import { isObject, META, TOOLWAY_META } from '../../protocol/wire.ts';
import type { GatewayContext } from '../context.ts';
import type { Target, Wishes } from '../dispatch.ts';
import { type Caller, demand, type Permission } from '../principal.ts';
import { invalidParams } from './fault.ts';
import type { Surface } from './surface.ts';

/** Who asks, and how it hears of what comes before the result. */
export interface MethodRequest {
  caller: Caller;
  /** Its abort cancels the request, on the server too. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Answer what servers ask in the course of the request; the same object for all requests of one session. */
  handlers?: RequestHandlers | undefined;
  /** `_meta` for the server beside that of the parameters. */
  meta?: JsonObject | undefined;
}

/** Runs one request. Rejects with `ToolwayError`, or with an `RpcFault` for a method that there is not. */
export type RunMethod = (method: string, params: JsonObject, request: MethodRequest) => Promise<JsonObject>;

type Method = (params: JsonObject, request: MethodRequest) => Promise<JsonObject>;

export const createMethods = ({ dispatch }: Pick<GatewayContext, 'dispatch'>, surface: Surface): RunMethod => {
  const list =
    (kind: Parameters<Surface['list']>[0]): Method =>
    async ({ cursor }, { caller }) => {
      mayOr('read', caller);
      // Whole lists are given, so that no cursor was ever handed out.
      if (cursor !== undefined && cursor !== null) throw invalidParams('there is no such cursor');
      return surface.list(kind, caller);
    };

  const callTool: Method = async (params, request) => {
    mayOr('call', request.caller);
    const name = textOf(params, 'name');
    const args = params.arguments ?? {};
    if (!isObject(args)) throw invalidParams('arguments is not an object');
    const found = surface.targetOf('tools', name);
    const target = found instanceof Promise ? await found : found;
    if (target === undefined || !request.caller.principal.sees(target.server)) throw unknown('tool', name);
    return dispatch.callTool(request.caller, target, args, wishesOf(params, request)).catch(renamed('tool', name));
  };

  const getPrompt: Method = async (params, request) => {
    mayOr('call', request.caller);
    const name = textOf(params, 'name');
    const args = params.arguments ?? undefined;
    if (args !== undefined && !isTexts(args)) throw invalidParams('arguments is not an object of texts');
    const target = await surface.targetOf('prompts', name);
    if (target === undefined || !seesPrompt(request.caller, target)) throw unknown('prompt', name);
    return dispatch.getPrompt(request.caller, target, args, wishesOf(params, request)).catch(renamed('prompt', name));
  };

  const readResource: Method = async (params, request) => {
    const { caller } = request;
    mayOr('call', caller);
    const uri = textOf(params, 'uri');
    const { server } = surface;
    return dispatch.readResource(caller, uri, {
      ...wishesOf(params, request),
      ...(server !== undefined && { server }),
    });
  };

  const complete: Method = async (params, request) => {
    const { caller } = request;
    mayOr('call', caller);
    const { ref, argument, context } = params;
    if (!isObject(argument)) throw invalidParams('argument is not an object');
    const given = { name: textOf(argument, 'name', 'argument'), value: textOf(argument, 'value', 'argument') };
    const known = isObject(context) ? context.arguments : undefined;
    if (known !== undefined && !isTexts(known)) throw invalidParams('context.arguments is not an object of texts');
    const { server, ref: asked } = await refOf(ref, caller);
    const wishes = { ...wishesOf(params, request), ...(known !== undefined && { context: { arguments: known } }) };
    return { completion: await dispatch.complete(caller, server, asked, given, wishes) };
  };
  const refOf = async (ref: unknown, caller: Caller): Promise<{ server: string; ref: CompletionReference }> => {
    if (!isObject(ref)) throw invalidParams('ref is not an object');
    if (ref.type === 'ref/prompt') {
      const name = textOf(ref, 'name', 'ref');
      const target = await surface.targetOf('prompts', name);
      if (target === undefined || !seesPrompt(caller, target)) throw unknown('prompt', name);
      return { server: target.server, ref: { type: 'ref/prompt', name: target.name } };
    }
    if (ref.type !== 'ref/resource') throw invalidParams('ref.type is neither ref/prompt nor ref/resource');
    const uri = textOf(ref, 'uri', 'ref');
    return { server: await surface.serverOf(caller, uri), ref: { type: 'ref/resource', uri } };
  };

  const methods: ReadonlyMap<string, Method> = new Map([
    ['tools/list', list('tools')],
    ['tools/call', callTool],
    ['resources/list', list('resources')],
    ['resources/templates/list', list('resourceTemplates')],
    ['resources/read', readResource],
    ['prompts/list', list('prompts')],
    ['prompts/get', getPrompt],
    ['completion/complete', complete],
    ['ping', async () => ({})],
  ]);

  return (method, params, request) => {
    const run = methods.get(method);
    return run === undefined ? Promise.reject(noSuchMethod(method)) : run(params, request);
  };
};

/** The refusal of a method that there is not. */
const noSuchMethod = (method: string): Error =>
  new RpcFault(RPC.methodNotFound, `there is no method ${JSON.stringify(method.slice(0, 80))}`);

/** Throws `forbidden` where the caller lacks the permission. */
export const mayOr = (permission: Permission, { principal }: Caller): void => {
  demand(principal, permission);
};

const seesPrompt = ({ principal }: Caller, { server, name }: Target): boolean =>
  principal.sees(server, name, 'prompts');

const textOf = (owner: JsonObject, key: string, of?: string): string => {
  const value = owner[key];
  if (typeof value === 'string') return value;
  throw invalidParams(`${of === undefined ? key : `${of}.${key}`} is not a text`);
};
const isTexts = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every((one) => typeof one === 'string');

const unknown = (what: 'tool' | 'prompt', name: string): ToolwayError =>
  new ToolwayError(`unknown_${what}`, `there is no ${what} ${JSON.stringify(name.slice(0, 200))}`, { executed: 'no' });

/** A caller knows a tool by the name that it is served under. */
const renamed =
  (what: 'tool' | 'prompt', name: string) =>
  (error: unknown): never => {
    if (error instanceof ToolwayError && error.code === `unknown_${what}`) throw unknown(what, name);
    throw error;
  };

const wishesOf = ({ _meta }: JsonObject, { signal, onProgress, handlers, meta }: MethodRequest): Wishes => {
  const wishes: Wishes = {};
  if (signal !== undefined) wishes.signal = signal;
  if (onProgress !== undefined) wishes.onProgress = onProgress;
  if (handlers !== undefined) wishes.handlers = handlers;
  if (meta !== undefined) wishes.meta = meta;
  return _meta === undefined ? wishes : withMeta(wishes, _meta);
};

/** Keys of `_meta` that are between a client and us, and those that we write ourselves. */
const OURS: ReadonlySet<string> = new Set([
  'progressToken',
  'io.modelcontextprotocol/related-task',
  ...Object.values(META),
  ...Object.values(TOOLWAY_META),
]);

const withMeta = (wishes: Wishes, given: unknown): Wishes => {
  if (!isObject(given)) throw invalidParams('_meta is not an object');
  const key = given[TOOLWAY_META.idempotencyKey];
  if (typeof key === 'string') wishes.idempotencyKey = key;
  const passed = Object.entries(given).filter(([name]) => !OURS.has(name));
  if (passed.length > 0) wishes.meta = { ...Object.fromEntries(passed), ...wishes.meta };
  return wishes;
};
