/** Seals values so that the store alone tells nothing: AES-256-GCM (NIST SP 800-38D), a random nonce of 96 bits for each. */
import { ToolwayError } from '../../errors.ts';

/** A value as the store has it; bytes are base64. */
export interface Sealed {
  /** Names the key, and tells nothing of it. */
  key: string;
  nonce: string;
  text: string;
}

export interface Seal {
  /** Names the key. */
  readonly key: Promise<string>;
  /** `about` is what the value belongs to: it opens for nothing else. */
  seal(value: string, about: readonly string[]): Promise<Sealed>;
  /** Rejects with `invalid_config` where it was sealed with another key, or is not what was sealed for this. */
  open(sealed: Sealed, about: readonly string[]): Promise<string>;
}

export const STATE_KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** Throws `invalid_config` for a key that is not of 32 bytes. Without one it makes one, which ends with the program. */
export const createSeal = (bytes: Uint8Array = crypto.getRandomValues(new Uint8Array(STATE_KEY_BYTES))): Seal => {
  if (bytes.length !== STATE_KEY_BYTES)
    throw new ToolwayError('invalid_config', `the key of the state has ${bytes.length} bytes, not ${STATE_KEY_BYTES}`);
  const raw = new Uint8Array(bytes);
  const imported = crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const key = nameOf(raw);
  const parametersOf = (nonce: Uint8Array<ArrayBuffer>, about: readonly string[]): AesGcmParams => ({
    name: 'AES-GCM',
    iv: nonce,
    additionalData: new TextEncoder().encode(JSON.stringify(['toolway credential 1', ...about])),
  });
  return {
    key,
    async seal(value, about) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const text = new TextEncoder().encode(value);
      const sealed = await crypto.subtle.encrypt(parametersOf(nonce, about), await imported, text);
      return { key: await key, nonce: base64(nonce), text: base64(new Uint8Array(sealed)) };
    },
    async open(sealed, about) {
      if (sealed.key !== (await key)) throw otherKey();
      try {
        const parameters = parametersOf(bytesOf(sealed.nonce), about);
        return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, await imported, bytesOf(sealed.text)));
      } catch {
        throw new ToolwayError('invalid_config', 'a credential in the store is not what was put there: give it again', {
          executed: 'no',
        });
      }
    },
  };
};

const otherKey = (): ToolwayError =>
  new ToolwayError(
    'invalid_config',
    'the credentials in the store were sealed with another key: bring back that key, or give them again',
    { executed: 'no' },
  );

/** A digest of 256 random bits tells nothing of them. */
const nameOf = async (raw: Uint8Array): Promise<string> => {
  const text = new Uint8Array([...new TextEncoder().encode('toolway state key 1'), ...raw]);
  return base64(new Uint8Array(await crypto.subtle.digest('SHA-256', text)).subarray(0, 12));
};

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
