/** The states that a server can be in, as a list. */
import type { ServerState } from '../api.ts';

/** Each one once: the type sees to it. */
const ALL: Record<ServerState, true> = {
  disconnected: true,
  connecting: true,
  connected: true,
  reconnecting: true,
  failed: true,
  auth_required: true,
  untrusted: true,
  disabled: true,
  closed: true,
};

export const SERVER_STATES = Object.keys(ALL) as readonly ServerState[];
