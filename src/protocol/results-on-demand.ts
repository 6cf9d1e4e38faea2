/** The checks of answers that few servers ever give: questions in place of a result, and tasks. Loaded with what deals with them. */
import { broken, objectOf } from './answer.ts';
import { isAbsent, isObject } from './shape.ts';
import type { JsonObject, Task } from './types.ts';

interface InputRequired {
  /** By the server's own key, which may be anything, `__proto__` included. */
  inputRequests: Map<string, { method: string; params: JsonObject }>;
  /** Opaque; goes back byte for byte, and only if it was sent. */
  requestState?: string;
}

/** An `input_required` answer to `method` (2026-07-28 basic/patterns/mrtr): it asks for something, or hands over a state. */
export const checkInputRequired = (value: unknown, method = 'tools/call'): InputRequired => {
  const result = objectOf(method, value);
  const { inputRequests, requestState } = result;
  if (!isAbsent(requestState) && typeof requestState !== 'string') throw broken(method, 'requestState is not a string');
  if (!isAbsent(inputRequests) && !isObject(inputRequests)) throw broken(method, 'inputRequests is not an object');
  const entries = Object.entries(inputRequests ?? {});
  if (isAbsent(inputRequests) && isAbsent(requestState)) {
    throw broken(method, 'it requires input and has neither inputRequests nor requestState');
  }
  const requests: InputRequired['inputRequests'] = new Map();
  for (const [key, request] of entries) {
    const at = `inputRequests[${JSON.stringify(key.slice(0, 80))}]`;
    if (!isObject(request)) throw broken(method, `${at} is not an object`);
    const { method: asked, params } = request;
    if (typeof asked !== 'string') throw broken(method, `${at}.method is not a string`);
    if (!isAbsent(params) && !isObject(params)) throw broken(method, `${at}.params is not an object`);
    requests.set(key, { method: asked, params: params ?? {} });
  }
  return typeof requestState === 'string' ? { inputRequests: requests, requestState } : { inputRequests: requests };
};

const STATUSES = ['working', 'input_required', 'completed', 'failed', 'cancelled'] as const;

const milliseconds = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/**
 * A task of either kind: `{ task: { ttl, pollInterval } }` of 2025-11-25, or the flat `{ ttlMs, pollIntervalMs }` of the
 * extension. The copy has `ttlMs` (null: no end) and `pollIntervalMs`, where the server gave usable ones.
 */
export const checkTask = (value: unknown, method = 'tasks/get'): Task => {
  const result = objectOf(method, value);
  const {
    ttl,
    ttlMs = ttl,
    pollInterval,
    pollIntervalMs = pollInterval,
    ...task
  } = isObject(result.task) ? result.task : result;
  if (typeof task.taskId !== 'string' || task.taskId === '')
    throw broken(method, 'taskId is not a string with characters');
  if (!STATUSES.some((status) => status === task.status))
    throw broken(method, `status is none of ${STATUSES.join(', ')}`);
  if (typeof task.statusMessage !== 'string') delete task.statusMessage;
  if (ttlMs === null || milliseconds(ttlMs)) task.ttlMs = ttlMs;
  if (milliseconds(pollIntervalMs)) task.pollIntervalMs = pollIntervalMs;
  return task as Task;
};
