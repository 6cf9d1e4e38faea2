/** One POST of a client that asks for something: answered with JSON, or with a stream as soon as there is something to say before the result. */
import type { JsonRpcMessage } from '../../../protocol/wire.ts';
import type { Channel } from './in-flight.ts';
import type { ClientMessage } from './messages.ts';
import type { LegacySession } from './session.ts';
import type { Reply, Streams } from './streams.ts';

export type ClientRequest = ClientMessage & { kind: 'request' };

export interface Exchange {
  /** Resolves when there is something to answer with. */
  readonly response: Promise<Response>;
  readonly startedAt: number;
  /** Answers with a stream from now on, so that whoever waits hears something. */
  stream(): void;
}

export interface ExchangeOptions {
  session: LegacySession;
  streams: Streams;
  requests: readonly ClientRequest[];
  /** They came as a batch, and are answered as one. */
  isBatch: boolean;
  /** Whether the client takes a stream. */
  mayStream: boolean;
  headers: Record<string, string>;
  startedAt: number;
  onEnd(exchange: Exchange): void;
}

export const startExchange = (options: ExchangeOptions): Exchange => {
  const { session, streams, requests, isBatch, mayStream, headers, startedAt, onEnd } = options;
  const answers: JsonRpcMessage[] = [];
  let left = requests.length;
  let reply: Reply | undefined;
  let resolve: (response: Response) => void = () => {};
  let settled = false;
  const response = new Promise<Response>((settle) => {
    resolve = settle;
  });

  const stream = (): void => {
    if (settled || !mayStream) return;
    const begun = streams.reply();
    if (begun === undefined) return;
    settled = true;
    reply = begun.reply;
    resolve(begun.response);
    for (const answer of answers) reply.send(answer);
  };
  const channel: Channel = {
    send(message) {
      // What comes too late for this exchange is for whoever listens.
      if (left > 0) stream();
      if (reply === undefined || left === 0) session.outlet(message);
      else reply.send(message);
    },
  };
  const exchange: Exchange = { response, startedAt, stream };

  const finish = (): void => {
    onEnd(exchange);
    reply?.end();
    if (settled) return;
    settled = true;
    resolve(
      answers.length === 0
        ? new Response(null, { status: 202, headers })
        : json(isBatch ? answers : answers[0], headers),
    );
  };
  for (const request of requests) {
    void session.answer(request, channel).then((answer) => {
      if (answer !== undefined) {
        if (reply === undefined) answers.push(answer);
        else reply.send(answer);
      }
      left -= 1;
      if (left === 0) finish();
    });
  }
  return exchange;
};

export const json = (body: unknown, headers: Record<string, string> = {}, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
