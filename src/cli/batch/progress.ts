/** How far a batch has come: one line at the bottom of a terminal, redrawn at a pace that eyes can follow. */
import type { Sink } from '../command.ts';

const BAR_WIDTH = 20;
const PACE_MS = 100;
const CLEAR = `\r${String.fromCharCode(27)}[2K`;

export interface BatchState {
  /** Lines that have their result, in this run and before. */
  finished: number;
  /** Those of this run. */
  now: number;
  failed: number;
  /** All lines, where that is known. */
  total: number | undefined;
  elapsedMs: number;
}

/** `75 s` as `1:15`. */
export const durationName = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
};

/** `[#####---------------]  25 % 250/1000 · 48/s · ETA 0:16 · 3 failed` */
export const batchText = ({ finished, now, failed, total, elapsedMs }: BatchState): string => {
  const perMs = now / Math.max(1, elapsedMs);
  const facts = [`${(perMs * 1000).toFixed(perMs < 0.01 ? 1 : 0)}/s`];
  let head = `${finished}`;
  if (total !== undefined) {
    const share = total === 0 ? 1 : Math.min(1, finished / total);
    const filled = Math.round(share * BAR_WIDTH);
    const percent = String(Math.floor(share * 100)).padStart(3);
    head = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${percent} % ${finished}/${total}`;
    if (now > 0) facts.push(`ETA ${durationName((total - finished) / perMs)}`);
  }
  if (failed > 0) facts.push(`${failed} failed`);
  return [head, ...facts].join(' · ');
};

export interface BatchProgress {
  /** Something has changed. */
  touch(): void;
  /** Takes the line away. */
  end(): Promise<void>;
}

/** A line where `sink` is a terminal, else nothing. */
export const createBatchProgress = (sink: Sink, enabled: boolean, stateOf: () => BatchState): BatchProgress => {
  if (!enabled || !sink.isTty) return { touch() {}, end: async () => {} };
  let timer: NodeJS.Timeout | undefined;
  let drawing: Promise<void> = Promise.resolve();
  const draw = (): void => {
    timer = undefined;
    const width = Math.max(20, (sink.columns ?? 80) - 1);
    drawing = drawing.then(() => sink.write(CLEAR + batchText(stateOf()).slice(0, width)));
  };
  return {
    touch() {
      timer ??= setTimeout(draw, PACE_MS).unref();
    },
    async end() {
      clearTimeout(timer);
      await drawing;
      await sink.write(CLEAR);
    },
  };
};
