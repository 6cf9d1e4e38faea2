/**
 * Which bodies a request that changes something may have. Forms and plain text are what a page of a stranger can send
 * without asking first (Fetch standard, "simple requests"), so neither is taken.
 */
import { Refusal } from '../refusal.ts';
import type { ConnectionFacts } from './peer.ts';

const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export const changesSomething = (method: string): boolean => !WITHOUT_EFFECT.has(method);

/** Throws a refusal of 415 for a body that is neither JSON nor, with the header `X-Toolway`, multipart. */
export const checkBodyType = (request: Request, env: unknown): void => {
  const { headers } = request;
  const type = headers.get('content-type');
  if (type === null) {
    if (hasBody(request, env)) throw unsupported('no type');
    return;
  }
  const essence = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (essence === 'application/json' || /^application\/[a-z0-9.+-]+\+json$/.test(essence)) return;
  if (essence !== 'multipart/form-data') throw unsupported(`the type ${JSON.stringify(essence.slice(0, 100))}`);
  if (!headers.has('x-toolway')) {
    throw new Refusal(403, 'forbidden', 'a multipart body needs the header X-Toolway, which no form can send');
  }
};

/** HTTP/1 says so in its headers; elsewhere the body itself tells. */
const hasBody = (request: Request, env: unknown): boolean => {
  const length = request.headers.get('content-length');
  if (length !== null) return length !== '0';
  if (request.headers.has('transfer-encoding')) return true;
  return ((env ?? {}) as ConnectionFacts).incoming === undefined && request.body !== null;
};

const unsupported = (what: string): Refusal =>
  new Refusal(415, 'invalid_arguments', `the body has ${what}; send it as application/json`);
