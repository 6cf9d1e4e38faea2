/** How an answer over HTTP is spoken: as a body of JSON, as a stream of events, or as whichever fits what is said first. */
import type { ServerResponse } from 'node:http';
import { isObject } from '../../protocol/wire.ts';
import { type Cut, MIB, type Voice } from './voice.ts';

/** One event. */
export const eventOf = (text: string, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}data: ${text}\n\n`;

const half = (text: string): string => text.slice(0, text.length / 2);
const writeBytes = (response: ServerResponse, text: string): void => {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1) response.write(bytes.subarray(at, at + 1));
};

/** At the pace of the reader, who may hang up. */
const pourInto = async (response: ServerResponse, head: string, mib: number, tail: string): Promise<void> => {
  const block = Buffer.alloc(MIB / 4, 'x');
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  response.write(head);
  for (let i = 0; i < mib * 4 && !response.destroyed; i += 1) {
    if (response.write(block)) await new Promise((resolve) => setImmediate(resolve));
    else await Promise.race([gone, new Promise((resolve) => response.once('drain', resolve))]);
  }
  if (!response.destroyed) response.write(tail);
};

/** What was written has to be on its way before the connection breaks behind it. */
const breakOff = (response: ServerResponse): void => void setTimeout(() => response.destroy(), 10);

const byHand =
  (response: ServerResponse): NonNullable<Voice['respond']> =>
  (status, headers, body) =>
    void response.writeHead(status, headers).end(body);

/** The answer is the body. Several values are a batch, as servers of 2025-03-26 may send. */
export const jsonVoice = (response: ServerResponse): Voice => {
  const said: unknown[] = [];
  const begin = (): void =>
    void (response.headersSent || response.writeHead(200, { 'content-type': 'application/json' }));
  const raw = (text: string): void => {
    begin();
    response.write(text);
  };
  return {
    awaited: false,
    streams: false,
    say: (message) => void said.push(message),
    sliced(message) {
      begin();
      writeBytes(response, `\u{feff}\r\n${JSON.stringify(message)}\r\n`);
    },
    async pour(head, mib, tail) {
      begin();
      await pourInto(response, head, mib, tail);
    },
    raw,
    junk: raw,
    cut(where, message) {
      if (where === 'before') return void response.destroy();
      begin();
      response.flushHeaders();
      const text = JSON.stringify(message);
      if (where === 'middle') response.write(half(text));
      if (where === 'after') response.end(text, () => response.socket?.destroy());
      else breakOff(response);
    },
    done() {
      begin();
      const [only, ...others] = said;
      if (only === undefined) response.end();
      else response.end(JSON.stringify(others.length === 0 ? only : said));
    },
    respond: byHand(response),
  };
};

export interface EventVoiceOptions {
  /** The stream to write to; its headers are sent by then. */
  open(): ServerResponse;
  /** The stream belongs to this request and ends with it. */
  own: boolean;
  /** Keeps an event for those who come back, and gives its id. */
  record?: (text: string) => string;
}

export const eventVoice = ({ open, own, record }: EventVoiceOptions): Voice => {
  const event = (text: string): string => eventOf(text, record?.(text));
  return {
    awaited: !own || record !== undefined,
    streams: true,
    say: (message) => void open().write(event(JSON.stringify(message))),
    sliced(message) {
      const start = own ? '\u{feff}' : '';
      writeBytes(open(), `${start}: a remark\r\n${event(JSON.stringify(message)).replaceAll('\n', '\r\n')}`);
    },
    pour: (head, mib, tail) => pourInto(open(), `data: ${head}`, mib, `${tail}\n\n`),
    raw: (text) => void open().write(text),
    junk: (text) => void open().write(event(text)),
    cut(where: Cut, message) {
      const stream = open();
      const text = event(JSON.stringify(message));
      if (where === 'before') return void stream.destroy();
      stream.flushHeaders();
      if (where === 'middle') stream.write(half(text));
      if (where === 'after') stream.write(text);
      breakOff(stream);
    },
    done() {
      if (own) open().end();
    },
  };
};

/** An event stream that belongs to one request. */
export const ownEventVoice = (response: ServerResponse, record?: (text: string) => string): Voice => {
  const open = (): ServerResponse => beginEvents(response);
  return { ...eventVoice({ open, own: true, record }), respond: byHand(response) };
};

export const beginEvents = (response: ServerResponse): ServerResponse => {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  return response;
};

const isAnswer = (message: unknown): boolean => isObject(message) && message.method === undefined;

/** JSON where the answer is all that is said, a stream of events where something else comes first. */
export const fittingVoice = (response: ServerResponse): Voice => {
  const json = jsonVoice(response);
  const events = ownEventVoice(response);
  let chosen: Voice = json;
  return {
    awaited: false,
    streams: true,
    say(message) {
      if (!response.headersSent && !isAnswer(message)) chosen = events;
      chosen.say(message);
    },
    sliced: (message) => chosen.sliced(message),
    pour: (head, mib, tail) => chosen.pour(head, mib, tail),
    raw: (text) => chosen.raw(text),
    junk: (text) => chosen.junk(text),
    cut: (where, message) => chosen.cut(where, message),
    done: () => chosen.done(),
    respond: byHand(response),
  };
};
