/** Which approvals are open, as far as this process knows: those of its own calls, and those that an earlier one left. */
import { ToolwayError } from '../../errors.ts';
import type { Records } from '../store/store.ts';
import type { StoredApproval } from './approval.ts';

export interface OpenApprovals {
  /** Resolves when what an earlier process left is known. */
  ready(): Promise<void>;
  /** Throws `backpressure` where one more cannot wait. */
  mustHaveRoom(principal: string): void;
  add(stored: StoredApproval): void;
  remove(id: string): void;
  /** The oldest first. */
  ids(): string[];
  /** Its call has left. */
  orphan(id: string): void;
  /** An open approval of an equal call that has left. */
  orphanOf(key: string): string | undefined;
  /** Another call waits for it now. */
  adopt(id: string): void;
}

export interface OpenApprovalsOptions {
  records: Records;
  kind: string;
  today(): number;
  maxOpen: number;
  maxOpenEach: number;
}

interface Entry {
  principal: string;
  key: string | undefined;
  expiresAt: number;
}

export const createOpenApprovals = ({ records, kind, today, maxOpen, maxOpenEach }: OpenApprovalsOptions) => {
  const open = new Map<string, Entry>();
  /** By the key of the call. */
  const orphans = new Map<string, string>();
  let loaded: Promise<void> | undefined;

  const remove = (id: string): void => {
    adopt(id);
    open.delete(id);
  };
  const adopt = (id: string): void => {
    const key = open.get(id)?.key;
    if (key !== undefined && orphans.get(key) === id) orphans.delete(key);
  };
  const orphan = (id: string): void => {
    const key = open.get(id)?.key;
    if (key !== undefined) orphans.set(key, id);
  };
  const add = ({ id, principal, keys, expiresAt }: StoredApproval): void => {
    open.set(id, { principal, key: keys?.once, expiresAt });
  };
  const forgetExpired = (): void => {
    const now = today();
    for (const [id, { expiresAt }] of open) if (expiresAt <= now) remove(id);
  };
  const load = async (): Promise<void> => {
    const before = await records.list<StoredApproval>(kind, { limit: 10 * maxOpen });
    for (const { value } of before.reverse()) {
      if (value.state !== 'pending' || value.expiresAt <= today() || open.has(value.id)) continue;
      add(value);
      orphan(value.id);
    }
  };

  const approvals: OpenApprovals = {
    ready() {
      loaded ??= load().catch((error: unknown) => {
        loaded = undefined;
        throw error;
      });
      return loaded;
    },
    mustHaveRoom(principal) {
      forgetExpired();
      let own = 0;
      for (const entry of open.values()) if (entry.principal === principal) own += 1;
      if (own < maxOpenEach && open.size < maxOpen) return;
      const [limit, whose] = own >= maxOpenEach ? [maxOpenEach, ' of one caller'] : [maxOpen, ''];
      throw new ToolwayError('backpressure', `${limit} calls${whose} wait for approval already`, { limit });
    },
    add,
    remove,
    ids() {
      forgetExpired();
      return [...open.keys()];
    },
    orphan,
    orphanOf(key) {
      forgetExpired();
      return orphans.get(key);
    },
    adopt,
  };
  return approvals;
};
