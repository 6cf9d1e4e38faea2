/**
 * `requestState`: the id of a call that waits for answers, under a key that nobody else has, made for one request only:
 * the same principal, address, method, name and arguments (2026-07-28 basic/patterns/mrtr#server-requirements-basic-workflow).
 */
import { canonicalJson } from '../../../canonical.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import type { Caller } from '../../principal.ts';
import type { Surface } from '../surface.ts';

export interface RequestStates {
  /** `id` is hexadecimal. */
  seal(id: string, binding: string): Promise<string>;
  /** The id; undefined where the state is not ours, was changed, or was made for another request. */
  open(state: string, binding: string): Promise<string | undefined>;
}

/** What a request is, as far as its state is bound to it. */
export interface Asking {
  caller: Caller;
  surface: Pick<Surface, 'server'>;
  method: string;
  params: JsonObject;
}

/** What a state is made for. */
export const bindingOf = ({ caller: { principal }, surface, method, params }: Asking): string =>
  canonicalJson([principal.id, surface.server ?? null, method, params.name ?? params.uri, params.arguments ?? {}]);

const ID = /^[0-9a-f]{32}$/;
const encoder = new TextEncoder();

/** One key for as long as the gateway lives: what it holds lives no longer either. */
export const createRequestStates = (): RequestStates => {
  let making: Promise<CryptoKey> | undefined;
  const key = (): Promise<CryptoKey> => {
    making ??= crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    return making;
  };
  const signed = (id: string, binding: string): Uint8Array<ArrayBuffer> => encoder.encode(`${id} ${binding}`);

  return {
    async seal(id, binding) {
      const mac = await crypto.subtle.sign('HMAC', await key(), signed(id, binding));
      return `${id}.${toBase64(new Uint8Array(mac))}`;
    },
    async open(state, binding) {
      const [id = '', text = '', ...rest] = state.split('.', 3);
      const mac = rest.length === 0 && ID.test(id) ? fromBase64(text) : undefined;
      if (mac === undefined) return undefined;
      return (await crypto.subtle.verify('HMAC', await key(), mac, signed(id, binding))) ? id : undefined;
    },
  };
};

const toBase64 = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

/** 32 bytes in URL-safe base64, and nothing else. */
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined =>
  /^[A-Za-z0-9_-]{43}$/.test(text)
    ? Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
    : undefined;
