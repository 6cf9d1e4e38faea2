/** A progress line on a terminal's stderr, redrawn as fast as the terminal takes it and no faster. */
import type { Progress } from '../protocol/types.ts';
import type { Sink } from './command.ts';
import { safeLine } from './safe-text.ts';

export interface ProgressLine {
  update(progress: Progress): void;
  /** Takes the line away. */
  end(): Promise<void>;
}

const BAR_WIDTH = 20;
const CLEAR = `\r${String.fromCharCode(27)}[2K`;

/** `[#####---------------]  25 % 5/20 message`, or the count alone where the server knows no total. */
export const progressText = ({ progress, total, message }: Progress, columns = 80): string => {
  const known = total !== undefined && total > 0 && Number.isFinite(progress / total);
  const share = known ? Math.min(1, Math.max(0, progress / total)) : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} % `;
  const count = total === undefined ? `${progress}` : `${progress}/${total}`;
  const text = [`${known ? bar : ''}${count}`, message].filter((part) => part !== undefined && part !== '').join(' ');
  return safeLine(text, Math.max(20, columns - 1));
};

/** A line where `sink` is a terminal, else nothing. */
export const createProgressLine = (sink: Sink, enabled: boolean): ProgressLine => {
  let latest: Progress | undefined;
  let drawing: Promise<void> | undefined;
  let drawn = false;
  const draw = async (): Promise<void> => {
    while (latest !== undefined) {
      const text = progressText(latest, sink.columns);
      latest = undefined;
      drawn = true;
      await sink.write(CLEAR + text);
    }
    drawing = undefined;
  };
  return {
    update(progress) {
      if (!enabled || !sink.isTty) return;
      latest = progress;
      drawing ??= draw();
    },
    async end() {
      latest = undefined;
      await drawing;
      if (drawn) await sink.write(CLEAR);
    },
  };
};
