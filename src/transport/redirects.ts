/**
 * Follows redirects, within one origin only: what is sent to a server must never reach another one (CVE-2026-111769).
 * A POST is repeated as it is after 301, 307 and 308. RFC 9110 §15.4 lets browsers turn it into a GET after 301, but
 * that would be no MCP, and a 301 on a path is how servers ask for their trailing slash. After 302 and 303 the other
 * address holds an outcome or a login page, so those end the request with the address named.
 */
import { type Executed, ToolwayError } from '../errors.ts';
import type { HeaderLookup, HttpPort, HttpReceiver, HttpRequest, LinkReason } from './http-port.ts';

const MAX_REDIRECTS = 5;
/** Read of the body of one redirect; a longer one costs its connection. */
const MAX_DRAINED_BYTES = 64 * 1024;
const FOLLOWED_FOR_ALL = new Set([301, 307, 308]);
/** The statuses that name another address. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PERMANENT = new Set([301, 308]);

/** What is known of the redirects of one server. */
export interface Redirects {
  /** The request at the address that its own has moved to for good, which saves the detour. */
  settled(request: HttpRequest): HttpRequest;
  /** The request that follows a redirect, after `hops` before it. Throws where it must not be followed. */
  next(request: HttpRequest, status: number, location: string | undefined, hops: number): HttpRequest;
}

/** Decides which redirects are followed, and remembers the permanent ones. */
export const createRedirects = (): Redirects => {
  const moved = new Map<string, string>();
  return {
    settled(request) {
      const url = moved.get(request.url);
      return url === undefined ? request : { ...request, url };
    },
    next(request, status, location, hops) {
      const { href } = targetOf(request, status, location, hops);
      if (PERMANENT.has(status) && moved.size < MAX_REDIRECTS) moved.set(request.url, href);
      return { ...request, url: href };
    },
  };
};

/** Wraps a port that does not follow redirects, so that its receivers never see one: it is followed, or it is an error. */
export const followRedirects = <P extends HttpPort>(port: P): P => {
  const redirects = createRedirects();
  const follow = (request: HttpRequest, receiver: HttpReceiver): (() => void) => {
    const trip = new Trip(port, redirects, receiver, redirects.settled(request));
    trip.go();
    return () => trip.abort();
  };
  return Object.assign(follow, port);
};

class Trip implements HttpReceiver {
  readonly #port: HttpPort;
  readonly #redirects: Redirects;
  readonly #receiver: HttpReceiver;
  #request: HttpRequest;
  /** Set while the body of a redirect is read to its end, which keeps the connection usable. */
  #next: HttpRequest | undefined;
  #drained = 0;
  #hops = 0;
  #over = false;
  #abort: (() => void) | undefined;

  constructor(port: HttpPort, redirects: Redirects, receiver: HttpReceiver, request: HttpRequest) {
    this.#port = port;
    this.#redirects = redirects;
    this.#receiver = receiver;
    this.#request = request;
  }

  go(): void {
    if (!this.#over) this.#abort = this.#port(this.#request, this);
  }

  abort(): void {
    this.#over = true;
    this.#abort?.();
  }

  onhead(status: number, header: HeaderLookup): void {
    if (REDIRECTS.has(status)) this.#redirect(status, header('location'));
    else this.#receiver.onhead(status, header);
  }

  onbytes(chunk: Uint8Array): void {
    if (this.#over) return;
    if (this.#next === undefined) this.#receiver.onbytes(chunk);
    else {
      this.#drained += chunk.length;
      if (this.#drained <= MAX_DRAINED_BYTES) return;
      this.#abort?.();
      this.#hop(this.#next);
    }
  }

  onend(): void {
    if (this.#over) return;
    if (this.#next === undefined) this.#receiver.onend();
    else this.#hop(this.#next);
  }

  onerror(error: unknown, sent: boolean, why?: LinkReason): void {
    if (this.#over) return;
    if (this.#next === undefined) this.#receiver.onerror(error, sent || this.#hops > 0, why);
    else this.#hop(this.#next);
  }

  #redirect(status: number, location: string | undefined): void {
    try {
      this.#next = this.#redirects.next(this.#request, status, location, this.#hops);
      this.#hops += 1;
      this.#drained = 0;
    } catch (refusal) {
      this.abort();
      this.#receiver.onerror(refusal, true);
    }
  }

  #hop(request: HttpRequest): void {
    this.#next = undefined;
    this.#request = request;
    // Outside the callback of the hop before, whose connection is free only then.
    queueMicrotask(() => this.go());
  }
}

const targetOf = (request: HttpRequest, status: number, location: string | undefined, hops: number): URL => {
  // 307 and 308 say that the request was not looked at here and belongs elsewhere; the others may follow a deed.
  const executed: Executed = status === 307 || status === 308 ? 'no' : 'unknown';
  const refuse = (reason: string, limit?: number): ToolwayError =>
    new ToolwayError('protocol_error', reason, { status, executed, limit });
  const { url, method } = request;
  if (location === undefined || !URL.canParse(location, url)) {
    throw refuse(`HTTP ${status} without a usable location`);
  }
  const target = new URL(location, url);
  if (target.origin !== new URL(url).origin) {
    throw refuse(
      `the server redirects to another origin, ${target.origin} (HTTP ${status}); if that is where it lives, change the URL`,
    );
  }
  if (method !== 'GET' && !FOLLOWED_FOR_ALL.has(status)) {
    throw refuse(
      `the server redirects to ${target.origin}${target.pathname} (HTTP ${status}), which cannot be followed with a ${method}`,
    );
  }
  if (hops >= MAX_REDIRECTS) throw refuse(`more than ${MAX_REDIRECTS} redirects`, MAX_REDIRECTS);
  return target;
};
