/** What only sessions of the legacy era have: the stream on which the server speaks unasked, the rest of an answer that broke off, and an end. */
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import { EventTrail, type StreamStart } from './event-trail.ts';
import { type GetStreamOptions, openGetStream } from './get-stream.ts';
import type { Exchange } from './http-exchange.ts';
import type { OutgoingHeaders } from './outgoing-headers.ts';
import type { Transport } from './transport.ts';

/** What all streams of a session have in common. */
export type SessionLink = Pick<
  GetStreamOptions,
  'parts' | 'port' | 'url' | 'headers' | 'clock' | 'maxMessageBytes' | 'onwarning'
>;

/** Opens the stream on which the server speaks unasked. */
export const openStandby = (link: SessionLink, transport: Transport): { stop(): void } => {
  const { parts, maxMessageBytes, onwarning } = link;
  return openGetStream({
    ...link,
    trail: new EventTrail(),
    resumed: false,
    onvalue: (value, repeated) => {
      if (!repeated) transport.onmessage?.(value as JsonRpcMessage);
    },
    ontoolarge: () => onwarning(parts.messageTooLarge(maxMessageBytes)),
    onlost: (error) => (transport.onsessionlost ?? onwarning)(error),
    ongiveup: (error) => {
      // A server without this stream says 405, or 404.
      if (error.status !== 405 && error.status !== 404) onwarning(error);
    },
  });
};

/** Goes on reading an answer behind what its stream has brought. */
export const resumeAnswer = (link: SessionLink, exchange: Exchange, start: StreamStart): { stop(): void } =>
  openGetStream({
    ...link,
    trail: new EventTrail(start),
    resumed: true,
    onvalue: (value, repeated) => exchange.receive(value, repeated),
    ontoolarge: () => exchange.fail(link.parts.messageTooLarge(link.maxMessageBytes)),
    ongiveup: (cause) =>
      exchange.fail(
        new ToolwayError(
          'outcome_unknown',
          `the stream broke before the answer and could not be resumed: ${cause.message}`,
          { executed: 'unknown', status: cause.status, cause },
        ),
      ),
  });

/** How long the server has to confirm the end of the session. */
const END_SESSION_MS = 1_000;

/** Tells the server that the session is over; it may refuse (405). Resolves when it has answered, or had its time. */
export const endSession = ({ port, url, clock }: SessionLink, headers: OutgoingHeaders): Promise<void> =>
  new Promise((resolve) => {
    const last = headers.forEnd();
    headers.sessionId = undefined;
    let abort = (): void => {};
    const timer = clock.after(END_SESSION_MS, () => {
      abort();
      resolve();
    });
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    const go = (given: Record<string, string>): void => {
      const receiver = { onhead() {}, onbytes() {}, onend: done, onerror: done };
      abort = port({ method: 'DELETE', url, headers: given }, receiver);
    };
    Promise.resolve(last).then(go).catch(done);
  });
