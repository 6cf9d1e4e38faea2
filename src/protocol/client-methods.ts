/** What the methods of a server's client do. Loaded with the first that is called: most programs call tools through the toolkit. */

import type { Call } from '../call.ts';
import type { RequestOptions } from '../options.ts';
import type { ClientPort, ServerClient } from './client.ts';
import type { ListKind, ListKinds } from './lists.ts';
import type { Session } from './session.ts';
import type { JsonObject, Progress } from './types.ts';

interface Asked {
  method: string;
  params: JsonObject;
  options?: RequestOptions;
}

export const createMethods = ({ checkWanted, tellProgress, request }: ClientPort): ServerClient => {
  const run = async <T>(
    { method, params, options: wanted = {} }: Asked,
    ask: (session: Session, call: Call) => Promise<T>,
  ): Promise<T> => {
    checkWanted(wanted);
    const { meta = {}, onProgress } = wanted;
    const heard = onProgress && { onProgress: (progress: Progress) => tellProgress(onProgress, progress) };
    return request(wanted, method, ask, { ...wanted, params, meta, ...heard });
  };
  const perform = <T>(method: string, params: JsonObject, options: RequestOptions = {}): Promise<T> =>
    run({ method, params, options }, (session, call) => session.perform(call) as Promise<T>);
  const list = <K extends ListKind>(kind: K, options: RequestOptions = {}): Promise<ListKinds[K][]> =>
    run(
      { method: `${kind}/list`, params: {}, options },
      async (session, call) => (await session.list(kind, call)).items,
    );

  return {
    about: (options = {}) =>
      run({ method: 'about', params: {}, options }, async ({ era, protocolVersion, identity }) => ({
        ...identity,
        era,
        protocolVersion,
      })),
    callTool: (name, args = {}, options) => perform('tools/call', { name, arguments: args }, options),
    listTools: (options) => list('tools', options),
    listResources: (options) => list('resources', options),
    listResourceTemplates: (options) => list('resourceTemplates', options),
    listPrompts: (options) => list('prompts', options),
    readResource: (uri, options) => perform('resources/read', { uri }, options),
    getPrompt: (name, args, options) =>
      perform('prompts/get', args === undefined ? { name } : { name, arguments: args }, options),
    complete: (ref, argument, { context, ...options } = {}) =>
      perform('completion/complete', { ref, argument, ...(context === undefined ? {} : { context }) }, options),
    subscribe: (uri, options = {}) =>
      run({ method: 'resources/subscribe', params: {}, options }, (session, call) => session.subscribe(call, uri)),
    unsubscribe: (uri, options = {}) =>
      run({ method: 'resources/unsubscribe', params: {}, options }, (session, call) => session.unsubscribe(call, uri)),
    setLogLevel: (level, options = {}) =>
      run({ method: 'logging/setLevel', params: {}, options }, (session, call) => session.setLogLevel(call, level)),
    ping: (options = {}) => run({ method: 'ping', params: {}, options }, (session, call) => session.ping(call)),
    rootsChanged: (options = {}) =>
      run({ method: 'about', params: {}, options }, async (session, call) => session.rootsChanged(call.handlers)),
    request: (method, params = {}, options) => perform(method, params, options),
  };
};
