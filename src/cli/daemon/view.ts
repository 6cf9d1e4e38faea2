/** The toolkit of a line, made of one that several share: it has the servers that the line chose, its limits, and its person. */
import type { Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { EventHandler, EventName } from '../../events.ts';
import type { RequestHandlers } from '../../handlers.ts';
import type { RequestOptions, ServerConfig } from '../../options.ts';

export interface ViewOptions {
  /** The servers of the line, as it wants them. */
  servers: Readonly<Record<string, ServerConfig>>;
  /** The same servers, as the shared toolkit has them. */
  made: Readonly<Record<string, ServerConfig>>;
  /** Who answers what servers ask in the course of a call of this line. */
  handlers: RequestHandlers;
  /** Whether a call of the shared toolkit is one of this line. */
  isOwn(callId: string): boolean;
  /** The line is done with it. */
  end(): void;
}

export const viewOf = (toolkit: Toolkit, { servers, made, handlers, isOwn, end }: ViewOptions): Toolkit => {
  const names = Object.keys(servers);
  const only = names.length === 1 ? names[0] : undefined;
  const hasAll = names.length === Object.keys(made).length;
  const offs: (() => void)[] = [];

  /** What the line says over the limits of the server, where the call does not. */
  const wishes = <T extends RequestOptions>(wanted: T | undefined, server = only): T => {
    const own = server === undefined ? {} : (servers[server] ?? {});
    const { timeoutMs, totalTimeoutMs } = own;
    return {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(totalTimeoutMs !== undefined && { totalTimeoutMs }),
      ...wanted,
      handlers,
    } as T;
  };
  /** Waits no longer than the line does, where it says so. */
  const connected = async (server: string | undefined): Promise<void> => {
    for (const name of server === undefined ? names : [server]) {
      const timeoutMs = servers[name]?.connectTimeoutMs;
      if (timeoutMs === undefined || timeoutMs === made[name]?.connectTimeoutMs) continue;
      if (toolkit.status()[name]?.connected === true) continue;
      await toolkit.waitForConnection(name, { timeoutMs }).catch((thrown: unknown) => {
        const error = ToolwayError.from(thrown);
        if (error.code !== 'timeout') throw error;
        throw new ToolwayError('connect_timeout', `no connection within ${timeoutMs} ms`, {
          server: name,
          limit: timeoutMs,
          executed: 'no',
        });
      });
    }
  };
  const ownerOf = (name: string): string | undefined =>
    names.find((server) => name.startsWith(`${server}.`) || name.startsWith(`${server}__`));
  const serverOf = (name: string): string | undefined => ownerOf(name) ?? only;
  /** Of the servers that the line has not chosen another one could have a prompt of this name. */
  const promptNamed = (name: string): string =>
    only === undefined || hasAll || ownerOf(name) !== undefined ? name : `${only}.${name}`;
  const listed =
    <W extends RequestOptions & { server?: string }, T>(list: (wanted: W) => Promise<T>) =>
    async (wanted?: W): Promise<T> => {
      const server = wanted?.server ?? only;
      await connected(server);
      return list({ ...wishes(wanted, server), ...(server !== undefined && { server }) });
    };
  const close = async (): Promise<void> => {
    for (const off of offs.splice(0)) off();
    end();
  };

  return {
    ...toolkit,
    callTool: (name, args, wanted) => toolkit.callTool(name, args, wishes(wanted, serverOf(name))),
    tryCall: (name, args, wanted) => toolkit.tryCall(name, args, wishes(wanted, serverOf(name))),
    listTools: listed(toolkit.listTools),
    listResources: listed(toolkit.listResources),
    listResourceTemplates: listed(toolkit.listResourceTemplates),
    listPrompts: listed(toolkit.listPrompts),
    searchTools: (query, wanted) => toolkit.searchTools(query, { ...(only && { server: only }), ...wishes(wanted) }),
    readResource: (uri, wanted) =>
      toolkit.readResource(uri, { ...(only && { server: only }), ...wishes(wanted, wanted?.server) }),
    getPrompt: (name, args, wanted) => toolkit.getPrompt(promptNamed(name), args, wishes(wanted, serverOf(name))),
    complete: (ref, argument, wanted) => toolkit.complete(ref, argument, wishes(wanted, wanted.server)),
    async ping(name, wanted) {
      await connected(name);
      return toolkit.ping(name, wishes(wanted, name));
    },
    async waitForConnection(name, wanted) {
      await connected(name);
      return toolkit.waitForConnection(name, wanted);
    },
    status: () => Object.fromEntries(Object.entries(toolkit.status()).filter(([name]) => Object.hasOwn(servers, name))),
    on<E extends EventName>(event: E, handler: EventHandler<E>) {
      const off = toolkit.on(event, (told) => {
        const about: { server: string; id?: string } = told;
        if (!Object.hasOwn(servers, about.server)) return;
        if (about.id === undefined || isOwn(about.id)) return handler(told);
      });
      offs.push(off);
      return off;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
