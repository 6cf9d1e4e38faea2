/** Undoes a content coding that was not asked for, piece by piece, so that limits are kept on what comes out. */
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { HttpReceiver } from '../transport/http-port.ts';

/** Takes compressed bytes; what comes out goes to the receiver it was made for. */
export interface Inflater {
  /** Holds the source back while there is enough to do. */
  write(chunk: Uint8Array, source: { pause(): void; resume(): void }): void;
  end(): void;
  stop(): void;
}

const flush = { flush: constants.Z_SYNC_FLUSH };
const DECODERS = new Map([
  ['gzip', () => createGunzip(flush)],
  ['x-gzip', () => createGunzip(flush)],
  ['deflate', () => createInflate(flush)],
  ['br', () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })],
]);

/** Hands the plain bytes, the end and any failure to the receiver; undefined for a coding that is not known. */
export const createInflater = (
  coding: string,
  receiver: Pick<HttpReceiver, 'onbytes' | 'onend' | 'onerror'>,
): Inflater | undefined => {
  const decoder = DECODERS.get(coding)?.();
  if (decoder === undefined) return undefined;
  let stopped = false;
  const unlessStopped =
    <A extends unknown[]>(tell: (...args: A) => void) =>
    (...args: A): void => {
      if (!stopped) tell(...args);
    };
  decoder.on(
    'data',
    unlessStopped((bytes: Uint8Array) => receiver.onbytes(bytes)),
  );
  decoder.on(
    'end',
    unlessStopped(() => receiver.onend()),
  );
  decoder.on(
    'error',
    unlessStopped((error: Error) => receiver.onerror(error, true)),
  );
  return {
    write(chunk, source) {
      if (decoder.write(chunk)) return;
      source.pause();
      decoder.once('drain', () => source.resume());
    },
    end: () => void decoder.end(),
    stop() {
      stopped = true;
      decoder.destroy();
    },
  };
};
