/** The structured log: what a toolkit does, one line of JSON per event. Arguments and results of tools are not in it. */
import { ToolwayError } from '../errors.ts';
import type { Emitter, EventName } from '../events.ts';
import type { Logger, LogSeverity, LogSink } from '../options.ts';
import type { JsonObject, LogLevel } from '../protocol/types.ts';

export interface Log {
  /** Writes what Toolway itself has to say, and passes it on to the user's own logger where there is one. */
  readonly logger: Logger;
  /** Writes each event from now on that is severe enough. */
  attach(events: Pick<Emitter, 'on'>): void;
}

export interface LogOptions {
  sink: LogSink;
  /** The user's own logger. */
  logger?: Logger | undefined;
  /** Takes the secrets out of what is written. Default: leaves it as it is. */
  masked?: <T>(value: T) => T;
  /** The time of day, in milliseconds since the Unix epoch. */
  now?: () => number;
}

const RANK: Record<LogSeverity, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** All events but `warning`, which the logger is told. */
const EVENTS: Record<Exclude<EventName, 'log' | 'warning'>, LogSeverity> & Record<string, LogSeverity> = {
  connecting: 'debug',
  connected: 'info',
  disconnected: 'warn',
  reconnecting: 'warn',
  failed: 'error',
  tool_call_start: 'debug',
  tool_call_progress: 'debug',
  tool_call_success: 'info',
  tool_call_error: 'error',
  retry: 'warn',
  breaker_open: 'warn',
  breaker_half_open: 'info',
  breaker_closed: 'info',
  tools_changed: 'info',
  resources_changed: 'info',
  prompts_changed: 'info',
  resource_updated: 'debug',
  elicitation_completed: 'debug',
  approval_requested: 'info',
  approval_resolved: 'info',
  tool_drift: 'warn',
  health: 'debug',
};

const SEVERITY: Record<LogLevel, LogSeverity> = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
  alert: 'error',
  emergency: 'error',
};

const TEXT_CHARS = 2_000;
const LINE_CHARS = 32_000;

/** A line has `time`, `level`, `event` or `message`, and then what there is to say: `server`, `tool`, `id`, `durationMs`, `code`, … */
export const createLog = ({ sink, logger, masked = (value) => value, now = Date.now }: LogOptions): Log => {
  const { write, level: least = 'info' } = typeof sink === 'function' ? { write: sink } : sink;
  const isWanted = (level: LogSeverity): boolean => RANK[level] >= RANK[least];

  const line = (level: LogSeverity, head: JsonObject, facts: object): void => {
    if (isWanted(level))
      write(lineOf({ time: new Date(now()).toISOString(), level, ...head }, masked(withoutContent(facts))));
  };
  const speak =
    (level: LogSeverity) =>
    (message: string, facts: JsonObject = {}): void => {
      line(level, { message }, facts);
      logger?.[level](message, facts);
    };

  return {
    logger: { debug: speak('debug'), info: speak('info'), warn: speak('warn'), error: speak('error') },
    attach(events) {
      for (const [event, level] of Object.entries(EVENTS)) {
        if (isWanted(level)) events.on(event as EventName, (told) => line(level, { event }, told));
      }
      events.on('log', ({ level, logger: source, data, server, scope }) =>
        line(SEVERITY[level] ?? 'info', { event: 'log' }, { server, scope, source, data }),
      );
    },
  };
};

const lineOf = (head: JsonObject, facts: JsonObject): string => {
  const text = json({ ...head, ...facts, ...head });
  return text !== undefined && text.length <= LINE_CHARS ? text : (json({ ...head, cut: true }) ?? '');
};

/** What the log leaves out, and what it writes of an error in its place. */
const withoutContent = (facts: object): JsonObject => {
  const { arguments: _arguments, result, error, scope, ...rest } = facts as JsonObject;
  return {
    ...(scope === '' ? {} : { scope }),
    ...rest,
    ...(result === undefined ? {} : { isError: (result as JsonObject).isError === true }),
    ...(error === undefined ? {} : errorFacts(error)),
  };
};

const errorFacts = (error: unknown): JsonObject => {
  if (!(error instanceof ToolwayError)) return { error };
  const { message: reason, data: _data, ...facts } = error.toJSON();
  return { ...facts, reason };
};

/** One line without control characters; undefined for what cannot be written as JSON. */
const json = (value: JsonObject): string | undefined => {
  try {
    const text = JSON.stringify(value, (key, part: unknown) => {
      if (typeof part === 'string' && part.length > TEXT_CHARS) return `${part.slice(0, TEXT_CHARS)}…`;
      if (typeof part === 'number' && key.endsWith('Ms')) return Math.round(part * 1_000) / 1_000;
      if (typeof part === 'bigint') return String(part);
      if (part instanceof ToolwayError) return errorFacts(part);
      return part instanceof Error ? { name: part.name, reason: part.message } : part;
    });
    return text.replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  } catch {
    return undefined;
  }
};
