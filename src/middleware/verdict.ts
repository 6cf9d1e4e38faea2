/** What a failure says of a server: that it fails, or nothing. */
import type { WriteState } from '../call.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { FailureKind } from './circuit.ts';

export type Verdict = FailureKind | 'nothing';

/** How far a call had come when it failed. */
export interface Progress {
  state: WriteState;
  /** The server showed that it was at work on it. */
  heard: boolean;
}

/** Ways in which an attempt to connect fails that are no answer of the server. */
const NO_CONNECTION: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'connect_timeout',
  'spawn_failed',
  'server_exited',
  'not_connected',
  'timeout',
  'outcome_unknown',
  'message_too_large',
  'protocol_error',
]);

/**
 * The verdict on the failure of one call that was no answer. A lost link is not told of here: its end says it once,
 * however many calls were in flight.
 */
export const verdictOn = ({ state, heard }: Progress, error: ToolwayError): Verdict => {
  const { code, status = 0 } = error;
  if (error.permanent === true) return 'nothing';
  switch (code) {
    case 'server_error':
      return 'internal';
    case 'connect_failed':
      return 'link';
    case 'outcome_unknown':
      return error.cause instanceof ToolwayError || (status > 0 && status < 500) ? 'nothing' : 'link';
    case 'protocol_error':
      return status < 400 ? 'link' : 'nothing';
    case 'message_too_large':
      return status === 0 ? 'link' : 'nothing';
    case 'timeout':
      return state === 'handed_over' && !heard ? 'link' : 'nothing';
    default:
      return 'nothing';
  }
};

/** Whether a connection attempt failed for want of the server, and not of a permission or an agreement. */
export const isUnreachable = ({ code, permanent }: ToolwayError): boolean =>
  NO_CONNECTION.has(code) && permanent !== true;
