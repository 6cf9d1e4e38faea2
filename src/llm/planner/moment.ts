/** What day it is where the person is who asks. */

export interface Moment {
  /** Milliseconds since the Unix epoch. */
  now: number;
  /** IANA name of a time zone, as `Europe/Zurich`; the machine's own where it is absent. */
  timeZone?: string | undefined;
}

/** Midnight of the day, as if its date were in UTC: what is counted from it are days, not hours. */
export const today = ({ now, timeZone }: Moment): Date => {
  const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' });
  const part = new Map(format.formatToParts(now).map(({ type, value }) => [type, Number(value)]));
  return new Date(Date.UTC(part.get('year') ?? 1970, (part.get('month') ?? 1) - 1, part.get('day') ?? 1));
};
