/** The keys that open the gateway. Only their digests are kept. */
import { ToolwayError } from '../../errors.ts';
import { digestOf, hexOf, sameDigest } from './api-key.ts';
import { filtersOf } from './filters.ts';
import { createKnown, type Known } from './known.ts';
import { createMeter, type Meter, type MeterOptions } from './meter.ts';
import type { ApiKey } from './options.ts';

/** Where keys come from: what the operator configured, and what was made while the gateway ran. */
export type KeySource = 'configuration' | 'store';

/** The holder of one key. */
export interface Holder {
  name: string;
  source: KeySource;
  known: Known;
}

export interface KeyRing {
  /** Whose key this is, where it was seen before. Costs no hashing. */
  recall(key: string): Known | undefined;
  /** Whose key this is. */
  find(key: string): Promise<Known | undefined>;
  /** The holder of the key of this name. */
  named(name: string): Known | undefined;
  /**
   * Resolves when these are the keys of that source. Those that are as they were go on with what they have used, also
   * where they end at another time; the others end. A name of the configuration opens with its key alone.
   */
  replace(source: KeySource, keys: readonly ApiKey[]): Promise<void>;
  /** The keys of the configuration, as it gives them. */
  configured(): readonly ApiKey[];
  /** All holders; several where a name has several keys. */
  holders(): readonly Holder[];
}

interface Entry extends Holder {
  /** What was said beside the key, to tell whether it changed. */
  said: string;
  digest: Promise<Uint8Array>;
  meter: Meter;
  endsAt: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DIGEST = /^[0-9a-f]{64}$/i;
const MAX_RECALLED = 1_000;
const LONGEST_KEY = 512;

export const createKeyRing = (keys: readonly ApiKey[], options: MeterOptions): KeyRing => {
  /**
   * Keys that were right, as they were shown. A lookup in a `Map` may take a time of its own for a text that is nearly
   * in it, but tells nothing that helps: texts are compared only when their whole hashes are equal, and those are made
   * with a seed that this process keeps to itself.
   */
  const recalled = new Map<string, Known>();

  const given: Record<KeySource, readonly ApiKey[]> = { configuration: keys, store: [] };
  let entries: Entry[] = [];
  let replaced = Promise.resolve();

  const entryOf = (source: KeySource, key: ApiKey, meters: Map<string, Meter>): Entry => {
    const { name, expires, rateLimit, quota, scopes, tools, resources, prompts } = key;
    const said = JSON.stringify({ source, name, rateLimit, quota, scopes, tools, resources, prompts });
    const id = `key:${name}`;
    const allowance = { rateLimit, quota };
    // A second key of the same holder has no allowance of its own.
    const meter = meters.get(said) ?? createMeter(id, allowance, options);
    meters.set(said, meter);
    const entry: Entry = {
      name,
      source,
      said,
      digest: key.sha256 === undefined ? digestOf(key.key ?? '') : Promise.resolve(bytesOf(key.sha256)),
      meter,
      endsAt: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
      known: createKnown({
        id,
        scopes,
        filters: filtersOf({ tools, resources, prompts }),
        meter,
        allowance,
        endsAt: () => entry.endsAt,
        alive: () => options.today() < entry.endsAt,
      }),
    };
    return entry;
  };
  const wanted = (): Entry[] => {
    const meters = new Map(entries.map(({ said, meter }) => [said, meter]));
    const configured = new Set(given.configuration.map(({ name }) => name));
    return [
      ...given.configuration.map((key) => entryOf('configuration', key, meters)),
      ...given.store.filter(({ name }) => !configured.has(name)).map((key) => entryOf('store', key, meters)),
    ];
  };

  checkKeys(keys);
  entries = wanted();

  const replace = async (): Promise<void> => {
    const before = new Map<string, Entry>();
    for (const entry of entries) before.set(await identityOf(entry), entry);
    const next: Entry[] = [];
    for (const entry of wanted()) {
      const same = before.get(await identityOf(entry)) ?? entry;
      same.endsAt = entry.endsAt;
      next.push(same);
    }
    const kept = new Set(next);
    for (const entry of entries) if (!kept.has(entry)) entry.endsAt = Number.NEGATIVE_INFINITY;
    entries = next;
    recalled.clear();
  };

  return {
    async replace(source, replacement) {
      if (source === 'configuration') checkKeys(replacement);
      given[source] = replacement;
      // One after the other: the last ones stay.
      replaced = replaced.then(replace);
      return replaced;
    },
    holders: () => entries,
    configured: () => given.configuration,
    named: (name) => entries.find((entry) => entry.name === name)?.known,
    recall(key) {
      const known = recalled.get(key);
      if (known === undefined || known.alive()) return known;
      recalled.delete(key);
      return undefined;
    },
    async find(key) {
      if (key === '' || key.length > LONGEST_KEY) return undefined;
      const presented = await digestOf(key);
      const current = entries;
      let found: Entry | undefined;
      // All of them are compared, whichever fits: the time tells nothing.
      for (const entry of current) if (sameDigest(presented, await entry.digest)) found = entry;
      if (found === undefined || !found.known.alive()) return undefined;
      const [oldest] = recalled.keys();
      if (recalled.size >= MAX_RECALLED && oldest !== undefined) recalled.delete(oldest);
      recalled.set(key, found.known);
      return found.known;
    },
  };
};

/** What one entry has to have in common with another to be the same. */
const identityOf = async ({ said, digest }: Entry): Promise<string> => `${hexOf(await digest)} ${said}`;

const checkKeys = (keys: readonly ApiKey[]): void => {
  const names = new Set<string>();
  for (const key of keys) {
    checkKey(key);
    if (names.has(key.name)) throw wrong(key.name, 'is there twice');
    names.add(key.name);
  }
};

const checkKey = ({ name, key, sha256, expires }: ApiKey): void => {
  if (!NAME.test(name)) throw wrong(name, 'has a name that is not made of letters, digits, ".", "_" and "-"');
  if ((key === undefined) === (sha256 === undefined)) throw wrong(name, 'needs either key or sha256');
  if (sha256 !== undefined && !DIGEST.test(sha256)) throw wrong(name, 'has a sha256 that is not 64 hexadecimal digits');
  if (key !== undefined && (!/^[\x21-\x7e]+$/.test(key) || key.length > LONGEST_KEY)) {
    throw wrong(name, `must be 1 to ${LONGEST_KEY} visible ASCII characters, so that a header can carry it`);
  }
  if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
    throw wrong(name, 'has an expires that is no ISO 8601 time');
  }
};

const wrong = (name: string, reason: string): ToolwayError =>
  new ToolwayError('invalid_config', `the API key ${JSON.stringify(name.slice(0, 64))} ${reason}`);

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
