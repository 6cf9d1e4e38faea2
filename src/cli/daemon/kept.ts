/** The toolkits that stay between lines. */
import type { Toolkit } from '../../api.ts';
import type { RequestHandlers } from '../../handlers.ts';
import type { Middleware } from '../../middleware/middleware.ts';
import type { Launch } from '../../node/runtime.ts';
import type { ServerConfig, ToolkitOptions } from '../../options.ts';
import type { ToolkitSource } from '../command.ts';
import { withoutCallers } from '../without-callers.ts';
import { keyOf } from './key.ts';
import type { KeptReport } from './report.ts';
import { viewOf } from './view.ts';

/** More are not kept: the one that was not used for longest makes room. */
const MOST_TOOLKITS = 32;

export interface KeptOptions {
  create(options: ToolkitOptions, launch: Launch): Promise<Toolkit>;
  /** A toolkit that no line has used for so long is closed. */
  idleMs: number;
  /** Hears when one was closed. */
  closed(): void;
}

/** What a line wants a toolkit for. */
export interface Wanted {
  options: ToolkitOptions;
  source: ToolkitSource;
  launch: Launch;
  signal: AbortSignal;
}

export interface KeptToolkits {
  /** A toolkit for one line, until `end` of that line. */
  take(wanted: Wanted): Promise<Toolkit>;
  readonly size: number;
  report(): Promise<KeptReport[]>;
  close(): Promise<void>;
}

interface Use {
  servers: Readonly<Record<string, ServerConfig>>;
  told: Pick<ToolkitOptions, 'logger' | 'onLog'>;
}

interface Kept {
  place: string;
  cwd: string;
  toolkit: Promise<Toolkit>;
  uses: Set<Use>;
  /** Whose calls are under way, by their id. */
  calls: Map<string, object | undefined>;
  /** Answers the inputs of a server, as the line that started it does. */
  inputs: Map<string, NonNullable<ToolkitOptions['onInput']>>;
  usedAt: number;
  timer: NodeJS.Timeout | undefined;
  /** No further line gets it. */
  isRetired: boolean;
}

const CANCEL = { action: 'cancel' } as const;

export const createKeptToolkits = ({ create, idleMs, closed }: KeptOptions): KeptToolkits => {
  const kept = new Map<string, Kept>();
  const closing = new Set<Promise<void>>();

  const drop = (key: string, one: Kept): void => {
    clearTimeout(one.timer);
    if (kept.get(key) === one) kept.delete(key);
    const gone = one.toolkit
      .then((toolkit) => toolkit.close({ drainMs: 0 }))
      .catch(() => {})
      .then(() => void closing.delete(gone))
      .then(closed);
    closing.add(gone);
  };
  const retire = (key: string, one: Kept): void => {
    one.isRetired = true;
    if (kept.get(key) === one) kept.delete(key);
    if (one.uses.size === 0) drop(key, one);
  };
  const release = (key: string, one: Kept, use: Use): void => {
    if (!one.uses.delete(use) || one.uses.size > 0) return;
    one.usedAt = Date.now();
    if (one.isRetired) drop(key, one);
    else one.timer = setTimeout(() => drop(key, one), idleMs);
  };
  const makeRoom = (): void => {
    const idle = [...kept].filter(([, { uses }]) => uses.size === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (kept.size >= MOST_TOOLKITS && idle[0] !== undefined) drop(...idle[0]);
  };

  const make = (key: string, place: string, { options, source, launch }: Wanted): Kept => {
    const { onElicit: _e, onRefused: _r, onApprove: _a, onInput: _i, logger: _l, onLog: _o, ...shared } = options;
    const one: Kept = {
      place,
      cwd: launch.cwd,
      toolkit: Promise.reject(new Error('not made yet')),
      uses: new Set(),
      calls: new Map(),
      inputs: new Map(),
      usedAt: Date.now(),
      timer: undefined,
      isRetired: false,
    };
    one.toolkit.catch(() => {});
    const told = (server: string | undefined, tell: (use: Use) => void): void => {
      for (const use of one.uses) if (server === undefined || Object.hasOwn(use.servers, server)) tell(use);
    };
    const say = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
      told(undefined, (use) => use.told.logger?.[level](message));
    one.toolkit = create(
      {
        ...shared,
        mcpServers: Object.fromEntries(
          Object.entries(source.mcpServers).map(([name, server]) => [
            name,
            { ...withoutCallers(server), maxRetries: 0 },
          ]),
        ),
        connect: 'lazy',
        // What can be asked is declared at connecting; who answers comes with each request.
        onElicit: () => CANCEL,
        onInput: (input, about) => one.inputs.get(about.server)?.(input, about),
        logger: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
        onLog: (message, about) => told(about.server, (use) => void use.told.onLog?.(message, about)),
      },
      launch,
    ).then((toolkit) => {
      toolkit.use(noteOwner(one.calls));
      // What is held to now may have been agreed to by another program: the next line reads it anew.
      toolkit.on('tool_drift', ({ blocked }) => blocked && retire(key, one));
      return toolkit;
    });
    // One that cannot be made fails for those who wait for it.
    one.toolkit.catch(() => retire(key, one));
    return one;
  };

  const find = (wanted: Wanted): [key: string, one: Kept] => {
    const { all, place } = keyOf(wanted.options, wanted.source, wanted.launch.cwd);
    const known = kept.get(all);
    if (known !== undefined) return [all, known];
    for (const [key, one] of kept) if (one.place === place) retire(key, one);
    makeRoom();
    const made = make(all, place, wanted);
    kept.set(all, made);
    return [all, made];
  };

  return {
    get size() {
      return kept.size + closing.size;
    },
    async take(wanted) {
      const { options, source, signal } = wanted;
      const { mcpServers: servers = {}, onElicit, onRefused, onApprove, logger, onLog } = options;
      const [key, one] = find(wanted);
      clearTimeout(one.timer);
      const use: Use = { servers, told: { ...(logger && { logger }), ...(onLog && { onLog }) } };
      one.uses.add(use);
      one.usedAt = Date.now();
      try {
        const toolkit = await one.toolkit;
        await prepare(toolkit, one, { servers, source, signal });
        const handlers: RequestHandlers = {
          ...(onElicit && { onElicit }),
          ...(onRefused && { onRefused }),
          ...(onApprove && { onApprove: forThisLine(onApprove) }),
        };
        return viewOf(toolkit, {
          servers,
          made: source.mcpServers,
          handlers,
          isOwn: (id) => one.calls.get(id) === handlers,
          end: () => release(key, one, use),
        });
      } catch (error) {
        release(key, one, use);
        throw error;
      }
    },
    report: () => Promise.all([...kept.values()].map(describe)),
    async close() {
      for (const [key, one] of kept) drop(key, one);
      await Promise.all(closing);
    },
  };
};

const describe = async ({ cwd, usedAt, uses, toolkit }: Kept): Promise<KeptReport> => {
  const states = Object.entries(await toolkit.then((made) => made.status()).catch(() => ({})));
  const servers = states.map(([name, { state, pid }]) => ({ name, state, ...(pid !== undefined && { pid }) }));
  return { cwd, usedAt, lines: uses.size, servers };
};

const noteOwner =
  (calls: Kept['calls']): Middleware =>
  (next) =>
  (call) => {
    calls.set(call.id, call.handlers);
    return next(call).finally(() => calls.delete(call.id));
  };

/** "Always" is said for the line: what others call is not approved with it. */
const forThisLine =
  (onApprove: NonNullable<RequestHandlers['onApprove']>): NonNullable<RequestHandlers['onApprove']> =>
  async (request, context) => {
    const answer = await onApprove(request, context);
    if (typeof answer === 'boolean') return answer;
    const { remember: _, ...decision } = answer;
    return decision;
  };

/** Servers that are not there begin anew, as they do with every line of its own process; their inputs are asked for first. */
const prepare = async (
  toolkit: Toolkit,
  { inputs }: Pick<Kept, 'inputs'>,
  { servers, source, signal }: Pick<Use, 'servers'> & Pick<Wanted, 'source' | 'signal'>,
): Promise<void> => {
  const states = toolkit.status();
  const away = Object.entries(servers).filter(([name]) => states[name]?.connected !== true);
  const { onInput } = (await source.answer?.(Object.fromEntries(away))) ?? {};
  for (const [name] of away) {
    if (onInput === undefined) inputs.delete(name);
    else inputs.set(name, onInput);
  }
  const given = away.filter(([name]) => ['failed', 'auth_required'].includes(states[name]?.state ?? ''));
  if (signal.aborted) return;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const again = Promise.allSettled(given.map(([name]) => toolkit.reconnect(name)));
  if (given.length > 0) await Promise.race([again, stopped]);
};
