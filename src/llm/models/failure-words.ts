/** A failure as a person reads it: what was said, with which status, by whom, and what can be done. */
import type { ModelError, ModelFailure } from '../model-error.ts';

/** What was asked. */
export interface Asked {
  model: string;
  /** Where, if that is known. */
  url?: string;
  /** How the base URL of such an API ends, where its users write it themselves. */
  baseEnds?: string;
}

const ADVICE: Readonly<Partial<Record<ModelFailure, string>>> = {
  auth: 'the key is missing or wrong, or has no right to this model',
  rate: 'too many requests, ask again later',
  quota: 'see the account at the provider',
  overloaded: 'it has too much to do, ask again later',
  server: 'the provider failed, ask again later',
  network: 'does a server run at this address?',
  timeout: 'ask again, or allow it more time',
  truncated: 'ask again',
  context: 'begin a new conversation, or send less',
};
/** Longer than what a person reads of it. In UTF-16 units. */
const LONGEST_WORDS = 1_000;
/** `fetch` repeats a URL that it refuses for them. */
const CREDENTIALS = /\/\/[^\s/@]+@/g;

/** The reason of a failure with its status, the URL without what may be secret in it, and what can be done. */
export const inWords = ({ failure, reason, status }: ModelError, asked: Asked): string => {
  if (failure === 'aborted') return reason;
  // That a conversation is too long is told as an event as well, to whoever listens; there is nothing wrong with the address.
  const url = asked.url === undefined || failure === 'context' ? undefined : shownUrl(asked.url);
  const from = [status === undefined ? '' : `status ${status}`, url ?? ''].filter((part) => part !== '').join(' of ');
  const safe = reason.replace(CREDENTIALS, '//');
  const said = safe.length > LONGEST_WORDS ? `${safe.slice(0, LONGEST_WORDS)}…` : safe;
  const head = said === '' ? from : from === '' ? said : `${said} (${from})`;
  const advice = adviceFor(failure, status, asked);
  return [head, advice ?? ''].filter((part) => part !== '').join(': ');
};

/** Newcomers mostly have a wrong base URL, or the wrong name of a model. */
const adviceFor = (
  failure: ModelFailure,
  status: number | undefined,
  { model, baseEnds }: Asked,
): string | undefined => {
  if (status !== 404 && status !== 405) return ADVICE[failure];
  const base = baseEnds === undefined ? '' : ` (${baseEnds})`;
  return `is there a model ${model}, and is the base URL right${base}?`;
};

/** Without user, password, query and fragment. */
const shownUrl = (url: string): string | undefined => {
  try {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname}`;
  } catch {
    return undefined;
  }
};
