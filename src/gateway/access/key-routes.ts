/** `/api/keys`: which keys open the gateway, and those that administrators make while it runs. */
import type { Clock } from '../../clock.ts';
import { readKeyFacts } from '../../config/gateway.ts';
import { nearest } from '../../config/nearest.ts';
import type { Report } from '../../config/parts.ts';
import type { GatewayApp } from '../context.ts';
import type { Caller } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { readObject, unfit } from '../rest/body.ts';
import type { KeyRing, KeySource } from './keys.ts';
import { type Known, knownOf, permissionsOf } from './known.ts';
import type { ApiKey } from './options.ts';
import type { KeyFacts } from './passed-on.ts';
import type { StoredKey, StoredKeys } from './stored-keys.ts';

/** A change of the keys, by whom it was made. */
export interface AuditRecord {
  /** When, as an ISO 8601 text. */
  time: string;
  event: 'key_created' | 'key_rotated' | 'key_deleted';
  /** Who made it. */
  principal: string;
  /** The id and the name of the key. */
  id: string;
  key: string;
  /** What a key that was made may do. */
  scopes?: readonly string[];
  expires?: string;
  /** For how long the key before it is still good. */
  graceMs?: number;
}

export interface KeyRoutesOptions {
  ring: KeyRing;
  stored: StoredKeys;
  /** Where no keys are asked for, none are made: they would count as soon as some are. */
  asksForKeys: boolean;
  clock: Clock;
  today(): number;
  maxBodyBytes: number;
  /** Hears of each change; what it throws is lost. */
  onAudit: ((record: AuditRecord) => void) | undefined;
}

export interface KeyRoutes {
  add(app: GatewayApp): void;
  /** Notes what was used since the last time. */
  close(): Promise<void>;
}

/** How often it is noted that keys were used, and how exactly. */
const NOTE_MS = 600_000;
const MAX_GRACE_MS = 30 * 86_400_000;
const PRIVATE = { 'Cache-Control': 'no-store' };

/** The id of a key of the configuration. No name has a colon, and no id of the store has one. */
const CONFIGURED = 'configuration:';

export const createKeyRoutes = (options: KeyRoutesOptions): KeyRoutes => {
  const { ring, stored, asksForKeys, clock, today, maxBodyBytes, onAudit } = options;
  const lastUsed = new Map<string, string>();
  let isClosed = false;

  const note = async (): Promise<void> => {
    const at = new Date(Math.floor(today() / 60_000) * 60_000).toISOString();
    for (const { name, source, known } of ring.holders()) {
      if (!known.isUsed) continue;
      known.isUsed = false;
      if (source === 'configuration') lastUsed.set(name, at);
      else await stored.used(name, at);
    }
  };
  const noteNowAndThen = (): void => {
    const timer = clock.after(NOTE_MS, () => {
      if (isClosed) return;
      note().then(noteNowAndThen, noteNowAndThen);
    });
    timer.keepAlive(false);
  };

  const audit = (
    event: AuditRecord['event'],
    { principal }: Caller,
    key: StoredKey,
    more: Partial<AuditRecord> = {},
  ): void => {
    const { id, name } = key;
    try {
      onAudit?.({ time: new Date(today()).toISOString(), event, principal: principal.id, id, key: name, ...more });
    } catch {
      // Whoever listens may fail; the change is made.
    }
  };
  const makerOf = ({ principal }: Caller): Known => {
    const known = knownOf(principal);
    if (known === undefined || !asksForKeys)
      throw new Refusal(409, 'unsupported', 'this gateway asks for no keys, and so it has none');
    return known;
  };
  const isConfigured = (id: string): boolean =>
    id.startsWith(CONFIGURED) &&
    ring.holders().some(({ name, source }) => source === 'configuration' && name === id.slice(CONFIGURED.length));
  const mustBeStored = (id: string): void => {
    if (isConfigured(id))
      throw new Refusal(409, 'unsupported', 'this key is of the configuration: change it where it stands');
  };
  const isActive = (source: KeySource, name: string): boolean =>
    ring.holders().some((holder) => holder.source === source && holder.name === name && holder.known.alive());

  const viewOf = (source: KeySource, id: string, key: ApiKey | StoredKey): object => {
    const { name, scopes, tools, resources, prompts, rateLimit, quota, expires } = key;
    const { createdAt, createdBy, lastUsedAt, previous } = key as Partial<StoredKey>;
    const previousExpires = previous !== undefined && Date.parse(previous.expires) > today() && previous.expires;
    return {
      id,
      name,
      source,
      active: isActive(source, name),
      scopes: [...permissionsOf(scopes)],
      ...{ tools, resources, prompts, rateLimit, quota, expires, createdAt, createdBy },
      lastUsedAt: lastUsedAt ?? (source === 'configuration' ? lastUsed.get(name) : undefined),
      ...(previousExpires !== false && { previousExpires }),
    };
  };

  return {
    add(app) {
      if (asksForKeys) noteNowAndThen();

      app.get('/api/keys', async (c) => {
        await note();
        const configured = ring.configured().map((key) => viewOf('configuration', CONFIGURED + key.name, key));
        const made = (await stored.list()).map((key) => viewOf('store', key.id, key));
        return c.json({ keys: [...configured, ...made] }, 200, PRIVATE);
      });
      app.post('/api/keys', async (c) => {
        const caller = c.get('caller');
        const maker = makerOf(caller);
        const asked = readAsked(await readObject(c.req.raw, maxBodyBytes), today());
        const { key, stored: made } = await stored.add(asked, maker);
        const { scopes, expires } = made;
        audit('key_created', caller, made, { scopes, ...(expires !== undefined && { expires }) });
        return c.json({ key, ...viewOf('store', made.id, made) }, 201, PRIVATE);
      });
      app.post('/api/keys/:id/rotate', async (c) => {
        const caller = c.get('caller');
        const by = makerOf(caller);
        const id = c.req.param('id');
        const { graceMs = 0 } = await readObject(c.req.raw, maxBodyBytes);
        if (typeof graceMs !== 'number' || !(graceMs >= 0 && graceMs <= MAX_GRACE_MS))
          throw wrong('/graceMs', `must be a number of milliseconds up to ${MAX_GRACE_MS}`);
        mustBeStored(id);
        const rotated = await stored.rotate(id, graceMs, by);
        if (rotated === undefined) throw noSuch();
        audit('key_rotated', caller, rotated.stored, { graceMs });
        return c.json({ key: rotated.key, ...viewOf('store', id, rotated.stored) }, 200, PRIVATE);
      });
      app.delete('/api/keys/:id', async (c) => {
        const id = c.req.param('id');
        mustBeStored(id);
        const gone = await stored.remove(id);
        if (gone === undefined) throw noSuch();
        audit('key_deleted', c.get('caller'), gone);
        return c.body(null, 204);
      });
    },
    async close() {
      isClosed = true;
      await note().catch(() => {});
    },
  };
};

const readAsked = (body: object, now: number): KeyFacts => {
  const problems: { path: string; message: string }[] = [];
  const push = (path: string, message: string): void => void problems.push({ path, message });
  const report: Report = Object.assign(push, {
    suggest: (name: string, known: readonly string[]) => nearest(name, known)[0],
  });
  const facts = readKeyFacts(body, report);
  if (facts?.expires !== undefined && Date.parse(facts.expires) <= now) push('/expires', 'must be still to come');
  if (facts !== undefined && problems.length === 0) return facts;
  throw unfit(problems.map(({ path, message }) => `${path.slice(1) || 'the key'} ${message}`).join('; '), problems);
};

const wrong = (path: string, message: string): Error => unfit(`${path.slice(1)} ${message}`, [{ path, message }]);
const noSuch = (): Refusal => new Refusal(404, 'unsupported', 'there is no such key');
