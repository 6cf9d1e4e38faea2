/** Keys that are made while the gateway runs. The store has them, as digests; what it does not acknowledge has not happened. */
import { ToolwayError } from '../../errors.ts';
import type { Logger } from '../../options.ts';
import { newId } from '../random.ts';
import { Refusal } from '../refusal.ts';
import type { Records } from '../store/store.ts';
import { createApiKey } from './api-key.ts';
import type { KeyRing } from './keys.ts';
import type { Known } from './known.ts';
import type { ApiKey } from './options.ts';
import { type KeyFacts, mustHaveAllOf, passedOn } from './passed-on.ts';

/** A key as it is kept. Times are those of ISO 8601. */
export interface StoredKey extends KeyFacts {
  id: string;
  sha256: string;
  createdAt: string;
  /** The principal that made it. */
  createdBy: string;
  lastUsedAt?: string;
  /** The key before this one, and until when it is good. */
  previous?: { sha256: string; expires: string };
}

export interface StoredKeys {
  /** Resolves when the keys of the store open the gateway; undefined where they do. */
  ready(): Promise<void> | undefined;
  /** The newest first. */
  list(): Promise<StoredKey[]>;
  /** Makes a key. Rejects with a `Refusal` (403, 409), or with `backpressure` where there are too many. */
  add(asked: KeyFacts, maker: Known): Promise<{ key: string; stored: StoredKey }>;
  /** Another key in the place of one, which is good for `graceMs` more. Undefined where there is none. */
  rotate(id: string, graceMs: number, by: Known): Promise<{ key: string; stored: StoredKey } | undefined>;
  /** The key that was there. */
  remove(id: string): Promise<StoredKey | undefined>;
  /** Notes when a key was last used. */
  used(name: string, at: string): Promise<void>;
}

export interface StoredKeysOptions {
  records: Records;
  ring: KeyRing;
  maxKeys: number;
  today(): number;
  logger: Logger | undefined;
  /** Ends what a principal has beside its key. A name is given again once this has resolved. */
  forget?: ((principal: string) => Promise<void>) | undefined;
}

const KIND = 'api-key';
const MOST = 100_000;
/** Of all that is said of a key, as JSON. */
const MAX_CHARS = 32_768;
/** How long it is still shown that there was a key, once it has expired. */
const AFTERWARDS_MS = 30 * 86_400_000;

export const createStoredKeys = ({ records, ring, maxKeys, today, logger, forget }: StoredKeysOptions): StoredKeys => {
  let keys: StoredKey[] = [];
  let loading: Promise<void> | undefined;
  let isReady = false;
  let last: Promise<unknown> = Promise.resolve();

  const apply = (): Promise<void> => ring.replace('store', keys.flatMap(opening));
  const load = async (): Promise<void> => {
    // There may be more than may be made, where the number was higher before.
    const found = await records.list<StoredKey>(KIND, { limit: MOST });
    keys = found.map(({ value }) => value);
    await apply();
    isReady = true;
  };
  const ready = (): Promise<void> | undefined => {
    if (isReady) return undefined;
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      logger?.error('the keys of the store cannot be read: they open nothing', { error });
      throw error;
    });
    return loading;
  };
  /** One change after the other, each of what the one before has left. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const turn = last.then(async () => {
      await ready();
      keys = keys.filter(({ expires }) => expires === undefined || Date.parse(expires) + AFTERWARDS_MS > today());
      return change();
    });
    last = turn.catch(() => {});
    return turn;
  };
  const write = (key: StoredKey): Promise<void> => {
    const { expires } = key;
    const ttl = expires !== undefined && { ttlMs: Date.parse(expires) + AFTERWARDS_MS - today() };
    return records.put(KIND, key.id, key, { ...ttl });
  };
  const place = (key: StoredKey): void => {
    keys = keys.some(({ id }) => id === key.id) ? keys.map((one) => (one.id === key.id ? key : one)) : [key, ...keys];
  };
  const keep = async (key: StoredKey): Promise<void> => {
    await write(key);
    place(key);
    await apply();
  };
  const mustBeFree = (name: string): void => {
    const isTaken = keys.some((key) => key.name === name) || ring.named(name) !== undefined;
    if (isTaken) throw new Refusal(409, 'invalid_arguments', `there is a key named ${JSON.stringify(name)} already`);
  };
  const mustHaveRoom = (): void => {
    if (keys.length < maxKeys) return;
    const reason = `there are ${maxKeys} keys already: delete some`;
    throw new ToolwayError('backpressure', reason, { executed: 'no', limit: maxKeys });
  };
  const now = (): string => new Date(today()).toISOString();

  return {
    ready,
    list: () => inTurn(async () => keys),
    add: (asked, maker) =>
      inTurn(async () => {
        const facts = passedOn(maker, asked);
        mustBeFree(facts.name);
        mustHaveRoom();
        const { key, sha256 } = await createApiKey();
        const createdBy = maker.caller.principal.id;
        const stored: StoredKey = { id: newId(), ...facts, sha256, createdAt: now(), createdBy };
        if (JSON.stringify(stored).length > MAX_CHARS) throw tooLong();
        await forget?.(principalOf(stored));
        await keep(stored);
        return { key, stored };
      }),
    rotate: (id, graceMs, by) =>
      inTurn(async () => {
        const before = keys.find((key) => key.id === id);
        if (before === undefined) return undefined;
        // Whoever has the new key has what the old one gave.
        mustHaveAllOf(by, factsOf(before));
        const { key, sha256 } = await createApiKey();
        const { previous: _previous, ...facts } = before;
        const ownEnd = before.expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(before.expires);
        const expires = new Date(Math.min(ownEnd, today() + graceMs)).toISOString();
        const stored = { ...facts, sha256, ...(graceMs > 0 && { previous: { sha256: before.sha256, expires } }) };
        await keep(stored);
        return { key, stored };
      }),
    remove: (id) =>
      inTurn(async () => {
        const gone = keys.find((key) => key.id === id);
        if (gone === undefined) return undefined;
        await records.delete(KIND, id);
        keys = keys.filter((key) => key !== gone);
        await apply();
        await forget?.(principalOf(gone)).catch((error: unknown) =>
          logger?.error('what belongs to a key that is gone could not be forgotten yet', { error }),
        );
        return gone;
      }),
    used: (name, at) =>
      inTurn(async () => {
        const before = keys.find((one) => one.name === name);
        if (before === undefined || before.lastUsedAt === at) return;
        const key = { ...before, lastUsedAt: at };
        place(key);
        // It is only to be looked at: what cannot be written is known until the gateway ends.
        await write(key).catch(() => {});
      }),
  };
};

const principalOf = ({ name }: StoredKey): string => `key:${name}`;

/** What opens the gateway of what is kept. */
const opening = (key: StoredKey): ApiKey[] => {
  const { sha256, previous } = key;
  const facts = factsOf(key);
  return [{ ...facts, sha256 }, ...(previous === undefined ? [] : [{ ...facts, ...previous }])];
};

const factsOf = (key: StoredKey): KeyFacts => {
  const { name, expires, scopes, tools, resources, prompts, rateLimit, quota } = key;
  const facts = { name, expires, scopes, tools, resources, prompts, rateLimit, quota };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as unknown as KeyFacts;
};

const tooLong = (): ToolwayError =>
  new ToolwayError('invalid_arguments', `what is said of the key has more than ${MAX_CHARS} characters`, {
    executed: 'no',
    limit: MAX_CHARS,
  });
