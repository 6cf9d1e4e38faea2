/** The two streams of a session in the legacy era: the one on which the server speaks unasked, and the rest of an answer that broke off. */
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import type { EventTrail } from './event-trail.ts';
import { type GetStreamOptions, openGetStream } from './get-stream.ts';
import type { Exchange } from './http-exchange.ts';
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
    trail: new parts.EventTrail(),
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

/** Goes on reading an answer where `trail` ends. */
export const resumeAnswer = (link: SessionLink, exchange: Exchange, trail: EventTrail): { stop(): void } =>
  openGetStream({
    ...link,
    trail,
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
