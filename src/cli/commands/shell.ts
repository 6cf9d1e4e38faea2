/** `toolway shell`: a prompt that stays connected. */
import type { Run } from '../command.ts';
import { runShell } from '../shell/loop.ts';

export const run: Run = (job) => runShell(job);
