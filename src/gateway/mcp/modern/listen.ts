/** `subscriptions/listen`: one request whose answer is a stream of changes (2026-07-28 basic/patterns/subscriptions). */
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, META } from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import type { Caller } from '../../principal.ts';
import { mayOr } from '../methods.ts';
import type { Surface } from '../surface.ts';
import { complete, TASKS_EXTENSION } from './answers.ts';
import type { ModernRequest } from './envelope.ts';
import { HttpFault, invalidParams, missingCapability } from './faults.ts';
import { type EventStream, openEventStream } from './reply.ts';
import type { Tasks } from './tasks.ts';

export interface Listening {
  /** Opens a stream; resolves to it once what was asked for is subscribed to. */
  open(wish: ListenWish): Promise<Response>;
}

interface ListenWish {
  request: Request;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  envelope: ModernRequest;
  caller: Caller;
  surface: Surface;
}

/** Resources and tasks of one subscription. */
const MAX_NAMED = 256;
/** Servers have so long to agree to the subscriptions that are asked for with one request; what takes longer is not granted. */
const GRANT_MS = 5_000;
/** Changes that come in a flurry are told of once. */
const COALESCE_MS = 20;

const KINDS = {
  toolsListChanged: { event: 'tools_changed', method: 'notifications/tools/list_changed', of: 'tools' },
  promptsListChanged: { event: 'prompts_changed', method: 'notifications/prompts/list_changed', of: 'prompts' },
  resourcesListChanged: { event: 'resources_changed', method: 'notifications/resources/list_changed', of: 'resources' },
} as const;
type Kind = keyof typeof KINDS;

/** What a client asks to hear of. */
interface Filter {
  kinds: Kind[];
  resources: string[];
  tasks: string[];
}

export const createListening = (context: GatewayContext, tasks: Tasks): Listening => {
  const { toolkit, dispatch, credentials, resources, clock, limits, closing, lasting } = context;
  const streams = new Map<string, number>();

  const enter = ({ principal }: Caller): (() => void) => {
    const open = streams.get(principal.id) ?? 0;
    if (open >= limits.maxStreams) {
      throw new ToolwayError('backpressure', `${limits.maxStreams} subscriptions of one caller are open already`, {
        executed: 'no',
        limit: limits.maxStreams,
      });
    }
    streams.set(principal.id, open + 1);
    return () => {
      const left = (streams.get(principal.id) ?? 1) - 1;
      if (left === 0) streams.delete(principal.id);
      else streams.set(principal.id, left);
    };
  };

  /** Servers of the caller's own that it has once called are kept to be heard. */
  const holdScopes = (caller: Caller, surface: Surface): (() => void) => {
    const scopes = new Set(surface.servers(caller).map((server) => dispatch.scopeOf(caller, server)));
    scopes.delete('');
    const held = [...scopes].map((scope) => toolkit.holdScope(scope, { close: false }));
    return () => {
      for (const hold of held) void hold.then((release) => release());
    };
  };

  return {
    async open({ request, signal, envelope, caller, surface }) {
      mayOr('read', caller);
      if (request.headers.get('accept')?.includes('text/event-stream') === false) {
        throw new HttpFault(406, -32600, 'subscriptions/listen is answered with text/event-stream');
      }
      const filter = readFilter(envelope);
      const ends = [enter(caller)];
      let isOver = false;
      const stop = (): void => {
        if (isOver) return;
        isOver = true;
        for (const end of ends) end();
      };
      const keep = (end: () => void): void => {
        if (isOver) end();
        else ends.push(end);
      };

      const subscription = { [META.subscriptionId]: envelope.id };
      const stream: EventStream = openEventStream(envelope.id, { clock, onLeave: stop });
      const waiting: { method: string; params: JsonObject }[] = [];
      let isAcknowledged = false;
      const say = (method: string, params: JsonObject = {}): void => {
        if (isOver) return;
        if (!isAcknowledged) {
          waiting.push({ method, params });
          return;
        }
        if (stream.say({ jsonrpc: '2.0', method, params: { ...params, _meta: subscription } })) return;
        // A reader that misses changes must not believe that there were none.
        stop();
        stream.cut();
      };
      const sayOnce = coalesced(clock, say);

      try {
        const { capabilities } = await surface.about(caller);
        const kinds = filter.kinds.filter((kind) => capabilities[KINDS[kind].of] !== undefined);
        for (const kind of kinds) {
          const { event, method, of } = KINDS[kind];
          const hear = ({ server, scope }: { server: string; scope: string }): void => {
            const isServed = surface.server === undefined || surface.server === server;
            if (toolkit.wantsCredentials(server) && scope !== caller.principal.id) return;
            if (isServed && caller.principal.sees(server, undefined, of)) sayOnce(method);
          };
          keep(toolkit.on(event, hear));
          if (credentials !== undefined)
            keep(credentials.on(({ server, principal: scope }) => hear({ server, scope })));
        }
        if (kinds.length > 0) keep(holdScopes(caller, surface));
        const subscribe = async (uri: string): Promise<string | undefined> => {
          const server = await surface.serverOf(caller, uri);
          const place = { server, scope: dispatch.scopeOf(caller, server), principal: caller.principal.id, uri };
          const leave = await resources.add(place, () => say('notifications/resources/updated', { uri }));
          // A server that is gone has nothing to be told.
          keep(() => void leave().catch(() => {}));
          return uri;
        };
        const subscribed = await granted(clock, filter.resources.map(subscribe));
        const watched: string[] = [];
        for (const taskId of filter.tasks) {
          const end = await tasks.watch(caller, taskId, (task) => say('notifications/tasks', task));
          if (end === undefined) continue;
          keep(end);
          watched.push(taskId);
        }
        isAcknowledged = true;
        say('notifications/subscriptions/acknowledged', {
          notifications: {
            ...Object.fromEntries(kinds.map((kind) => [kind, true])),
            ...(filter.resources.length > 0 && { resourceSubscriptions: subscribed }),
            ...(filter.tasks.length > 0 && { taskIds: watched }),
          },
        });
        for (const { method, params } of waiting.splice(0)) say(method, params);
      } catch (error) {
        stop();
        stream.cut();
        throw error;
      }
      const finish = (): void => {
        if (isOver) return;
        stop();
        stream.end({ status: 200, result: complete({ _meta: subscription }) });
      };
      keep(whenAborted(closing, finish));
      keep(lasting.hold(() => caller.principal, finish));
      const leave = (): void => {
        stop();
        stream.cut();
      };
      keep(whenAborted(signal, leave));
      return stream.response;
    },
  };
};

const readFilter = ({ params: { notifications }, capabilities }: ModernRequest): Filter => {
  if (!isObject(notifications)) throw invalidParams('notifications is not an object');
  const tasks = readNames(notifications.taskIds, 'notifications.taskIds');
  const { extensions } = capabilities;
  if (tasks.length > 0 && !(isObject(extensions) && isObject(extensions[TASKS_EXTENSION])))
    throw missingCapability({ extensions: { [TASKS_EXTENSION]: {} } });
  return {
    kinds: (Object.keys(KINDS) as Kind[]).filter((kind) => notifications[kind] === true),
    resources: readNames(notifications.resourceSubscriptions, 'notifications.resourceSubscriptions'),
    tasks,
  };
};

const readNames = (value: unknown, where: string): string[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    throw invalidParams(`${where} is not a list of texts`);
  }
  if (value.length > MAX_NAMED) throw invalidParams(`${where} has more than ${MAX_NAMED} entries`);
  return [...new Set<string>(value)];
};

/** Those that were granted in time; what fails is not granted. */
const granted = async (clock: GatewayContext['clock'], asked: Promise<string | undefined>[]): Promise<string[]> => {
  if (asked.length === 0) return [];
  const late = new Promise<undefined>((resolve) => {
    const timer = clock.after(GRANT_MS, () => resolve(undefined));
    timer.keepAlive(false);
    void Promise.allSettled(asked).then(() => timer.cancel());
  });
  const each = asked.map((one) => Promise.race([one, late]).catch(() => undefined));
  return (await Promise.all(each)).filter((uri) => uri !== undefined);
};

const coalesced = (clock: GatewayContext['clock'], say: (method: string) => void): ((method: string) => void) => {
  const waiting = new Set<string>();
  return (method) => {
    if (waiting.has(method)) return;
    waiting.add(method);
    const timer = clock.after(COALESCE_MS, () => {
      waiting.delete(method);
      say(method);
    });
    timer.keepAlive(false);
  };
};
