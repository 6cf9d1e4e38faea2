/** Dates in a request, as ISO 8601. What has two readings, as 03/04/2026, is none. */
import { type Moment, today } from './moment.ts';

export interface FoundDate {
  start: number;
  length: number;
  value: string;
}

const DAY_MS = 86_400_000;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH = `(${MONTHS.join('|')})[a-z]*\\.?`;

const iso = (date: Date): string => date.toISOString().slice(0, 10);
const dateOf = (year: number, month: number, day: number): string | undefined => {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? iso(date) : undefined;
};
const monthOf = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;

type Reader = (match: RegExpMatchArray, day: Date) => string | undefined;

const shifted = (day: Date, days: number): string => iso(new Date(day.getTime() + days * DAY_MS));

/** The day of this name after today, or before it; the one that is today is a week away. */
const weekday = (day: Date, name: string, way: string): string => {
  const ahead = (WEEKDAYS.indexOf(name.toLowerCase()) - day.getUTCDay() + 7) % 7;
  if (way.toLowerCase() === 'last') return shifted(day, ahead === 0 ? -7 : ahead - 7);
  return shifted(day, ahead === 0 ? 7 : ahead);
};

const READERS: [RegExp, Reader][] = [
  [/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?/g, ([text]) => text],
  [/\b(\d{4})-(\d{2})-(\d{2})\b/g, ([, y, m, d]) => dateOf(Number(y), Number(m), Number(d))],
  [/\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b/g, ([, d, m, y]) => dateOf(Number(y), Number(m), Number(d))],
  [
    /\b(\d{1,2})\/(\d{1,2})\/(\d{4})\b/g,
    ([, one, two, y]) => {
      const readings = new Set([
        dateOf(Number(y), Number(one), Number(two)),
        dateOf(Number(y), Number(two), Number(one)),
      ]);
      readings.delete(undefined);
      return readings.size === 1 ? [...readings][0] : undefined;
    },
  ],
  [
    new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?\\.? ${MONTH},? (\\d{4})\\b`, 'gi'),
    ([, d, m = '', y]) => dateOf(Number(y), monthOf(m), Number(d)),
  ],
  [
    new RegExp(`\\b${MONTH} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})\\b`, 'gi'),
    ([, m = '', d, y]) => dateOf(Number(y), monthOf(m), Number(d)),
  ],
  [/\btoday\b/gi, (_, day) => iso(day)],
  [/\btomorrow\b/gi, (_, day) => shifted(day, 1)],
  [/\byesterday\b/gi, (_, day) => shifted(day, -1)],
  [
    /\bin (\d{1,4}) (day|week)s?\b/gi,
    ([, count, unit], day) => shifted(day, Number(count) * (unit?.toLowerCase() === 'week' ? 7 : 1)),
  ],
  [
    /\b(\d{1,4}) (day|week)s? ago\b/gi,
    ([, count, unit], day) => shifted(day, -Number(count) * (unit?.toLowerCase() === 'week' ? 7 : 1)),
  ],
  [
    new RegExp(`\\b(next|last|on) (${WEEKDAYS.join('|')})\\b`, 'gi'),
    ([, way = '', name = ''], day) => weekday(day, name, way),
  ],
];

export const datesIn = (text: string, moment: Moment): FoundDate[] => {
  const day = today(moment);
  const found: FoundDate[] = [];
  for (const [pattern, read] of READERS) {
    for (const match of text.matchAll(pattern)) {
      const value = read(match, day);
      const [start, length] = [match.index, match[0].length];
      const free = found.every((one) => start >= one.start + one.length || start + length <= one.start);
      if (value !== undefined && free) found.push({ start, length, value });
    }
  }
  return found;
};
