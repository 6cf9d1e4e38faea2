/** Puts a call among those that wait for somebody's word. */
import { ToolwayError } from '../../errors.ts';
import type { ApprovalRequest } from '../../permission.ts';
import type { Caller } from '../principal.ts';
import { newId } from '../random.ts';
import type { Records } from '../store/store.ts';
import type { Keys, StoredApproval } from './approval.ts';
import type { OpenApprovals } from './open-approvals.ts';
import { shownArguments } from './shown.ts';

export interface EntranceOptions {
  records: Records;
  kind: string;
  open: OpenApprovals;
  today(): number;
  /** How long it is kept once it is over. */
  keepMs: number;
}

/** Resolves with what is in the store by then. */
export type Entrance = (
  caller: Caller,
  request: ApprovalRequest,
  keys: (Keys & { definition: string }) | undefined,
) => Promise<StoredApproval>;

export const createEntrance = ({ records, kind, open, today, keepMs }: EntranceOptions): Entrance => {
  const enter: Entrance = async (caller, request, keys) => {
    const { id: call, server, tool, title, annotations, reason, warnings, diff, taint, timeoutMs } = request;
    const shown = shownArguments(request.arguments);
    if (shown === undefined) throw new ToolwayError('denied', 'it has more arguments than anybody could be shown');
    const { definition, ...own } = keys ?? {};
    const createdAt = today();
    const stored: StoredApproval = {
      id: newId(),
      state: 'pending',
      call,
      principal: caller.principal.id,
      server,
      tool,
      annotations,
      reason,
      createdAt,
      expiresAt: createdAt + timeoutMs,
      ...shown,
      ...(title !== undefined && { title }),
      ...(warnings !== undefined && { warnings }),
      ...(diff !== undefined && { diff }),
      ...(taint !== undefined && { taint }),
      ...(keys !== undefined && { definition, keys: own as StoredApproval['keys'] }),
    };
    const ttlMs = timeoutMs + keepMs;
    const orphan = keys && open.orphanOf(keys.once);
    if (orphan === undefined) {
      open.add(stored);
      await records.put(kind, stored.id, stored, { ttlMs }).catch((error: unknown) => {
        open.remove(stored.id);
        throw error;
      });
      return stored;
    }
    // An equal call has left, and its approval is still open: whoever looks at it is asked once.
    open.adopt(orphan);
    const adopted = await records.update<StoredApproval>(
      kind,
      orphan,
      (before) => (before?.state === 'pending' ? { ...stored, id: before.id, createdAt: before.createdAt } : before),
      { ttlMs },
    );
    if (adopted?.state === 'pending') {
      open.add(adopted);
      return adopted;
    }
    open.remove(orphan);
    return enter(caller, request, keys);
  };
  return enter;
};
