/** What commands about servers share: which ones, what each lists, and how each is. */
import type { Listed, ServerStatus, Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { Job, Session } from './command.ts';
import { EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';
import { safeLine } from './safe-text.ts';
import { requireServer } from './session.ts';
import { untilAborted } from './until.ts';

/** Opens the toolkit with the server that the first positional names, or with all. */
export const openServers = ({ args, open }: Job, allowNone = false): Promise<Session> =>
  open({
    allowNone,
    choose: (servers) => {
      const [name] = args;
      if (name === undefined) return servers;
      requireServer(name, servers);
      return [name];
    },
  });

/** An entry of the catalogue as its server gave it, plus its qualified name. */
export const ownFields = <T extends Listed>({ server: _server, fetchedAt: _at, stale: _stale, ...own }: T) => own;

/** What one server answered, or why it did not. */
export interface ServerAnswer<T> {
  name: string;
  status: ServerStatus | undefined;
  value?: T;
  error?: ToolwayError;
}

/** Asks every server, at the same time; one that fails does not stop the others. Disabled servers are not asked. */
export const askServers = <T>(
  { toolkit, servers, lasting }: Session,
  signal: AbortSignal,
  ask: (toolkit: Toolkit, server: string) => Promise<T>,
): Promise<ServerAnswer<T>[]> => {
  const one = async (name: string): Promise<ServerAnswer<T>> => {
    const before = toolkit.status()[name];
    if (before?.state === 'disabled') return { name, status: before };
    try {
      const value = await ask(toolkit, name);
      const status = toolkit.status()[name];
      return {
        name,
        status,
        value,
        ...(status?.connected === false && status.lastError && { error: status.lastError }),
      };
    } catch (thrown) {
      const status = toolkit.status()[name];
      const error = (status?.connected !== true && status?.lastError) || ToolwayError.from(thrown, { server: name });
      // Whoever does not go on has given up, whatever the attempt itself may still come to.
      const isGivenUp = lasting !== true && status?.state === 'connecting';
      return { name, status: isGivenUp ? { ...status, state: 'failed', lastError: error } : status, error };
    }
  };
  return untilAborted(Promise.all(servers.map(one)), signal);
};

/** True when servers should have been there and not one is. */
export const noneConnected = (answers: readonly ServerAnswer<unknown>[]): boolean => {
  const asked = answers.filter(({ status }) => status?.state !== 'disabled');
  return asked.length > 0 && asked.every(({ status }) => status?.connected !== true);
};

/** Says which servers did not answer. Throws the first failure when no server is connected. */
export const noteFailures = async (answers: readonly ServerAnswer<unknown>[], output: Output): Promise<void> => {
  const failed = answers.filter(({ error }) => error !== undefined);
  if (noneConnected(answers) && failed[0]?.error !== undefined) throw failed[0].error;
  for (const { error } of failed) await output.note(output.remarks.red(safeLine(`toolway: ${error?.message}`)));
};

/** The exit code of a command that always prints what it knows. */
export const exitOf = (answers: readonly ServerAnswer<unknown>[]): number =>
  noneConnected(answers) ? EXIT.notConnected : EXIT.done;

/** The transport of a server, also of one that never connected. */
export const transportOf = (status: ServerStatus | undefined, config: ServerConfig | undefined): string | undefined => {
  if (status?.transport !== undefined) return status.transport;
  if (typeof config?.transport === 'string') return config.transport;
  if (config?.command !== undefined) return 'stdio';
  if (config?.url === undefined) return undefined;
  return config.url.startsWith('ws') ? 'websocket' : 'http';
};
