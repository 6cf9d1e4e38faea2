/** An orderly end of the program when it is told to end. */
import { constants } from 'node:os';
import type { Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import { killChildren } from './release.ts';

/** How a program ends that is told to. */
export interface DrainOptions {
  /** How long calls in flight may take to finish. Default 10 000; with the end of the servers that makes at most 15 s. */
  drainMs?: number;
  /** Default: SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
}

/**
 * Ends the program in order at the first signal: new calls fail with `closed`, those in flight finish or are cancelled
 * after `drainMs`, links and servers are closed, and the exit code is 0 unless `process.exitCode` says otherwise. A second
 * signal ends the servers with SIGKILL and the program with 128 + its number. The result takes it back.
 */
export const drainOnSignals = (
  toolkit: Pick<Toolkit, 'close'>,
  { drainMs = 10_000, signals = ['SIGTERM', 'SIGINT'] }: DrainOptions = {},
): (() => void) => {
  let draining = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (draining) {
      killChildren();
      process.exit(128 + constants.signals[signal]);
    }
    draining = true;
    toolkit.close({ drainMs }).then(
      () => process.exit(),
      () => process.exit(1),
    );
  };
  for (const signal of signals) {
    if (!Object.hasOwn(constants.signals, signal)) {
      throw new ToolwayError('invalid_config', `there is no signal ${JSON.stringify(signal)}`, { executed: 'no' });
    }
  }
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
};
