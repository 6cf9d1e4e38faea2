/** What the process says to its parent. */
import type { ErrorCode } from '../errors.ts';

export const EXIT = { done: 0, internal: 1, usage: 2, notConnected: 3, toolError: 5, cancelled: 130 } as const;

/** The exit code of each failure; complete, or it does not compile. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  internal: EXIT.internal,
  invalid_config: EXIT.usage,
  invalid_arguments: EXIT.usage,
  unknown_server: EXIT.usage,
  unknown_tool: EXIT.usage,
  unknown_resource: EXIT.usage,
  unknown_prompt: EXIT.usage,
  ambiguous_tool: EXIT.usage,
  ambiguous_resource: EXIT.usage,
  unsupported: EXIT.usage,
  not_connected: EXIT.notConnected,
  connect_failed: EXIT.notConnected,
  connect_timeout: EXIT.notConnected,
  spawn_failed: EXIT.notConnected,
  breaker_open: EXIT.notConnected,
  auth_required: 4,
  auth_failed: 4,
  denied: 6,
  forbidden: 6,
  approval_timeout: 6,
  tool_changed: 6,
  timeout: 7,
  outcome_unknown: 8,
  server_exited: 8,
  server_error: 9,
  protocol_error: 9,
  message_too_large: 9,
  rate_limited: 9,
  backpressure: 9,
  closed: 9,
  cancelled: EXIT.cancelled,
};
