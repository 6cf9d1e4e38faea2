/** What can go wrong on a link. Names and meaning are those of Toxiproxy; amounts carry their unit in the name. */

/** `upstream`: from the client to the server. `downstream`: from the server to the client. */
export type Direction = 'upstream' | 'downstream';

interface AnyToxic {
  /** For `remove` and for reading. Default: the type and a number. */
  name?: string;
  /** Default: `downstream`. */
  stream?: Direction;
  /** The probability that it takes hold of a connection, or of a request where it is about HTTP. Default: 1. */
  toxicity?: number;
}

/** All data come later, by `latencyMs` ± `jitterMs`. The order is kept, and waits of several chunks do not add up. */
export interface LatencyToxic extends AnyToxic {
  type: 'latency';
  latencyMs: number;
  /** Default: 0. */
  jitterMs?: number;
}
/** No more than so many bytes each second. */
export interface BandwidthToxic extends AnyToxic {
  type: 'bandwidth';
  bytesPerSecond: number;
}
/** The end of the connection is passed on that much later. */
export interface SlowCloseToxic extends AnyToxic {
  type: 'slow_close';
  delayMs: number;
}
/**
 * Nothing comes through, and the connection is closed after `timeoutMs`; 0 is a black hole that lasts until the toxic is
 * removed. Connections that lost data by then are closed.
 */
export interface TimeoutToxic extends AnyToxic {
  type: 'timeout';
  timeoutMs: number;
}
/** `timeoutMs` after the first data of its direction the connection is reset (TCP RST); those data are lost. */
export interface ResetPeerToxic extends AnyToxic {
  type: 'reset_peer';
  /** Default: 0. */
  timeoutMs?: number;
}
/** Data are cut into small pieces. */
export interface SlicerToxic extends AnyToxic {
  type: 'slicer';
  /** In bytes. Default: 1. */
  averageSize?: number;
  /** A piece is that much larger or smaller at most. Default: 0. */
  sizeVariation?: number;
  /** Between two pieces. Default: 0. */
  delayMs?: number;
}
/** The connection is closed after so many bytes. */
export interface LimitDataToxic extends AnyToxic {
  type: 'limit_data';
  bytes: number;
}
/**
 * Nobody listens: open connections are reset and new ones refused; over stdio the program exits. With a `toxicity` below 1
 * a new connection is accepted and then reset with that probability.
 */
export interface DownToxic extends AnyToxic {
  type: 'down';
}

/** Each message comes twice: an event of an HTTP stream, a line over stdio. Upstream over HTTP: the request does. */
export interface DuplicateToxic extends RequestToxic {
  type: 'duplicate';
}
/** Messages wait for each other and then come in reverse: events of an HTTP stream, or lines over stdio. */
export interface ReorderToxic extends RequestToxic {
  type: 'reorder';
  /** So many wait for each other. Default: 2. */
  of?: number;
  /** Longest wait of the first for the others. Default: 100. */
  withinMs?: number;
}

interface RequestToxic extends AnyToxic {
  /** HTTP: only requests with this JSON-RPC method. */
  rpcMethod?: string;
  /** HTTP: only requests that this is true of. */
  match?: (request: ProxiedRequest) => boolean;
  /** HTTP: so many requests, after which the toxic removes itself. Default: all. */
  times?: number;
}
/**
 * HTTP: an answer with this status. `upstream`, which is the default here, the server never hears of the request;
 * `downstream` it does its work, and its answer is replaced.
 */
export interface StatusToxic extends RequestToxic {
  type: 'status';
  status: number;
  /** Such as `retry-after`. */
  headers?: Record<string, string>;
  /** Default: none. */
  body?: string;
}
/** HTTP: headers of the answer, or upstream of the request, are set; those that are `undefined` are taken out. */
export interface HeadersToxic extends RequestToxic {
  type: 'headers';
  headers: Record<string, string | undefined>;
}
/** HTTP: the connection is closed within the body of an answer: after so many bytes of it, or in the middle of an event. */
export interface CutToxic extends RequestToxic {
  type: 'cut';
  /** Bytes of the body that still come through. Default: 0, right behind the headers. */
  afterBytes?: number;
  /** In the middle of the event with this number, counted from 1, instead. */
  inEvent?: number;
}

/** Toxics for bytes; they work on any link. */
export type LinkToxic =
  | LatencyToxic
  | BandwidthToxic
  | SlowCloseToxic
  | TimeoutToxic
  | ResetPeerToxic
  | SlicerToxic
  | LimitDataToxic
  | DownToxic;
/** Toxics for messages; they need a link that has some: an `http:` target, or stdio. */
export type MessageToxic = DuplicateToxic | ReorderToxic;
/** Toxics that only an `http:` target can have. */
export type HttpToxic = StatusToxic | HeadersToxic | CutToxic;
/** Everything that a proxy can be told to do to its links. */
export type Toxic = LinkToxic | MessageToxic | HttpToxic;

/** A request on its way through the proxy, as `match` sees it. */
export interface ProxiedRequest {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  /** The body, where it is JSON. */
  message: unknown;
}
