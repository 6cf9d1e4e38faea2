/** The headers a user adds to every request, checked before they travel. Loaded with the first server that has any. */
import { type Problem, ToolwayError } from '../errors.ts';

/** Headers for every request, or a function that is asked before each one. */
export type HeaderSource = Readonly<Record<string, string>> | (() => HeaderRecord | Promise<HeaderRecord>);
/** Header values by name, in any case. */
export type HeaderRecord = Readonly<Record<string, string>>;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Set by the connection itself; whoever sets them breaks the framing. */
const FRAMING = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Names in lower case, values as they are. Throws `invalid_config` where a name or value cannot stand in a request. */
const checkHeaders = (headers: HeaderRecord): Record<string, string> => {
  const checked: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const path = `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    // The value is not shown: it may be a secret.
    if (!TOKEN.test(name)) problems.push({ path, message: 'the name is no HTTP token' });
    else if (FRAMING.has(lower)) problems.push({ path, message: 'is set by the connection itself' });
    else if (typeof value !== 'string' || !VALUE.test(value)) {
      problems.push({ path, message: 'the value holds characters that cannot stand in a header' });
    } else checked[lower] = value;
  }
  if (problems.length > 0) {
    const shown = problems.map(({ path, message }) => `${path.slice('/headers/'.length)}: ${message}`).join('; ');
    throw new ToolwayError('invalid_config', `unusable headers: ${shown}`, { problems, executed: 'no' });
  }
  return checked;
};

/** Asks the source; the answer is there at once unless a function takes its time. Throws or rejects as `checkHeaders` does. */
export const headerReader = (
  source: HeaderSource,
): (() => Record<string, string> | Promise<Record<string, string>>) => {
  if (typeof source !== 'function') {
    const fixed = checkHeaders(source);
    return () => fixed;
  }
  return () => {
    const given = source();
    return isPromise(given) ? Promise.resolve(given).then(checkHeaders) : checkHeaders(given);
  };
};

const isPromise = <T>(given: T | PromiseLike<T>): given is PromiseLike<T> =>
  typeof (given as { then?: unknown }).then === 'function';
