/** `elicitation/create`: what a server may ask a person, checked before anybody sees it. */
import { type Form, invalid, readForm, shownText } from './form.ts';
import { isAbsent, isObject } from './shape.ts';
import type { ElicitFormRequest, ElicitUrlRequest, JsonObject } from './types.ts';

/** The longest URL that a person is asked to judge. In UTF-16 units. */
export const MAX_URL = 8_192;
/** The most URLs of one legacy error −32042. */
export const MAX_URLS = 16;

export type Elicitation =
  | { mode: 'form'; request: ElicitFormRequest; form: Form }
  | { mode: 'url'; request: ElicitUrlRequest };

/** Reads the parameters of a request; refuses with −32602. A missing `mode` means a form. */
export const readElicitation = (params: JsonObject): Elicitation => {
  shownText(params.message, 'message');
  switch (params.mode ?? 'form') {
    case 'form':
      return { mode: 'form', request: params as ElicitFormRequest, form: readForm(params.requestedSchema) };
    case 'url':
      checkUrl(params.url);
      if (!isAbsent(params.elicitationId)) shownText(params.elicitationId, 'elicitationId');
      return { mode: 'url', request: params as ElicitUrlRequest };
    default:
      throw invalid('mode is neither form nor url');
  }
};

/**
 * A person decides by what they read, so the text has to be the URL that a browser would open: no characters that a parser
 * skips or rewrites, and the host written as it will be resolved, with no user name in front that could pass for one.
 */
const checkUrl = (url: unknown): void => {
  if (typeof url !== 'string') throw invalid('url is not a string');
  if (url.length > MAX_URL) throw invalid(`url has more than ${MAX_URL} characters`);
  const authority = /^https?:\/\/([^/?#\s\\]+)[^\s\\\p{Cc}\p{Cf}]*$/iu.exec(url)?.[1]?.toLowerCase();
  const parsed = authority === undefined ? undefined : parseUrl(url);
  if (parsed === undefined) throw invalid('url is no plain http or https URL');
  const usualPort = parsed.protocol === 'https:' ? 443 : 80;
  if (authority !== parsed.host && authority !== `${parsed.host}:${usualPort}`) {
    throw invalid('url does not write its host plainly');
  }
};

const parseUrl = (url: string): URL | undefined => {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
};

/**
 * The URLs to visit that a legacy error −32042 lists in its `data`. All of them are needed before the request can be sent
 * again, so if one is unusable, or there are more than 16, there are none.
 */
export const urlElicitations = (data: unknown): ElicitUrlRequest[] => {
  const list = isObject(data) ? data.elicitations : undefined;
  if (!Array.isArray(list) || list.length > MAX_URLS) return [];
  try {
    return list.map((entry: unknown) => {
      const elicitation = readElicitation(isObject(entry) ? entry : {});
      if (elicitation.mode === 'url') return elicitation.request;
      throw invalid('mode is not url');
    });
  } catch {
    return [];
  }
};
