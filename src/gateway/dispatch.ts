/** Where requests of all faces become calls of the toolkit: on behalf of their caller, over the connection that is the caller's. */
import type { ListedPrompt, ListedResource, ListedResourceTemplate, ListedTool, ListFilter, Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import type { RequestHandlers } from '../handlers.ts';
import { qualify } from '../names.ts';
import type { CallOptions, Isolation } from '../options.ts';
import type {
  CallToolResult,
  Completion,
  CompletionReference,
  GetPromptResult,
  ReadResourceResult,
} from '../protocol/types.ts';
import type { ApprovalHearers, Approvals } from './approvals/approvals.ts';
import type { AskForCredentials } from './credentials/ask.ts';
import { credentialsUrlOf } from './credentials/missing.ts';
import { type Caller, demand } from './principal.ts';

/** What one request may ask for beside its arguments. */
export type Wishes = Pick<
  CallOptions,
  'signal' | 'timeoutMs' | 'totalTimeoutMs' | 'onProgress' | 'meta' | 'handlers' | 'idempotencyKey' | 'taint'
> &
  Pick<ApprovalHearers, 'onApproval'>;

/** For how long servers that are still being connected are waited for. Default 8 000 ms: clients have patience, but not with every server. */
export type ListWishes = Pick<Wishes, 'timeoutMs' | 'signal'>;

/** A tool or a prompt, by the names that the configuration and its server give it. */
export interface Target {
  server: string;
  name: string;
}

export interface Dispatch {
  callTool(caller: Caller, tool: Target, args: Record<string, unknown>, wishes?: Wishes): Promise<CallToolResult>;
  getPrompt(caller: Caller, prompt: Target, args?: Record<string, string>, wishes?: Wishes): Promise<GetPromptResult>;
  /** Without `server`, the first one among those that the caller sees that has the resource. */
  readResource(caller: Caller, uri: string, wishes?: Wishes & { server?: string }): Promise<ReadResourceResult>;
  /** The first server among those that the caller sees that has the resource. */
  serverOf(caller: Caller, uri: string): Promise<string>;
  complete(
    caller: Caller,
    server: string,
    ref: CompletionReference,
    argument: { name: string; value: string },
    wishes?: Wishes & { context?: { arguments: Record<string, string> } },
  ): Promise<Completion>;
  /** What the caller sees of each list; of one server where one is named. */
  tools(caller: Caller, server?: string, wishes?: ListWishes): Promise<ListedTool[]>;
  resources(caller: Caller, server?: string, wishes?: ListWishes): Promise<ListedResource[]>;
  resourceTemplates(caller: Caller, server?: string, wishes?: ListWishes): Promise<ListedResourceTemplate[]>;
  prompts(caller: Caller, server?: string, wishes?: ListWishes): Promise<ListedPrompt[]>;
  /** The servers that the caller sees, in the order of the configuration. */
  servers(caller: Caller): string[];
  /** The scope of a caller's calls to a server. */
  scopeOf(caller: Caller, server: string): string;
}

export interface DispatchOptions {
  toolkit: Toolkit;
  /** Once it is aborted, nothing that is still to begin is let through. Default: never. */
  closing?: AbortSignal;
  isolationOf(server: string): Isolation;
  /** Where calls wait that the policy asks about. Without it the toolkit's own handlers are asked. */
  approvals?: Pick<Approvals, 'ask'>;
  /** Asks whoever lacks credentials of its own for them. Without it nobody is asked. */
  askForCredentials?: AskForCredentials['ask'];
}

/** For how long lists wait for servers that are being connected for the first time. */
export const LIST_WAIT_MS = 8_000;

const NO_WISHES: Wishes = {};

export const createDispatch = (options: DispatchOptions): Dispatch => {
  const { toolkit, closing, isolationOf, approvals, askForCredentials } = options;
  const scopeOf: Dispatch['scopeOf'] = ({ principal, session }, server) => {
    const isolation = isolationOf(server);
    if (isolation === 'shared') return '';
    return isolation === 'perSession' && session !== undefined ? session : principal.id;
  };
  /** Written out: faces give them in many shapes, of which a copy costs more than all else here. */
  const optionsFor = (caller: Caller, server: string, wishes: Wishes = NO_WISHES): CallOptions => ({
    signal: wishes.signal,
    timeoutMs: wishes.timeoutMs,
    totalTimeoutMs: wishes.totalTimeoutMs,
    onProgress: wishes.onProgress,
    meta: wishes.meta,
    handlers: wishes.handlers,
    idempotencyKey: wishes.idempotencyKey,
    taint: wishes.taint,
    principal: caller.principal.id,
    scope: scopeOf(caller, server),
  });
  /** With the approvals beside what answers for the caller; requests of one conversation stay so. */
  const withApproval = (caller: Caller, wishes: Wishes | undefined): RequestHandlers | undefined => {
    const given = wishes?.handlers;
    if (approvals === undefined) return given;
    const all: Record<keyof RequestHandlers, unknown> & RequestHandlers = {
      onElicit: given?.onElicit,
      onSample: given?.onSample,
      roots: given?.roots,
      onRefused: given?.onRefused,
      capabilities: given?.capabilities,
      conversation: given?.conversation ?? given,
      onApprove: (request, context) =>
        approvals.ask(caller, request, context, { onElicit: given?.onElicit, onApproval: wishes?.onApproval }),
    };
    return all;
  };
  /** Asked for at the one place that every face comes by, and paid for there: one request may hold many calls. */
  const admit = ({ principal }: Caller): void | Promise<void> => {
    demand(principal, 'call');
    if (closing?.aborted === true) throw new ToolwayError('closed', 'the gateway is closing', { executed: 'no' });
    return principal.charge?.();
  };
  const noServer = (server: string): ToolwayError =>
    new ToolwayError('unknown_server', `there is no server ${JSON.stringify(server)}`, { executed: 'no' });
  /** The toolkit would take a name whose first part is no server for the whole name of some tool, of a server that the caller may not see. */
  const mustExist = (server: string): void => {
    if (!toolkit.has(server)) throw noServer(server);
  };
  const mustSee = ({ principal }: Caller, server: string): void => {
    if (!principal.sees(server)) throw noServer(server);
    mustExist(server);
  };
  const servers: Dispatch['servers'] = ({ principal }) =>
    Object.keys(toolkit.status()).filter((server) => principal.sees(server));
  const serverOf: Dispatch['serverOf'] = (caller, uri) => {
    const seen = servers(caller).filter((server) => caller.principal.sees(server, uri, 'resources'));
    return toolkit.findResource(uri, { servers: seen, principal: caller.principal.id });
  };
  /** What is not seen is not there, whether its server has it or not. */
  const mustSeeOf = ({ principal }: Caller, kind: 'resources' | 'prompts', server: string, name: string): void => {
    if (principal.sees(server, name, kind)) return;
    const what = kind === 'prompts' ? 'prompt' : 'resource';
    const reason = `there is no ${what} ${JSON.stringify(name.slice(0, 200))}`;
    throw new ToolwayError(`unknown_${what}`, reason, { server, executed: 'no' });
  };

  const narrowed = (caller: Caller, server: string | undefined, wishes?: ListWishes): ListFilter => {
    const asked = { timeoutMs: LIST_WAIT_MS, ...wishes, principal: caller.principal.id };
    if (server === undefined) return asked;
    mustSee(caller, server);
    return { ...asked, server };
  };
  /** The names that somebody may have meant are told as far as the caller sees them. */
  const asSeen = ({ principal }: Caller, { server, name }: Target, thrown: unknown): unknown => {
    if (!(thrown instanceof ToolwayError) || thrown.code !== 'unknown_tool') return thrown;
    const { matches = [] } = thrown;
    const seen = matches.filter((match) => principal.sees(server, match.slice(server.length + 1)));
    if (seen.length === matches.length) return thrown;
    return new ToolwayError('unknown_tool', 'there is no such tool', {
      server,
      tool: name,
      executed: 'no',
      matches: seen,
    });
  };
  /** Makes a call again for which its caller has been asked for credentials, and has given them. */
  const onceGiven = async <T>(
    thrown: unknown,
    caller: Caller,
    server: string,
    wishes: Wishes | undefined,
    again: () => Promise<T>,
  ): Promise<T> => {
    const whose = { caller, server, scope: scopeOf(caller, server) };
    if ((await askForCredentials?.(thrown, whose, wishes ?? {})) !== true) throw thrown;
    // Somebody else may have its name by now.
    demand(caller.principal, 'call');
    return again();
  };

  return {
    scopeOf,
    servers,
    serverOf,
    async callTool(caller, { server, name }, args, wishes) {
      if (!caller.principal.sees(server, name)) {
        const { id } = caller.principal;
        throw new ToolwayError('denied', `${id} may not use this tool`, { server, tool: name, executed: 'no' });
      }
      mustExist(server);
      const charged = admit(caller);
      if (charged !== undefined) await charged;
      const options = optionsFor(caller, server, wishes);
      const handlers = withApproval(caller, wishes);
      if (handlers !== undefined) options.handlers = handlers;
      try {
        return await toolkit.callTool(qualify(server, name), args, options);
      } catch (thrown) {
        if (credentialsUrlOf(thrown) === undefined) throw asSeen(caller, { server, name }, thrown);
        return onceGiven(thrown, caller, server, wishes, () => toolkit.callTool(qualify(server, name), args, options));
      }
    },
    async getPrompt(caller, { server, name }, args, wishes) {
      mustSee(caller, server);
      mustSeeOf(caller, 'prompts', server, name);
      await admit(caller);
      const ask = () => toolkit.getPrompt(qualify(server, name), args, optionsFor(caller, server, wishes));
      return ask().catch((thrown: unknown) => onceGiven(thrown, caller, server, wishes, ask));
    },
    async readResource(caller, uri, { server: named, ...wishes } = {}) {
      if (named !== undefined) {
        mustSee(caller, named);
        mustSeeOf(caller, 'resources', named, uri);
      }
      await admit(caller);
      const server = named ?? (await serverOf(caller, uri));
      const ask = () => toolkit.readResource(uri, { ...optionsFor(caller, server, wishes), server });
      return ask().catch((thrown: unknown) => onceGiven(thrown, caller, server, wishes, ask));
    },
    async complete(caller, server, ref, argument, { context, ...wishes } = {}) {
      mustSee(caller, server);
      if (ref.type === 'ref/prompt') mustSeeOf(caller, 'prompts', server, ref.name);
      else mustSeeOf(caller, 'resources', server, ref.uri);
      const options = { ...optionsFor(caller, server, wishes), server, ...(context !== undefined && { context }) };
      return toolkit.complete(ref, argument, options);
    },
    async tools(caller, server, wishes) {
      const listed = await toolkit.listTools(narrowed(caller, server, wishes));
      return listed.filter((tool) => caller.principal.sees(tool.server, tool.name));
    },
    async resources(caller, server, wishes) {
      const listed = await toolkit.listResources(narrowed(caller, server, wishes));
      return listed.filter((one) => caller.principal.sees(one.server, one.uri, 'resources'));
    },
    async resourceTemplates(caller, server, wishes) {
      const listed = await toolkit.listResourceTemplates(narrowed(caller, server, wishes));
      return listed.filter((one) => caller.principal.sees(one.server, one.uriTemplate, 'resources'));
    },
    async prompts(caller, server, wishes) {
      const listed = await toolkit.listPrompts(narrowed(caller, server, wishes));
      return listed.filter((one) => caller.principal.sees(one.server, one.name, 'prompts'));
    },
  };
};
