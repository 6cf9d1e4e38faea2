/**
 * Follows redirects, within one origin only: what is sent to a server must never reach another one (CVE-2026-111769).
 * A POST is repeated as it is after 301, 307 and 308. RFC 9110 §15.4 lets browsers turn it into a GET after 301, but
 * that would be no MCP, and a 301 on a path is how servers ask for their trailing slash. After 302 and 303 the other
 * address holds an outcome or a login page, so those end the request with the address named.
 */
import { type Executed, ToolwayError } from '../errors.ts';
import type { HeaderLookup, HttpPort, HttpReceiver, HttpRequest } from './http-port.ts';

const MAX_REDIRECTS = 5;
/** Read of the body of one redirect; a longer one costs its connection. */
const MAX_DRAINED_BYTES = 64 * 1024;
const FOLLOWED_FOR_ALL = new Set([301, 307, 308]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const PERMANENT = new Set([301, 308]);

/** Wraps a port so that its receivers never see a redirect: it is followed, or it is an error. */
export const followRedirects = (port: HttpPort): HttpPort => {
  /** Where an address has moved for good, so that each further request saves the detour. */
  const moved = new Map<string, string>();
  const follow = (request: HttpRequest, receiver: HttpReceiver): (() => void) => {
    const url = moved.get(request.url);
    const trip = new Trip(port, moved, receiver, url === undefined ? request : { ...request, url });
    trip.go();
    return () => trip.abort();
  };
  return Object.assign(follow, {
    open: async () => port.open?.(),
    close: async () => port.close?.(),
  });
};

class Trip implements HttpReceiver {
  readonly #port: HttpPort;
  readonly #moved: Map<string, string>;
  readonly #receiver: HttpReceiver;
  #request: HttpRequest;
  /** Set while the body of a redirect is read to its end, which keeps the connection usable. */
  #next: HttpRequest | undefined;
  #drained = 0;
  #hops = 0;
  #over = false;
  #abort: (() => void) | undefined;

  constructor(port: HttpPort, moved: Map<string, string>, receiver: HttpReceiver, request: HttpRequest) {
    this.#port = port;
    this.#moved = moved;
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

  onerror(error: unknown, sent: boolean): void {
    if (this.#over) return;
    if (this.#next === undefined) this.#receiver.onerror(error, sent || this.#hops > 0);
    else this.#hop(this.#next);
  }

  #redirect(status: number, location: string | undefined): void {
    const { url } = this.#request;
    const target = location !== undefined && URL.canParse(location, url) ? new URL(location, url) : undefined;
    const refusal = refuse(this.#request, status, target, this.#hops);
    if (refusal !== undefined || target === undefined) {
      this.abort();
      this.#receiver.onerror(refusal, true);
      return;
    }
    this.#hops += 1;
    if (PERMANENT.has(status) && this.#moved.size < MAX_REDIRECTS) this.#moved.set(url, target.href);
    this.#next = { ...this.#request, url: target.href };
    this.#drained = 0;
  }

  #hop(request: HttpRequest): void {
    this.#next = undefined;
    this.#request = request;
    // Outside the callback of the hop before, whose connection is free only then.
    queueMicrotask(() => this.go());
  }
}

const refuse = (
  request: HttpRequest,
  status: number,
  target: URL | undefined,
  hops: number,
): ToolwayError | undefined => {
  // 307 and 308 say that the request was not looked at here and belongs elsewhere; the others may follow a deed.
  const executed: Executed = status === 307 || status === 308 ? 'no' : 'unknown';
  const facts = { status, executed };
  if (target === undefined)
    return new ToolwayError('protocol_error', `HTTP ${status} without a usable location`, facts);
  if (target.origin !== new URL(request.url).origin) {
    return new ToolwayError(
      'protocol_error',
      `the server redirects to another origin, ${target.origin} (HTTP ${status}); if that is where it lives, change the URL`,
      facts,
    );
  }
  if (request.method !== 'GET' && !FOLLOWED_FOR_ALL.has(status)) {
    return new ToolwayError(
      'protocol_error',
      `the server redirects to ${target.origin}${target.pathname} (HTTP ${status}), which cannot be followed with a ${request.method}`,
      facts,
    );
  }
  if (hops >= MAX_REDIRECTS) {
    return new ToolwayError('protocol_error', `more than ${MAX_REDIRECTS} redirects`, {
      ...facts,
      limit: MAX_REDIRECTS,
    });
  }
  return undefined;
};
