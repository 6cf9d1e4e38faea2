/** What the daemon says about itself. */
import type { ServerState } from '../../api.ts';

/** One toolkit that is kept. */
export interface KeptReport {
  /** The working directory of the lines that use it. */
  cwd: string;
  /** When a line last began or ended with it, in milliseconds since the Unix epoch. */
  usedAt: number;
  /** Lines that use it now. */
  lines: number;
  servers: { name: string; state: ServerState; pid?: number }[];
}

export interface DaemonReport {
  pid: number;
  version: string;
  /** When it was started, in milliseconds since the Unix epoch. */
  since: number;
  /** Lines under way. */
  lines: number;
  /** How long a toolkit is kept without a line that uses it. */
  idleMs: number;
  toolkits: KeptReport[];
}
