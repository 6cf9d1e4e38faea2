/** One line of the input as the call it asks for. */
import { ToolwayError } from '../../errors.ts';
import { qualify } from '../../names.ts';
import type { CallOptions } from '../../options.ts';
import type { RawLine } from './lines.ts';

/** A call as a line asks for it. */
export interface LineCall {
  /** Qualified or bare. */
  name: string;
  args: Record<string, unknown>;
  options: CallOptions;
}

/** A line that was read: with the call it asks for, or why it is none; with the id that it gave itself in either case. */
export type ReadLine = { id?: string | number } & ({ call: LineCall; error?: undefined } | { error: ToolwayError });

/** A longer line is no call. */
export const MAX_LINE_BYTES = 10 * 1024 * 1024;
/** An id is written before the result; a longer one is no name for anything. */
const MAX_ID_LENGTH = 1_000;
const FIELDS = ['name', 'tool', 'server', 'arguments', 'options', 'id'];
/** What cannot be said in JSON, or is decided for the batch as a whole. */
const NOT_IN_A_LINE = ['signal', 'onProgress'];

const utf8 = new TextDecoder('utf-8', { fatal: true });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for a line without anything in it. */
export const isBlank = ({ bytes, tooLong }: RawLine): boolean =>
  !tooLong && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

/** Reads a line; `servers` are the names that `server` may have. Never throws. */
export const readCall = (line: RawLine, servers: readonly string[]): ReadLine => {
  const wrong = (why: string): ToolwayError =>
    new ToolwayError('invalid_arguments', `line ${line.number}: ${why}`, { executed: 'no' });
  if (line.tooLong) return { error: wrong(`longer than ${MAX_LINE_BYTES} bytes`) };
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(line.bytes));
  } catch (thrown) {
    return { error: wrong(`not JSON: ${(thrown as Error).message}`) };
  }
  if (!isObject(value)) return { error: wrong('no object with name and arguments') };
  const { tool, name = tool, server, arguments: args = {}, options = {}, id } = value;
  const own = isId(id) ? { id } : {};
  const refuse = (why: string): ReadLine => ({ ...own, error: wrong(why) });
  const strange = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (id !== undefined && !isId(id))
    return refuse(`its id must be a number or a text of at most ${MAX_ID_LENGTH} characters`);
  if (strange !== undefined)
    return refuse(`there is no field ${JSON.stringify(strange)}; there are ${FIELDS.join(', ')}`);
  if (typeof name !== 'string' || name === '') return refuse('it names no tool');
  if (!isObject(args)) return refuse('its arguments must be an object');
  if (!isObject(options)) return refuse('its options must be an object');
  const misplaced = NOT_IN_A_LINE.find((key) => Object.hasOwn(options, key));
  if (misplaced !== undefined) return refuse(`${misplaced} is no option of a line`);
  if (server === undefined) return { ...own, call: { name, args, options } };
  if (typeof server === 'string' && servers.includes(server)) {
    return { ...own, call: { name: qualify(server, name), args, options } };
  }
  const reason = `line ${line.number}: there is no server ${JSON.stringify(server)}`;
  return { ...own, error: new ToolwayError('unknown_server', reason, { executed: 'no' }) };
};

const isId = (id: unknown): id is string | number =>
  typeof id === 'number' || (typeof id === 'string' && id.length <= MAX_ID_LENGTH);
