/**
 * What links over HTTP are made of, handed to those that are loaded on demand. Were they to import it, bundlers that cut
 * a program by what reaches what (esbuild) would cut what every page loads into a dozen files.
 */
import { acceptance } from './acceptance.ts';
import { messageTooLarge } from './answer-reader.ts';
import { ByteStore } from './bytes.ts';
import { EventStream, readEvent } from './event-stream.ts';
import { excerpt, linkError, retryAfterMs, statusError } from './http-errors.ts';
import { Exchange } from './http-exchange.ts';
import { checkUrl } from './http-url.ts';
import { createLingerers } from './lingerers.ts';

export const httpParts = {
  ByteStore,
  EventStream,
  Exchange,
  acceptance,
  checkUrl,
  createLingerers,
  excerpt,
  linkError,
  messageTooLarge,
  readEvent,
  retryAfterMs,
  statusError,
};
export type HttpParts = typeof httpParts;
