/** How a call that waits for somebody's word is told to whoever speaks with the model. */
import type { Progress } from '../../protocol/types.ts';
import type { Approval } from '../approvals/approval.ts';
import type { ChatEvent } from './port.ts';

/**
 * What is told as progress of the call, since that comes by way of whoever makes it for the model, under the id that the
 * model gave it. No server can make one.
 */
export class Waiting implements Progress {
  readonly progress = 0;
  readonly approval: ReturnType<typeof shown>;

  constructor(approval: Approval) {
    this.approval = shown(approval);
  }
}

/** The event as callers get it: `approval` in place of the progress that says that a call waits. */
export const asTold = (event: ChatEvent): ChatEvent => {
  const { progress, ...about } = event;
  return progress instanceof Waiting ? { ...about, type: 'approval', approval: progress.approval } : event;
};

/** What the caller sent, and what it is told of its calls anyway; the rest is for those who may approve. */
const shown = ({ id, server, tool, arguments: args, cut, reason, createdAt, expiresAt }: Approval) => ({
  id,
  server,
  tool,
  arguments: args,
  ...(cut !== undefined && { cut }),
  reason,
  createdAt,
  expiresAt,
});
