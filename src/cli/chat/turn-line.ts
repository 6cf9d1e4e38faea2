/** What a turn is doing, in the last line of a terminal: the model that thinks or writes, or the calls that run. */
import { type Clock, systemClock, type Timer } from '../../clock.ts';
import type { Progress } from '../../protocol/types.ts';
import type { Sink } from '../command.ts';
import { durationName, progressText, SPINNER_AFTER_MS, SPINNER_TURN_MS, spinnerAt } from '../progress.ts';
import { createRedrawnLine } from '../redrawn-line.ts';
import { safeLine } from '../safe-text.ts';
import type { Screen } from '../screen.ts';
import { waitingFor } from '../waiting.ts';

export interface TurnLine {
  /** What the model does while nothing is called. */
  phase(name: string): void;
  begin(id: string, name: string): void;
  progress(id: string, progress: Progress): void;
  finish(id: string): void;
  /** Makes room while something else is written. */
  aside(write: () => Promise<void>): Promise<void>;
  end(): Promise<void>;
}

export interface TurnLineOptions {
  sink: Sink;
  screen: Pick<Screen, 'add'>;
  /** False: nothing is ever drawn. */
  enabled: boolean;
  /** Whom the model waits for while it seems to think. */
  waitsFor?(): readonly string[];
  clock?: Clock;
}

const NAME_COLUMNS = 40;
const FEWEST_COLUMNS = 20;

export const createTurnLine = ({
  sink,
  screen,
  enabled,
  waitsFor = () => [],
  clock = systemClock,
}: TurnLineOptions): TurnLine => {
  if (!enabled || !sink.isTty) {
    const nothing = (): void => {};
    // There is no line, and yet there is room to be made.
    const leave = screen.add({ pause: async () => {}, resume: nothing });
    return {
      phase: nothing,
      begin: nothing,
      progress: nothing,
      finish: nothing,
      aside: (write) => write(),
      end: async () => leave(),
    };
  }
  const calls = new Map<string, { name: string; since: number; progress?: Progress }>();
  let doing = { name: 'thinking', since: clock.now() };
  let turns = 0;
  let timer: Timer | undefined;

  const nameOf = (phase: string): string => {
    const servers = phase === 'thinking' ? waitsFor() : [];
    return servers.length === 0 ? phase : waitingFor(servers);
  };
  const text = (): string | undefined => {
    if (turns === 0) return undefined;
    const columns = Math.max(FEWEST_COLUMNS, (sink.columns ?? 80) - 1);
    const running = [...calls.values()];
    const call = running.findLast(({ progress }) => progress !== undefined) ?? running[0];
    const { name, since } = call ?? { ...doing, name: nameOf(doing.name) };
    const others = running.length > 1 ? ` (+${running.length - 1})` : '';
    const head = `${spinnerAt(turns)} ${safeLine(name, NAME_COLUMNS)}${others}`;
    if (call?.progress === undefined) return safeLine(`${head} ${durationName((clock.now() - since) / 1000)}`, columns);
    return safeLine(`${head} ${progressText(call.progress, columns)}`, columns);
  };
  const line = createRedrawnLine({ sink, screen, text });
  const spin = (): void => {
    timer = clock.after(SPINNER_TURN_MS, spin);
    timer.keepAlive(false);
    turns += 1;
    line.redraw();
  };
  timer = clock.after(SPINNER_AFTER_MS, spin);
  timer.keepAlive(false);

  return {
    phase(name) {
      if (doing.name !== name) doing = { name, since: clock.now() };
    },
    begin: (id, name) => void calls.set(id, { name, since: clock.now() }),
    progress(id, progress) {
      const call = calls.get(id);
      if (call !== undefined) call.progress = progress;
    },
    finish(id) {
      calls.delete(id);
      if (calls.size === 0) doing = { name: 'thinking', since: clock.now() };
    },
    aside: line.aside,
    async end() {
      timer?.cancel();
      await line.end();
    },
  };
};
