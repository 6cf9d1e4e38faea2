/**
 * What a call is doing, in the last line of a terminal: how far it is and how fast, as its server tells; else that it
 * still runs, and for how long. Redrawn as fast as the terminal takes it and no faster.
 */
import { type Clock, systemClock, type Timer } from '../clock.ts';
import type { Progress } from '../protocol/types.ts';
import type { Sink } from './command.ts';
import { createRedrawnLine } from './redrawn-line.ts';
import { safeLine } from './safe-text.ts';
import type { Screen } from './screen.ts';

export interface ProgressLine {
  update(progress: Progress): void;
  /** Takes the line away. */
  end(): Promise<void>;
}

const BAR_WIDTH = 20;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
/** Calls that are over by then show nothing. */
export const SPINNER_AFTER_MS = 300;
export const SPINNER_TURN_MS = 100;
/** How the spinner looks after so many turns. */
export const spinnerAt = (turns: number): string => SPINNER[turns % SPINNER.length] ?? '';
/** A rate is that of the last notifications, in this time. */
const RATE_WINDOW_MS = 10_000;
const MOST_MARKS = 64;
/** A rate of less is as good as none. */
const LEAST_RATE_MS = 500;
const LONGEST_ETA_S = 360_000;

/** `9 s`, `2:05 min`, `1:02:05 h`. */
export const durationName = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)} h`;
};

const rateName = (perSecond: number): string =>
  perSecond >= 10 ? perSecond.toFixed(0) : perSecond >= 1 ? perSecond.toFixed(1) : perSecond.toPrecision(2);

/**
 * `[#####---------------]  25 % 5/20 2.5/s 6 s left message`, or the count alone where the server knows no total. The
 * rate is in the server's own unit.
 */
export const progressText = (
  { progress, total, message }: Progress,
  columns = 80,
  perSecond: number | undefined = undefined,
): string => {
  const known = total !== undefined && total > 0 && Number.isFinite(progress / total);
  const share = known ? Math.min(1, Math.max(0, progress / total)) : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} % `;
  const count = total === undefined ? `${progress}` : `${progress}/${total}`;
  const left = known && perSecond !== undefined ? (total - progress) / perSecond : undefined;
  const parts = [
    `${known ? bar : ''}${count}`,
    perSecond === undefined ? undefined : `${rateName(perSecond)}/s`,
    left === undefined || !(left > 0 && left < LONGEST_ETA_S) ? undefined : `${durationName(left)} left`,
    message,
  ];
  const text = parts.filter((part) => part !== undefined && part !== '').join(' ');
  return safeLine(text, Math.max(20, columns - 1));
};

/** How fast the numbers of a server grow, over the last of them. */
const createRate = (clock: Clock) => {
  let marks: { at: number; progress: number }[] = [];
  return (progress: number): number | undefined => {
    const at = clock.now();
    const last = marks.at(-1);
    if (last !== undefined && progress < last.progress) marks = [];
    marks.push({ at, progress });
    while (marks.length > MOST_MARKS || (marks.length > 2 && at - (marks[0]?.at ?? at) > RATE_WINDOW_MS)) marks.shift();
    const first = marks[0] ?? { at, progress };
    const rate = (progress - first.progress) / ((at - first.at) / 1000);
    return at - first.at >= LEAST_RATE_MS && rate > 0 && Number.isFinite(rate) ? rate : undefined;
  };
};

export interface ProgressLineOptions {
  sink: Sink;
  /** Makes room for what is asked and told meanwhile. */
  screen?: Pick<Screen, 'add'>;
  /** False: nothing is ever drawn. */
  enabled: boolean;
  /** What runs. Must have passed `safeLine`. */
  name?: string;
  clock?: Clock;
}

/** A line where `sink` is a terminal, else nothing. */
export const createProgressLine = ({
  sink,
  screen,
  enabled,
  name = '',
  clock = systemClock,
}: ProgressLineOptions): ProgressLine => {
  if (!enabled || !sink.isTty) return { update() {}, end: async () => {} };
  const startedAt = clock.now();
  const rateOf = createRate(clock);
  let text: (() => string) | undefined;
  let turns = 0;
  let timer: Timer | undefined;
  const line = createRedrawnLine({ sink, ...(screen !== undefined && { screen }), text: () => text?.() });

  const spin = (): void => {
    timer = clock.after(SPINNER_TURN_MS, spin);
    timer.keepAlive(false);
    turns += 1;
    text = () => {
      const elapsed = durationName((clock.now() - startedAt) / 1000);
      return safeLine(`${spinnerAt(turns)} ${name} ${elapsed}`, Math.max(20, (sink.columns ?? 80) - 1));
    };
    line.redraw();
  };
  timer = clock.after(SPINNER_AFTER_MS, spin);
  timer.keepAlive(false);

  return {
    update(progress) {
      timer?.cancel();
      const rate = rateOf(progress.progress);
      text = () => progressText(progress, sink.columns, rate);
      line.redraw();
    },
    async end() {
      timer?.cancel();
      text = undefined;
      await line.end();
    },
  };
};
