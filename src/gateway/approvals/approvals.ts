/** The room where calls wait for somebody's word. */
import { ToolwayError } from '../../errors.ts';
import type { HandlerContext, RequestHandlers } from '../../handlers.ts';
import type { ApprovalDecision, ApprovalRequest } from '../../permission.ts';
import type { Caller, Principal } from '../principal.ts';
import { newId } from '../random.ts';
import { Refusal } from '../refusal.ts';
import type { Records } from '../store/store.ts';
import {
  type Approval,
  type ApprovalState,
  type Decision,
  type Resolution,
  type Scope,
  type StoredApproval,
  viewOf,
} from './approval.ts';
import { createEntrance } from './entrance.ts';
import { askByForm } from './form.ts';
import { createGrants, type GrantFacts, type Grants } from './grants.ts';
import { createOpenApprovals } from './open-approvals.ts';

/** What somebody says of an approval. */
export interface Verdict extends Pick<Resolution, 'decision' | 'scope' | 'comment'> {
  by: Principal;
}

/** What becomes of approvals: they are asked for, their calls leave, they end. */
export type ApprovalNews = (what: 'requested' | 'orphaned' | 'resolved', approval: Approval) => void;

/** Who hears at once of one call that waits. */
export interface ApprovalHearers extends Pick<RequestHandlers, 'onElicit'> {
  /** Not called where an answer that was given before holds. */
  onApproval?: ((approval: Approval) => void) | undefined;
}

export interface Approvals {
  readonly grants: Pick<Grants, 'list' | 'get' | 'revoke'>;
  /** Waits for somebody's word, in a form of the caller's client too where it may approve and can be asked. Never rejects. */
  ask(
    caller: Caller,
    request: ApprovalRequest,
    context: HandlerContext,
    hearers?: ApprovalHearers,
  ): Promise<ApprovalDecision>;
  /** The newest first; of all states where none is named. */
  list(state?: ApprovalState): Promise<Approval[]>;
  get(id: string): Promise<Approval | undefined>;
  /**
   * Resolves once the decision is in the store, before the call goes on. Rejects with a `Refusal`: 404 where there is
   * none that the principal may know of, 409 where it is decided or over, or its caller may no longer call the tool.
   */
  decide(id: string, verdict: Verdict): Promise<Approval>;
  /** Whoever has this name from now on is somebody else: what was granted is revoked, and what is open is over. */
  forget(principal: string): Promise<void>;
  /** Tells of them until the function that it gives is called. */
  on(news: ApprovalNews): () => void;
}

export interface ApprovalsOptions {
  records: Records;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
  /** Aborted when the gateway begins to close: calls that wait are refused, and what they wait for stays open. */
  closing: AbortSignal;
  /** How long what was decided, or is over, is kept. Default 86 400 000. */
  keepMs?: number;
  /** How long an answer to a call that is gone waits for the next equal one. Default 900 000. */
  onceTtlMs?: number;
  /** Approvals that are open at a time. Default 1 000. */
  maxOpen?: number;
  /** Those of one principal. Default 100. */
  maxOpenEach?: number;
}

const KIND = 'approval';

interface Waiter {
  caller: Caller;
  stored: StoredApproval;
  /** Aborted when its form is to be taken back. */
  withdrawn: AbortController;
  answer(decision: ApprovalDecision): void;
}

export const createApprovals = (options: ApprovalsOptions): Approvals => {
  const { records, today, closing, keepMs = 86_400_000, onceTtlMs, maxOpen = 1_000, maxOpenEach = 100 } = options;
  const grants = createGrants({ records, today, newId, onceTtlMs });
  const open = createOpenApprovals({ records, kind: KIND, today, maxOpen, maxOpenEach });
  const enter = createEntrance({ records, kind: KIND, open, today, keepMs });
  const waiters = new Map<string, Waiter>();
  const listeners = new Set<ApprovalNews>();

  const view = (stored: StoredApproval): Approval => viewOf(stored, { now: today(), waited: waiters.has(stored.id) });
  const tell = (what: Parameters<ApprovalNews>[0], stored: StoredApproval): void => {
    for (const listener of listeners) listener(what, view(stored));
  };

  /** The call of a waiter goes on, or ends; false where it had left. */
  const release = (id: string, decision: ApprovalDecision): boolean => {
    const waiter = waiters.get(id);
    if (waiter === undefined || !waiters.delete(id)) return false;
    waiter.withdrawn.abort();
    waiter.answer(decision);
    return true;
  };

  const wait = (
    caller: Caller,
    stored: StoredApproval,
    context: HandlerContext,
    { onElicit, onApproval }: ApprovalHearers,
  ): Promise<ApprovalDecision> =>
    new Promise((answer) => {
      const { id } = stored;
      const { signal } = context;
      const withdrawn = new AbortController();
      waiters.set(id, { caller, stored, withdrawn, answer });
      const leave = (): void => {
        if (!release(id, { approved: false })) return;
        const isOver = (signal.reason as ToolwayError | undefined)?.code === 'approval_timeout';
        if (isOver || stored.keys === undefined) void expire(id).catch(() => {});
        else orphaned(stored);
      };
      if (signal.aborted) return leave();
      if (closing.aborted) return void release(id, atClosing());
      signal.addEventListener('abort', leave, { once: true });
      tell('requested', stored);
      onApproval?.(view(stored));
      if (onElicit === undefined || !caller.principal.may('approve')) return;
      void askByForm(onElicit, stored, { ...context, signal: withdrawn.signal }).then((decision) => {
        if (decision === undefined) return;
        const verdict: Verdict = {
          by: caller.principal,
          decision,
          ...(decision === 'always' && { scope: 'arguments' }),
        };
        settle(id, verdict, 'elicitation').catch((error: unknown) => {
          // Somebody else was first; what failed otherwise is no word to go on.
          if (!(error instanceof Refusal)) release(id, refusal('the decision could not be kept'));
        });
      });
    });

  const orphaned = (stored: StoredApproval): void => {
    open.orphan(stored.id);
    tell('orphaned', stored);
  };

  const expire = async (id: string): Promise<void> => {
    open.remove(id);
    let expired = false;
    const after = await records.update<StoredApproval>(KIND, id, (before) => {
      expired = before?.state === 'pending';
      return before && expired ? { ...before, state: 'expired' } : before;
    });
    if (after !== undefined && expired) tell('resolved', after);
  };

  const settle = async (id: string, verdict: Verdict, via: Resolution['via']): Promise<Approval> => {
    const { by, decision, comment } = verdict;
    await open.ready();
    const found = await records.get<StoredApproval>(KIND, id);
    if (found === undefined || !by.sees(found.server, found.tool)) throw noSuch();
    const { scope = 'arguments' } = found.taint === undefined ? verdict : {};
    if (!by.may('approve')) throw new Refusal(403, 'forbidden', `${by.id} lacks the permission "approve"`);
    if (decision === 'always') await grants.mustHaveRoom();
    if (decision === 'always' && found.keys === undefined)
      throw new Refusal(409, 'unsupported', 'this tool is not known well enough for an answer that holds for ever');
    const waiter = waiters.get(id);
    if (decision !== 'deny' && waiter !== undefined && !mayStillCall(waiter)) {
      await settle(id, { by, decision: 'deny', comment: 'its caller may no longer call the tool' }, via);
      throw new Refusal(409, 'unsupported', 'its caller may no longer call the tool');
    }
    let isFirst = false;
    const after = await records.update<StoredApproval>(KIND, id, (before) => {
      isFirst = before?.state === 'pending' && before.expiresAt > today();
      return before && isFirst
        ? {
            ...before,
            state: decision === 'deny' ? 'denied' : 'approved',
            decision,
            ...(decision === 'always' && { scope }),
            ...(comment !== undefined && { comment }),
            decidedBy: by.id,
            decidedAt: today(),
            via,
          }
        : before;
    });
    if (after === undefined) throw noSuch();
    if (!isFirst) throw new Refusal(409, 'unsupported', `it is ${view(after).state} already`);
    open.remove(id);
    try {
      await carryOut(after, decision, scope);
    } finally {
      tell('resolved', after);
    }
    return view(after);
  };

  /** Lets the call go on, or keeps the answer for the next one. What is decided is in the store by now. */
  const carryOut = async (after: StoredApproval, decision: Decision, scope: Scope): Promise<void> => {
    const { id, keys, comment, definition = '', decidedBy = '' } = after;
    const reason = comment !== undefined && { reason: comment };
    if (decision === 'deny') {
      release(id, { approved: false, ...reason });
      return;
    }
    const waiter = waiters.get(id);
    const go = (): boolean =>
      release(id, waiter !== undefined && mayStillCall(waiter) ? { approved: true, ...reason } : rightsLost());
    const facts: GrantFacts = { ...after, definition, decidedBy };
    if (decision === 'always' && keys !== undefined) {
      await grants.addAlways(keys, scope, facts).finally(go);
      await letGo(keys[scope], scope, decidedBy);
    } else if (!go() && keys !== undefined) await grants.addOnce(keys, facts);
  };

  /** Other calls that wait for the same answer have it now. */
  const letGo = async (key: string, scope: Scope, decidedBy: string): Promise<void> => {
    for (const [id, { stored }] of [...waiters]) {
      if (stored.keys?.[scope] !== key) continue;
      const by: Principal = { id: decidedBy, may: () => true, sees: () => true };
      await settle(id, { by, decision: 'once' }, 'grant').catch(() => {});
    }
  };

  closing.addEventListener('abort', () => {
    for (const id of [...waiters.keys()]) release(id, atClosing());
  });

  return {
    grants,
    async ask(caller, request, context, hearers = {}) {
      let stored: StoredApproval;
      try {
        await open.ready();
        const keys = await grants.keysOf(caller.principal.id, request);
        if (keys !== undefined && (await grants.take(keys)))
          return mayStillCall({ caller, stored: request }) ? { approved: true } : rightsLost();
        open.mustHaveRoom(caller.principal.id);
        stored = await enter(caller, request, keys);
      } catch (error) {
        // What is full or not allowed is told; what broke down is no refusal.
        if (error instanceof ToolwayError && error.code !== 'internal') return refusal(error.message);
        throw ToolwayError.from(error);
      }
      return wait(caller, stored, context, hearers);
    },
    async list(state) {
      await open.ready();
      const found =
        state === 'pending'
          ? await Promise.all(open.ids().map((id) => records.get<StoredApproval>(KIND, id)))
          : (await records.list<StoredApproval>(KIND)).map(({ value }) => value);
      return found
        .filter((stored) => stored !== undefined)
        .map(view)
        .filter((approval) => state === undefined || approval.state === state);
    },
    async get(id) {
      await open.ready();
      const stored = await records.get<StoredApproval>(KIND, id);
      return stored && view(stored);
    },
    decide: (id, verdict) => settle(id, verdict, 'rest'),
    async forget(principal) {
      await open.ready();
      for (const id of open.ids()) {
        if ((await records.get<StoredApproval>(KIND, id))?.principal !== principal) continue;
        release(id, rightsLost());
        await expire(id);
      }
      await grants.forget(principal);
    },
    on(news) {
      listeners.add(news);
      return () => void listeners.delete(news);
    },
  };
};

const refusal = (reason: string): ApprovalDecision => ({ approved: false, reason });
const atClosing = (): ApprovalDecision =>
  refusal('the gateway is closing; its approval stays open, and the call may be made again');
const rightsLost = (): ApprovalDecision => refusal('its caller may no longer call the tool');

/** Rights may end while a call waits: a key that was taken back, a token that is too old. */
const mayStillCall = ({
  caller: { principal },
  stored: { server, tool },
}: {
  caller: Caller;
  stored: { server: string; tool: string };
}): boolean => principal.may('call') && principal.sees(server, tool);

const noSuch = (): Refusal => new Refusal(404, 'unsupported', 'there is no such approval');
