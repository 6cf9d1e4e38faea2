/** Answers that hold for later calls: one for the next equal one, or for all of them. */
import { canonicalJson } from '../../canonical.ts';
import { ToolwayError } from '../../errors.ts';
import type { ApprovalRequest } from '../../permission.ts';
import { definitionText } from '../../policy/definition.ts';
import { sha256 } from '../../policy/sha256.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { Records } from '../store/store.ts';
import type { Keys, Scope } from './approval.ts';

/** A grant as it is shown. Times are those of ISO 8601. */
export interface ApprovalGrant {
  id: string;
  /** `once`: the next call with equal arguments uses it up. */
  scope: 'once' | Scope;
  principal: string;
  server: string;
  tool: string;
  /** SHA-256 of the definition that it holds for. */
  definition: string;
  /** Absent where it holds for any. Long texts may be cut. */
  arguments?: JsonObject;
  /** Of `once`: how many calls it lets through. */
  uses?: number;
  decidedBy: string;
  createdAt: string;
  expiresAt?: string;
}

/** What a grant is given for. */
export type GrantFacts = Pick<
  ApprovalGrant,
  'principal' | 'server' | 'tool' | 'definition' | 'arguments' | 'decidedBy'
>;

export interface Grants {
  /** What the answer to a call may hold for; undefined where it holds for no other. */
  keysOf(principal: string, request: ApprovalRequest): Promise<(Keys & { definition: string }) | undefined>;
  /** Whether a grant covers the call; one for a single call is used up before this resolves. */
  take(keys: Keys): Promise<boolean>;
  /** Rejects with `backpressure` where there are too many. */
  mustHaveRoom(): Promise<void>;
  /** Lets one more equal call through, for a time. */
  addOnce(keys: Keys, facts: GrantFacts): Promise<void>;
  /** Lets equal calls, or all of the tool, through until it is revoked. */
  addAlways(keys: Keys, scope: Scope, facts: GrantFacts): Promise<void>;
  /** The newest first. */
  list(): Promise<ApprovalGrant[]>;
  get(id: string): Promise<ApprovalGrant | undefined>;
  /** False where there is none. */
  revoke(id: string): Promise<boolean>;
  /** Revokes all that a principal was given. */
  forget(principal: string): Promise<void>;
}

export interface GrantsOptions {
  records: Records;
  today(): number;
  newId(): string;
  /** How long an answer to a call that is gone waits for the next equal one. Default 900 000. */
  onceTtlMs?: number;
  /** Grants at a time. Default 1 000. */
  maxGrants?: number;
}

const KIND = 'approval-grant';

export const createGrants = (options: GrantsOptions): Grants => {
  const { records, today, newId, onceTtlMs = 900_000, maxGrants = 1_000 } = options;
  /** A link that the program makes itself is known by its name alone, and only as long as the program runs. */
  const thisRun = newId();

  const mustHaveRoom = async (): Promise<void> => {
    if ((await records.list(KIND, { limit: maxGrants })).length < maxGrants) return;
    throw new ToolwayError('backpressure', `there are ${maxGrants} grants already: revoke some`, { limit: maxGrants });
  };
  const grantOf = (facts: GrantFacts): Omit<ApprovalGrant, 'id' | 'scope'> => {
    const { principal, server, tool, definition, decidedBy } = facts;
    return { principal, server, tool, definition, decidedBy, createdAt: new Date(today()).toISOString() };
  };

  const list: Grants['list'] = async () =>
    (await records.list<ApprovalGrant>(KIND, { limit: maxGrants })).map(({ value }) => value);

  return {
    mustHaveRoom,
    async keysOf(principal, { server, tool, definition, arguments: args, standing }) {
      if (standing === undefined || definition === undefined) return undefined;
      const digest = await sha256(definitionText(definition));
      const { rule, launch = thisRun } = standing;
      const keyOf = async (...more: unknown[]): Promise<string> =>
        (await sha256(canonicalJson([principal, server, tool, digest, rule, launch, ...more]))).slice(0, 32);
      const [once, equal, any] = await Promise.all([keyOf('once', args), keyOf('arguments', args), keyOf('tool')]);
      return { once, arguments: equal, tool: any, definition: digest };
    },
    async take(keys) {
      const [equal, any] = await Promise.all([records.get(KIND, keys.arguments), records.get(KIND, keys.tool)]);
      if (equal !== undefined || any !== undefined) return true;
      let taken = false;
      await records.update<ApprovalGrant>(KIND, keys.once, (grant) => {
        taken = grant !== undefined;
        return grant?.uses === undefined || grant.uses <= 1 ? undefined : { ...grant, uses: grant.uses - 1 };
      });
      return taken;
    },
    async addOnce({ once: id }, facts) {
      await mustHaveRoom();
      const expiresAt = new Date(today() + onceTtlMs).toISOString();
      await records.update<ApprovalGrant>(
        KIND,
        id,
        (before) => ({
          ...grantOf(facts),
          id,
          scope: 'once',
          arguments: facts.arguments,
          uses: (before?.uses ?? 0) + 1,
          expiresAt,
        }),
        { ttlMs: onceTtlMs },
      );
    },
    async addAlways(keys, scope, facts) {
      const id = keys[scope];
      const shown = scope === 'arguments' ? { arguments: facts.arguments } : {};
      await records.put<ApprovalGrant>(KIND, id, { ...grantOf(facts), id, scope, ...shown });
    },
    list,
    get: (id) => records.get<ApprovalGrant>(KIND, id),
    revoke: (id) => records.delete(KIND, id),
    async forget(principal) {
      const own = (await list()).filter((grant) => grant.principal === principal);
      await Promise.all(own.map(({ id }) => records.delete(KIND, id)));
    },
  };
};
