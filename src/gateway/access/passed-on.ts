/** What one principal may give another: never more than it has itself. */
import { canonicalJson } from '../../canonical.ts';
import { Refusal } from '../refusal.ts';
import { within } from './filters.ts';
import { type Known, permissionsOf } from './known.ts';
import type { Allowance, ApiKey, Grant, RateLimit } from './options.ts';

/** What is said of a key beside the key itself. */
export type KeyFacts = Grant & Allowance & Pick<ApiKey, 'name' | 'expires'>;

/**
 * What a key is given that somebody asks for: what it does not say is as its maker has it, tools that are denied to the
 * maker too. Throws a `Refusal` (403) where it says more than that.
 */
export const passedOn = (maker: Known, asked: KeyFacts): KeyFacts => {
  const beyond = (what: string): Refusal =>
    new Refusal(403, 'forbidden', `a key cannot be given more than its maker has: ${what}`);
  const scopes = [...permissionsOf(asked.scopes)];
  for (const scope of scopes) if (!maker.permissions.has(scope)) throw beyond(`the scope "${scope}"`);
  const filters = within(maker.filters, asked, (kind, pattern) => {
    throw beyond(`${kind} ${JSON.stringify(pattern)}`);
  });

  const endsAt = Math.min(
    maker.endsAt(),
    asked.expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(asked.expires),
  );
  if (asked.expires !== undefined && Date.parse(asked.expires) > endsAt) throw beyond(`expires ${asked.expires}`);

  const { rateLimit: rate, quota } = maker.allowance;
  const rateLimit = rate === undefined ? asked.rateLimit : boundedRate(rate, asked.rateLimit);
  if (rateLimit === undefined && rate !== undefined) throw beyond('a higher rateLimit');
  const perDay = asked.quota?.perDay ?? quota?.perDay;
  if (perDay !== undefined && perDay > (quota?.perDay ?? perDay)) throw beyond('a higher quota');
  return {
    name: asked.name,
    scopes,
    ...filters,
    ...(Number.isFinite(endsAt) && { expires: new Date(endsAt).toISOString() }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(perDay !== undefined && { quota: { perDay } }),
  };
};

/** Undefined where more is asked for than there is. */
const boundedRate = (own: RateLimit, asked: RateLimit = {}): RateLimit | undefined => {
  const { perSecond = own.perSecond, perMinute = own.perMinute } = asked;
  const burst = asked.burst ?? own.burst;
  const most = own.burst ?? Math.ceil(own.perSecond ?? own.perMinute ?? 0);
  const isMore =
    (perSecond ?? 0) > (own.perSecond ?? Number.POSITIVE_INFINITY) ||
    (perMinute ?? 0) > (own.perMinute ?? Number.POSITIVE_INFINITY) ||
    (asked.burst ?? 0) > most;
  if (isMore) return undefined;
  return {
    ...(perSecond !== undefined && { perSecond }),
    ...(perMinute !== undefined && { perMinute }),
    ...(burst !== undefined && { burst }),
  };
};

/** Throws a `Refusal` (403) where a key gives more than somebody has: to make that one another key would be to pass it on. */
export const mustHaveAllOf = (own: Known, { name, ...given }: KeyFacts): void => {
  const { name: _name, ...left } = passedOn(own, { name, ...given });
  if (canonicalJson(left) === canonicalJson(given)) return;
  throw new Refusal(403, 'forbidden', `the key ${JSON.stringify(name)} gives more than ${own.caller.principal.id} has`);
};
