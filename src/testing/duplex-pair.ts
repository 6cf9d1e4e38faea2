/** Two streams, of which each reads what is written to the other: a connection without a socket. */
import { Duplex } from 'node:stream';

/** Either end that is destroyed ends the other, as the end of a process ends its connections. */
export const createDuplexPair = (): [Duplex, Duplex] => {
  const ends: Duplex[] = [];
  const make = (other: () => Duplex | undefined): Duplex => {
    let goOn: (() => void) | undefined;
    const end: Duplex = Object.assign(
      new Duplex({
        allowHalfOpen: true,
        read() {
          const next = goOn;
          goOn = undefined;
          next?.();
        },
        write(bytes, _encoding, done) {
          const peer = other() as PairEnd | undefined;
          if (peer === undefined || peer.destroyed) done(new Error('the other end is gone'));
          else peer.take(bytes, done);
        },
        final(done) {
          const peer = other();
          if (peer !== undefined && !peer.destroyed) peer.push(null);
          done();
        },
        destroy(error, done) {
          goOn?.();
          goOn = undefined;
          const peer = other();
          if (peer !== undefined && !peer.destroyed && !peer.readableEnded) setImmediate(() => peer.push(null));
          done(error);
        },
      }),
      {
        /** Asks for more when the reader has room for it. */
        take(bytes: Uint8Array, done: () => void) {
          if (end.push(bytes)) done();
          else goOn = done;
        },
      },
    );
    ends.push(end);
    return end;
  };
  const one = make(() => ends[1]);
  const two = make(() => ends[0]);
  return [one, two];
};

type PairEnd = Duplex & { take(bytes: Uint8Array, done: () => void): void };
