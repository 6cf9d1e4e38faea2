/** What principals have given, in the store: one record for each of them, in which every value is sealed. */
import { ToolwayError } from '../../errors.ts';
import { sha256 } from '../../policy/sha256.ts';
import type { Records } from '../store/store.ts';
import type { Sealed } from './seal.ts';

/** What was given for one server. */
export interface Kept {
  server: string;
  /** Where it may be sent, and how that was shown to whoever gave it. */
  target: { id: string; shown: string };
  /** In milliseconds since the Unix epoch. */
  givenAt: number;
  values: { name: string; sealed: Sealed }[];
}

interface OfPrincipal {
  principal: string;
  servers: Kept[];
}

export interface Shelf {
  of(principal: string): Promise<Kept[]>;
  /** Puts it in the place of what was given for the server. Rejects with `backpressure` where there is too much. */
  put(principal: string, kept: Kept): Promise<void>;
  /** False where there is nothing. */
  remove(principal: string, server: string): Promise<boolean>;
  /** All that a principal has given; gives the servers. */
  clear(principal: string): Promise<string[]>;
}

export interface ShelfOptions {
  records: Records;
  /** Principals that have given something. Default 10 000. */
  maxPrincipals?: number;
  /** Servers for which one has. Default 100. */
  maxServers?: number;
}

const KIND = 'credential';

/** How many principals have given something that was sealed with another key than this. */
export const sealedElsewhere = async (records: Records, key: string): Promise<number> => {
  const all = await records.list<OfPrincipal>(KIND, { limit: Number.MAX_SAFE_INTEGER });
  const isElsewhere = ({ values }: Kept): boolean => values.some(({ sealed }) => sealed.key !== key);
  return all.filter(({ value: { servers } }) => servers.some(isElsewhere)).length;
};

export const createShelf = ({ records, maxPrincipals = 10_000, maxServers = 100 }: ShelfOptions): Shelf => {
  /** Names of principals are as long as others want them. */
  const idOf = (principal: string): Promise<string> => sha256(JSON.stringify([KIND, principal]));
  const full = (limit: number, what: string): ToolwayError =>
    new ToolwayError('backpressure', `${limit} ${what} already: revoke some`, { executed: 'no', limit });

  return {
    async of(principal) {
      return (await records.get<OfPrincipal>(KIND, await idOf(principal)))?.servers ?? [];
    },
    async put(principal, kept) {
      const id = await idOf(principal);
      const isNew = (await records.get(KIND, id)) === undefined;
      if (isNew && (await records.list(KIND, { limit: maxPrincipals })).length >= maxPrincipals)
        throw full(maxPrincipals, 'principals have given credentials');
      let isFull = false;
      await records.update<OfPrincipal>(KIND, id, (before) => {
        const others = (before?.servers ?? []).filter(({ server }) => server !== kept.server);
        isFull = others.length >= maxServers;
        return isFull ? before : { principal, servers: [...others, kept] };
      });
      if (isFull) throw full(maxServers, 'servers have credentials of one principal');
    },
    async remove(principal, server) {
      let wasThere = false;
      await records.update<OfPrincipal>(KIND, await idOf(principal), (before) => {
        const servers = before?.servers.filter((kept) => kept.server !== server) ?? [];
        wasThere = before !== undefined && servers.length < before.servers.length;
        return servers.length === 0 ? undefined : { principal, servers };
      });
      return wasThere;
    },
    async clear(principal) {
      const id = await idOf(principal);
      const servers = ((await records.get<OfPrincipal>(KIND, id))?.servers ?? []).map(({ server }) => server);
      if (servers.length > 0) await records.delete(KIND, id);
      return servers;
    },
  };
};
