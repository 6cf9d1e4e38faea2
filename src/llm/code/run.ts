/** One program from its first turn to its end: its calls are counted and queued, its time measured, its answers handed back. */
import type { Clock, Timer } from '../../clock.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { CodeLimits, Guest, GuestEnd, GuestNews, GuestProgram, Sandbox, Turn } from './sandbox.ts';

/** A tool that a program can call. */
export interface RunTool {
  server: string;
  name: string;
  qualifiedName: string;
}

/** A call whose answer a program did not wait for, or could not have, or whose outcome nobody knows. */
export interface LooseCall {
  tool: string;
  /** `queued`: it was never made. `unanswered`, `unknown`: nobody knows whether it took effect; in the latter case an answer says so. */
  became: 'answered' | 'failed' | 'queued' | 'unanswered' | 'unknown';
}

/** What came of a program. */
export interface RunReport {
  end:
    | GuestEnd
    | { kind: 'time' }
    | { kind: 'exhausted' }
    /** It waits for something that nothing will bring. */
    | { kind: 'stuck' }
    | { kind: 'broken'; message: string }
    /** It was not begun: as many as this run already. */
    | { kind: 'full'; limit: number };
  logs: string[];
  lostLogs: number;
  /** Calls that were made. */
  calls: number;
  loose: LooseCall[];
}

/** What a run needs of whoever starts it. */
export interface RunHost {
  limits: CodeLimits;
  clock: Clock;
  signal: AbortSignal;
  /** Makes a call; its answer, whatever it is. Never rejects. */
  call(tool: RunTool, args: JsonObject, isRaw: boolean, signal: AbortSignal): Promise<GuestAnswerText>;
}
/** The second and third member of a `GuestAnswer`, as JSON. */
export interface GuestAnswerText {
  text: string;
  failed: boolean;
  /** The call failed, and nobody knows whether it took effect. */
  isUnknown: boolean;
}

export interface Run {
  report: Promise<RunReport>;
  /** Whether a call to this tool is under way. */
  isCalling(server: string, name: string): boolean;
  /** Stops the clock of the whole until it is called with false. */
  hold(yes: boolean): void;
}

/** How long calls that a program left behind have to come to an end; then they are cancelled, and have as long again. */
const SETTLE_MS = 2_000;

/** How long an engine has to stop by itself. */
const GRACE_MS = 1_000;

interface Pending {
  id: number;
  tool: RunTool;
  args: JsonObject;
  isRaw: boolean;
}

/** Starts a program. The report never rejects; where the signal aborts, it is that of a program whose time was over. */
export const startRun = (
  sandbox: Sandbox,
  code: string,
  tools: readonly RunTool[],
  { limits, clock, signal, call }: RunHost,
): Run => {
  const order = byServer(tools);
  const cancelling = new AbortController();
  const flying = new Map<number, Pending>();
  const queue: Pending[] = [];
  const settled: LooseCall[] = [];
  const report: RunReport = { end: { kind: 'time' }, logs: [], lostLogs: 0, calls: 0, loose: [] };
  let resolve = (_report: RunReport): void => {};
  const whole = new Promise<RunReport>((done) => {
    resolve = done;
  });
  const answers: (LooseCall & { text: string })[] = [];
  let isBusy = true;
  let isFlushing = false;
  let isOver = false;
  let timer: Timer | undefined;
  let landed = (): void => {};

  const finish = async (end: RunReport['end']): Promise<void> => {
    if (isOver) return;
    isOver = true;
    timer?.cancel();
    signal.removeEventListener('abort', aborted);
    guest.close();
    report.end = end;
    settled.push(...answers.filter(({ became }) => became !== 'unknown'));
    for (const { tool } of queue.splice(0)) settled.push({ tool: tool.qualifiedName, became: 'queued' });
    if (!signal.aborted) await allLanded();
    if (flying.size > 0) {
      cancelling.abort();
      await allLanded();
    }
    for (const { tool } of flying.values()) settled.push({ tool: tool.qualifiedName, became: 'unanswered' });
    report.loose = settled;
    resolve(report);
  };
  const allLanded = (): Promise<void> => {
    if (flying.size === 0) return Promise.resolve();
    return new Promise((done) => {
      const patience = clock.after(SETTLE_MS, done);
      landed = () => {
        if (flying.size > 0) return;
        patience.cancel();
        done();
      };
    });
  };

  const hear = (turn: Turn): void => {
    if (isOver) return;
    const news = turn.text === undefined ? undefined : readNews(turn.text);
    if (news !== undefined) {
      for (const line of news.logs) report.logs.push(line);
      report.lostLogs += news.lostLogs;
    }
    if (turn.stopped !== undefined) {
      const { stopped } = turn;
      if (stopped.by === 'lost') return void finish({ kind: 'broken', message: stopped.message });
      return void finish(stopped.by === 'full' ? { kind: 'full', limit: stopped.limit } : { kind: stopped.by });
    }
    if (news === undefined) return void finish({ kind: 'broken', message: 'it said what cannot be read' });
    for (const said of news.calls) admit(said);
    if (news.end !== undefined) return void finish(news.end);
    isBusy = false;
    next();
    if (answers.length > 0) flush();
    else if (flying.size === 0) void finish({ kind: 'stuck' });
  };

  const admit = ([id, place, raw, args]: GuestNews['calls'][number]): void => {
    const tool = order.tools[place];
    // The engine looks at all this as well: what comes here in spite of that is no call of a program.
    if (tool === undefined || !isObject(args) || report.calls + queue.length >= limits.maxCalls) return;
    queue.push({ id, tool, args, isRaw: raw === 1 });
  };
  const next = (): void => {
    // An answer that was not handed over yet keeps the place of its call: else a program that computes would fill the host.
    while (flying.size + answers.length < limits.maxInFlight) {
      const pending = queue.shift();
      if (pending === undefined) return;
      report.calls += 1;
      flying.set(pending.id, pending);
      void fly(pending);
    }
  };
  const fly = async (pending: Pending): Promise<void> => {
    const { id, tool, args, isRaw } = pending;
    const { text, failed, isUnknown } = await call(tool, args, isRaw, cancelling.signal);
    flying.delete(id);
    const unclear = isOver ? 'unanswered' : 'unknown';
    const loose: LooseCall = { tool: tool.qualifiedName, became: isUnknown ? unclear : failed ? 'failed' : 'answered' };
    // Whatever the program makes of an outcome that is not known: its author has to know.
    if (isOver || isUnknown) settled.push(loose);
    if (isOver) return landed();
    answers.push({ ...loose, text: `[${id},${failed ? 0 : 1},${text}]` });
    if (isBusy || isFlushing) return;
    // What comes in the same instant goes back together.
    isFlushing = true;
    queueMicrotask(() => {
      isFlushing = false;
      if (!isBusy && !isOver) flush();
    });
  };
  const flush = (): void => {
    isBusy = true;
    let chars = 0;
    const fitting = answers.findIndex(({ text }, at) => {
      chars += text.length;
      return at > 0 && chars > LONGEST_ANSWERS;
    });
    const handed = answers.splice(0, fitting < 0 ? answers.length : fitting);
    guest.answer(`[${handed.map(({ text }) => text).join(',')}]`);
    next();
  };

  // The clock of the whole.
  let leftMs = limits.timeoutMs;
  let beganAt = clock.now();
  let isHeld = false;
  const arm = (): void => {
    beganAt = clock.now();
    timer = clock.after(Math.max(0, leftMs), () => {
      // An engine that computes stops by itself, and says what it has to say.
      if (isBusy) timer = clock.after(GRACE_MS, () => void finish({ kind: 'time' }));
      else void finish({ kind: 'time' });
    });
  };
  const hold = (yes: boolean): void => {
    if (isOver || yes === isHeld) return;
    isHeld = yes;
    if (isHeld) {
      timer?.cancel();
      leftMs -= clock.now() - beganAt;
    } else arm();
  };
  const aborted = (): void => void finish({ kind: 'time' });

  const program: GuestProgram = {
    code,
    tools: order.servers,
    maxMemoryBytes: limits.maxMemoryBytes,
    computeMs: limits.timeoutMs,
    maxCalls: limits.maxCalls,
    maxOutputChars: limits.maxOutputChars,
  };
  arm();
  signal.addEventListener('abort', aborted);
  const guest: Guest = sandbox.open(program, hear);
  if (signal.aborted) aborted();

  const isCalling = (server: string, name: string): boolean => {
    for (const { tool } of flying.values()) if (tool.server === server && tool.name === name) return true;
    return false;
  };
  return { report: whole, isCalling, hold };
};

/** The tools in the order in which the engine counts them. */
const byServer = (tools: readonly RunTool[]): { servers: GuestProgram['tools']; tools: RunTool[] } => {
  const servers = new Map<string, RunTool[]>();
  for (const tool of tools) {
    const known = servers.get(tool.server);
    if (known === undefined) servers.set(tool.server, [tool]);
    else known.push(tool);
  }
  return {
    servers: [...servers].map(([server, own]) => [server, own.map(({ name }) => name)] as const),
    tools: [...servers.values()].flat(),
  };
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What an engine said, if it can be that. */
const readNews = (text: string): GuestNews | undefined => {
  if (text.length > LONGEST_NEWS) return undefined;
  try {
    const news = JSON.parse(text) as GuestNews;
    const isNews = news.calls.every(Array.isArray) && news.logs.every((line) => typeof line === 'string');
    return isNews && (news.end === undefined || isEnd(news.end)) ? news : undefined;
  } catch {
    return undefined;
  }
};
const isEnd = (end: GuestEnd): boolean => {
  const texts = end.kind === 'value' ? [end.text ?? ''] : [end.kind, end.name, end.message, end.stack];
  return texts.every((one) => typeof one === 'string');
};
/** Answers that are handed over together, in characters; one alone may be longer. */
const LONGEST_ANSWERS = 4 * 1024 * 1024;
/** More than the prelude lets through: 4 Mi characters of arguments, and the output. */
const LONGEST_NEWS = 16 * 1024 * 1024;
