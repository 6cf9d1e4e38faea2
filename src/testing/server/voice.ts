/** How a server speaks on the links it has: one voice for each request, whatever carries it. */
import type { JsonObject } from '../../protocol/types.ts';

/** The place where an answer breaks off: before anything of it, behind its headers, in its middle, behind its end. */
export type Cut = 'before' | 'headers' | 'middle' | 'after';

export interface Voice {
  /** The client waits on, or comes back, until it has its answer: one has to follow whatever else is said. */
  readonly awaited: boolean;
  /** Messages may be said before the answer. */
  readonly streams: boolean;
  say(message: unknown): void;
  /** The same message byte by byte, behind a byte order mark and with CRLF where the link has lines. */
  sliced(message: unknown): void;
  /** A message that is made of `head`, so many MiB of x, and `tail`; nobody waits for a reader that has gone. */
  pour(head: string, mib: number, tail: string): Promise<void>;
  /** Text that the link does not frame. */
  raw(text: string): void;
  /** Text that is no message, where a message would stand. */
  junk(text: string): void;
  /** Says as much of the message as `where` lets through, and breaks the link. */
  cut(where: Cut, message: unknown): void;
  /** All that there is to say to this request was said. */
  done(): void;
  /** HTTP: an answer by hand. */
  respond?(status: number, headers: Record<string, string>, body: string): void;
}

/** What a link brings beside the messages. */
export interface LinkFacts {
  /** HTTP: those of the request. */
  headers?: Record<string, string | string[] | undefined>;
}

/** One client on one link, in one session, or in one modern request over HTTP. */
export interface Conversation {
  /** Takes one message of the client; a request is answered through `voice`, anything else needs none. */
  hear(message: JsonObject, voice: Voice, facts?: LinkFacts): void;
  /** The link, or the session, is over. */
  close?(): void;
}

/** The server behind the links. */
export interface Host {
  /** `push` speaks to the client unasked, where there is a way; what cannot be said is lost. */
  open(push: (message: unknown) => void): Conversation;
}

export const MIB = 2 ** 20;
