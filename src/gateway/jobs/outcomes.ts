/**
 * What became of calls under an idempotency key, beyond the process. While it lives the toolkit itself sees to it that
 * such a call runs once; after a restart it is what stands in the store that keeps it from running again.
 */
import { canonicalJson } from '../../canonical.ts';
import { type ErrorFacts, ToolwayError } from '../../errors.ts';
import { KEY_REUSED } from '../../middleware/idempotency.ts';
import type { CallToolResult } from '../../protocol/types.ts';
import type { Dispatch } from '../dispatch.ts';
import type { Records } from '../store/store.ts';
import { createShelf } from './shelf.ts';

/** What a call came to; absent while it runs. */
type Outcome = { result: CallToolResult } | { tooLarge: number } | { failure: ReturnType<ToolwayError['toJSON']> };
interface Kept {
  /** SHA-256 of the tool and the arguments. */
  asked: string;
  /** The process that sent it. */
  by: string;
  outcome?: Outcome;
}

export interface OutcomesOptions {
  records: Records;
  /** For how long a key is known. Default 86 400 000. */
  ttlMs?: number;
  /** Characters of a result that is kept; of a larger one only that there was one. Default 1 048 576. */
  maxResultChars?: number;
}

const KIND = 'idempotency';
/** Characters of all that is kept. */
const MAX_CHARS = 64 * 1024 * 1024;

/** The same dispatch, whose calls with an `idempotencyKey` are in the store before they are sent. All others pass as they are. */
export const withOutcomes = (dispatch: Dispatch, options: OutcomesOptions): Dispatch => {
  const { records, ttlMs = 86_400_000, maxResultChars = 1_048_576 } = options;
  const us = crypto.randomUUID();
  const shelf = createShelf({ maxBytes: MAX_CHARS });

  const keep = async (owner: string, id: string, kept: Kept): Promise<void> => {
    await records.put(KIND, id, kept, { ttlMs });
    const gone = shelf.add(owner, id, JSON.stringify(kept).length);
    await Promise.all(gone.map((oldest) => records.delete(KIND, oldest)));
  };
  /** A full disk is no reason to withhold what came of a call: a later process then knows only that it was sent. */
  const keepOutcome = (owner: string, id: string, kept: Kept): Promise<void> => keep(owner, id, kept).catch(() => {});
  const forget = async (id: string): Promise<void> => {
    shelf.remove(id);
    await records.delete(KIND, id);
  };

  const callOnce: Dispatch['callTool'] = async (caller, target, args, wishes) => {
    const { principal } = caller;
    const { server, name } = target;
    const id = await digestOf([principal.id, dispatch.scopeOf(caller, server), server, wishes?.idempotencyKey]);
    const asked = await digestOf([name, args]);
    const before = await records.get<Kept>(KIND, id);
    if (before !== undefined && before.by !== us && principal.sees(server, name)) {
      if (before.asked === asked) return replay(before.outcome, { server, tool: name });
      const reason = 'the idempotency key was used before, for another tool or other arguments';
      throw new ToolwayError('invalid_arguments', reason, { server, tool: name, executed: 'no', cause: KEY_REUSED });
    }
    // One of our own that has another call under its key is the toolkit's to refuse.
    const isFirst = before === undefined;
    if (isFirst) await keep(principal.id, id, { asked, by: us }).catch(notSent);
    try {
      const result = await dispatch.callTool(caller, target, args, wishes);
      const chars = isFirst ? JSON.stringify(result).length : 0;
      const outcome = chars <= maxResultChars ? { result } : { tooLarge: chars };
      if (isFirst) await keepOutcome(principal.id, id, { asked, by: us, outcome });
      return result;
    } catch (thrown) {
      const error = ToolwayError.from(thrown);
      if (isFirst && error.executed === 'no') await forget(id).catch(() => {});
      else if (isFirst) await keepOutcome(principal.id, id, { asked, by: us, outcome: { failure: error.toJSON() } });
      throw error;
    }
  };
  return {
    ...dispatch,
    callTool: (caller, target, args, wishes) =>
      wishes?.idempotencyKey === undefined
        ? dispatch.callTool(caller, target, args, wishes)
        : callOnce(caller, target, args, wishes),
  };
};

const notSent = (thrown: unknown): never => {
  throw ToolwayError.from(thrown).with({ executed: 'no' });
};

/** That an earlier caller gave up says nothing of what became of the call. */
const GIVEN_UP: ReadonlySet<string> = new Set(['timeout', 'cancelled', 'closed']);

/** The outcome of a call that another process sent. */
const replay = (outcome: Outcome | undefined, place: { server: string; tool: string }): CallToolResult => {
  if (outcome !== undefined && 'result' in outcome) return outcome.result;
  if (outcome !== undefined && 'tooLarge' in outcome) {
    const reason = 'the call ran, but its result was too large to be kept under its key';
    throw new ToolwayError('message_too_large', reason, { ...place, executed: 'yes', limit: outcome.tooLarge });
  }
  const failure = outcome?.failure;
  if (failure === undefined || GIVEN_UP.has(failure.code)) {
    const why = failure === undefined ? 'the gateway ended while it ran' : failure.message;
    const reason = `the first call with this idempotency key ended without an answer: ${why}`;
    throw new ToolwayError('outcome_unknown', reason, { ...place, executed: 'unknown' });
  }
  const { code, message, ...facts } = failure;
  const prefix = `${place.server}.${place.tool}: `;
  const reason = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  throw new ToolwayError(code, reason, { ...(facts as ErrorFacts), ...place });
};

const digestOf = async (value: unknown): Promise<string> => {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};
