/** What every store makes of what it is given, so that all of them are of one mind. */
import { ToolwayError } from '../../errors.ts';
import type { CallRecord, HistoryFilter } from './store.ts';

/** Characters of one value as JSON. */
const MAX_VALUE_CHARS = 32 * 1024 * 1024;
/** The most calls that one question is answered with. */
const MOST_FOUND = 1_000;
const USUALLY_FOUND = 100;
const MAX_MESSAGE_CHARS = 1_000;

/** A value as it is kept. */
export const textOf = (value: unknown): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new ToolwayError('invalid_arguments', 'the value is no JSON', { cause });
  }
  if (text === undefined) throw new ToolwayError('invalid_arguments', 'the value is no JSON');
  if (text.length <= MAX_VALUE_CHARS) return text;
  throw new ToolwayError('message_too_large', `a value of ${text.length} characters cannot be kept`, {
    limit: MAX_VALUE_CHARS,
  });
};

/** A record as it waits to be kept: with no more of a message than anybody reads. Nearly all of them are as they were. */
export const keptCall = (record: CallRecord): CallRecord =>
  record.message === undefined || record.message.length <= MAX_MESSAGE_CHARS
    ? record
    : { ...record, message: record.message.slice(0, MAX_MESSAGE_CHARS) };

/** A record as it is given back: without what is not there. */
export const shownCall = (record: CallRecord): CallRecord =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as unknown as CallRecord;

/** How many calls a filter wants. */
export const wantedOf = ({ limit = USUALLY_FOUND }: HistoryFilter): number =>
  Math.max(0, Math.min(Math.floor(limit), MOST_FOUND));

/** The failure of whatever comes after the end. */
export const closedStore = (): ToolwayError => new ToolwayError('closed', 'the store is closed');
