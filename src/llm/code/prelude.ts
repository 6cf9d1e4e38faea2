/** What a program finds in its engine. Runs there, before it. */
import type { GuestAnswer, GuestEnd, GuestError, GuestProgram } from './sandbox.ts';

/** The two doors of the engine; a program can reach neither. */
export interface Doors {
  /** Takes a JSON list of answers. */
  turn(answers: string): void;
  /** What there is to say, as JSON, and forgets it. */
  take(): string;
}

/**
 * Must not use any name from outside itself: its text is evaluated in the engine. It takes what it needs before the
 * program can change it, and makes no use of what a program may have put in the way: prototypes, setters, iterators.
 */
export const prelude = (text: string): Doors => {
  const LONGEST_ARGUMENTS = 4 * 1024 * 1024;
  /** Of all calls that have no answer yet: the host holds them. */
  const LONGEST_WAITING = 16 * 1024 * 1024;
  const LONGEST_MESSAGE = 4_000;
  const { parse, stringify } = JSON;
  const { create, defineProperty, freeze, getOwnPropertyNames, preventExtensions } = Object;
  const { apply } = Reflect;
  const { slice } = String.prototype;
  const { isArray } = Array;
  const {
    Error: PlainError,
    TypeError: WrongType,
    ReferenceError: NotThere,
    Promise: Later,
    Proxy: Veil,
    String: textOf,
  } = globalThis;
  const AsyncFunction = (async () => {}).constructor as new (body: string) => () => Promise<unknown>;
  const program = parse(text) as Pick<GuestProgram, 'code' | 'tools' | 'maxCalls' | 'maxOutputChars'>;
  const { maxCalls, maxOutputChars } = program;

  const cut = (long: string, most: number): string => apply(slice, long, [0, most]);
  const put = (target: object, name: string, value: unknown): void => {
    const descriptor = create(null);
    descriptor.value = value;
    defineProperty(target, name, descriptor);
  };

  class ToolError extends PlainError {}
  class OutcomeUnknownError extends ToolError {}
  class DeniedError extends ToolError {}
  class LimitError extends ToolError {}
  put(ToolError.prototype, 'name', 'ToolError');
  put(OutcomeUnknownError.prototype, 'name', 'OutcomeUnknownError');
  put(DeniedError.prototype, 'name', 'DeniedError');
  put(LimitError.prototype, 'name', 'LimitError');
  const errorOf = ({ kind, message, code, tool, executed }: GuestError): ToolError => {
    let error: ToolError;
    if (kind === 'OutcomeUnknownError') error = new OutcomeUnknownError(message);
    else if (kind === 'DeniedError') error = new DeniedError(message);
    else if (kind === 'LimitError') error = new LimitError(message);
    else error = new ToolError(message);
    put(error, 'code', code);
    put(error, 'tool', tool);
    put(error, 'executed', executed);
    return error;
  };

  // What is to be said. Texts that grow, not lists: a setter on a prototype sees every new place of a list.
  let calls = '';
  let logs = '';
  let lostLogs = 0;
  let logChars = 0;
  let end: GuestEnd | undefined;
  let lastId = 0;
  let waitingChars = 0;
  const waiting: Record<number, [resolve: (value: unknown) => void, reject: (error: unknown) => void, chars: number]> =
    create(null);

  const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null && !isArray(value);
  const callOf =
    (place: number, name: string, raw: 0 | 1) =>
    (args: unknown = {}): Promise<unknown> =>
      new Later((resolve, reject) => {
        if (!isRecord(args)) throw new WrongType(`${name} takes one object with its arguments`);
        const written = stringify(args) as string | undefined;
        // What `toJSON` gives need be no object.
        if (written?.[0] !== '{') throw new WrongType(`the arguments of ${name} are no JSON object`);
        const fail = (message: string): void =>
          reject(errorOf({ kind: 'LimitError', code: 'limit', tool: name, message, executed: 'no' }));
        if (lastId >= maxCalls) return fail(`${name} was not called: a program may make ${maxCalls} calls`);
        const { length } = written;
        if (calls.length + length > LONGEST_ARGUMENTS || waitingChars + length > LONGEST_WAITING) {
          return fail(`${name} was not called: its arguments, with those of other calls, are too long`);
        }
        lastId += 1;
        waitingChars += length;
        waiting[lastId] = [resolve, reject, length];
        calls += `${calls === '' ? '' : ','}[${lastId},${place},${raw},${written}]`;
      });

  /** An object of which a name that it does not have is an error which says so. */
  const closed = (target: object, missing: (key: string) => string): object => {
    const handler = create(null);
    handler.get = (own: Record<PropertyKey, unknown>, key: PropertyKey): unknown => {
      // What waits for a promise, or writes JSON, asks everything for these.
      if (typeof key === 'symbol' || key === 'then' || key === 'toJSON' || key in own) return own[key];
      throw new NotThere(missing(textOf(key)));
    };
    return new Veil(freeze(target), handler);
  };
  const tools: object = create(null);
  let place = 0;
  for (let at = 0; at < program.tools.length; at += 1) {
    const [server, names] = program.tools[at] as [string, string[]];
    const ofServer: object = create(null);
    for (let next = 0; next < names.length; next += 1) {
      const name = `${server}.${names[next]}`;
      const tool = callOf(place, name, 0);
      put(tool, 'raw', freeze(callOf(place, name, 1)));
      defineProperty(ofServer, names[next] as string, { value: freeze(tool), enumerable: true });
      place += 1;
    }
    const veiled = closed(ofServer, (key) => `there is no tool ${server}.${key}`);
    defineProperty(tools, server, { value: veiled, enumerable: true });
  }

  const messageOf = (thrown: unknown): { name: string; message: string; stack: string } => {
    const read = (key: 'name' | 'message' | 'stack', most: number): string => {
      const value = (thrown as Record<string, unknown>)[key];
      return typeof value === 'string' ? cut(value, most) : '';
    };
    try {
      if (typeof thrown !== 'object' || thrown === null) {
        return { name: 'thrown', message: cut(textOf(thrown), LONGEST_MESSAGE), stack: '' };
      }
      return {
        name: read('name', 100),
        message: read('message', LONGEST_MESSAGE),
        stack: read('stack', LONGEST_MESSAGE),
      };
    } catch {
      return { name: 'Error', message: 'something was thrown that cannot be shown', stack: '' };
    }
  };
  const shown = (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (typeof value !== 'object' || value === null) return textOf(value);
    if (value instanceof PlainError) {
      const { name, message } = messageOf(value);
      return `${name}: ${message}`;
    }
    try {
      return stringify(value) ?? textOf(value);
    } catch {
      return '[object]';
    }
  };
  const log = (...values: unknown[]): void => {
    let line = '';
    for (let at = 0; at < values.length; at += 1) line += `${at === 0 ? '' : ' '}${shown(values[at])}`;
    const left = maxOutputChars - logChars;
    if (left <= 0) {
      lostLogs += 1;
      return;
    }
    line = line.length > left ? `${cut(line, left)}…` : line;
    logChars += line.length + 1;
    logs += `${logs === '' ? '' : ','}${stringify(line)}`;
  };

  const known = ` Object Function Error EvalError RangeError ReferenceError SyntaxError TypeError URIError InternalError
    AggregateError Iterator Array parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI
    encodeURIComponent escape unescape Infinity NaN undefined eval Number Boolean String Math Reflect Symbol globalThis
    BigInt Date RegExp JSON Proxy Map Set WeakMap WeakSet ArrayBuffer Uint8ClampedArray Int8Array Uint8Array Int16Array
    Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array DataView
    Promise `.split(/\s+/);
  for (const name of getOwnPropertyNames(globalThis)) {
    if (!known.includes(name)) delete (globalThis as Record<string, unknown>)[name];
  }
  const give = (name: string, value: unknown): void => {
    defineProperty(globalThis, name, { value, writable: true, configurable: true });
  };
  give(
    'tools',
    closed(tools, (key) => `there is no server ${key}`),
  );
  give('console', freeze({ log, info: log, warn: log, error: log, debug: log }));
  give('ToolError', ToolError);
  give('OutcomeUnknownError', OutcomeUnknownError);
  give('DeniedError', DeniedError);
  give('LimitError', LimitError);

  // Frames of a stack give their functions away: the doors among them.
  delete (PlainError as { prepareStackTrace?: unknown }).prepareStackTrace;
  // The engine writes JSON by way of a list: a setter for its places would be asked.
  preventExtensions(Object.prototype);
  preventExtensions(Array.prototype);
  // And it puts templates together with this.
  defineProperty(String.prototype, 'concat', { writable: false, configurable: false });

  const run = async (): Promise<void> => {
    try {
      const value = await new AsyncFunction(program.code)();
      if (value === undefined) end = { kind: 'value', chars: 0 };
      else {
        const whole = typeof value === 'string' ? value : stringify(value);
        if (whole === undefined) throw new WrongType('what the program returned is no JSON');
        end = { kind: 'value', text: cut(whole, maxOutputChars), chars: whole.length };
      }
    } catch (thrown) {
      const { name, message, stack } = messageOf(thrown);
      end = { kind: 'error', name, message, stack };
    }
  };
  let isRunning = false;

  return {
    turn(answers) {
      if (!isRunning) {
        isRunning = true;
        void run();
        return;
      }
      const list = parse(answers) as GuestAnswer[];
      for (let at = 0; at < list.length; at += 1) {
        const answer = list[at] as GuestAnswer;
        const doors = waiting[answer[0]];
        delete waiting[answer[0]];
        waitingChars -= doors?.[2] ?? 0;
        if (answer[1] === 1) doors?.[0](answer[2]);
        else doors?.[1](errorOf(answer[2]));
      }
    },
    take() {
      const said = `{"calls":[${calls}],"logs":[${logs}],"lostLogs":${lostLogs}${end === undefined ? '' : `,"end":${stringify(end)}`}}`;
      calls = '';
      logs = '';
      lostLogs = 0;
      return said;
    },
  };
};
