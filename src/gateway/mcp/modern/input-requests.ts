/** Questions as a client is asked them. */
import type { JsonObject } from '../../../protocol/types.ts';
import type { Question } from './asked.ts';

/** `inputRequests`: the questions by their keys, which servers choose. */
export const inputRequestsOf = (questions: ReadonlyMap<string, Question>): JsonObject =>
  Object.fromEntries(
    [...questions].map(([key, { method, params }]) => [
      key,
      method === 'roots/list' && Object.keys(params).length === 0 ? { method } : { method, params },
    ]),
  );
