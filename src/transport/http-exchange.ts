/**
 * One POST and everything that may come back for it: a JSON answer, a stream of events that ends with the answer, a
 * plain acceptance, or a refusal. Whatever happens, the request behind it is told exactly once.
 */
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';
import type { Seat } from '../roster.ts';
import {
  answersUs,
  answerTo,
  foreignAnswer,
  isForeignAnswer,
  isRequestOrNotification,
  messageTooLarge,
  refusalAnswer,
} from './answer-reader.ts';
import { ByteStore, decodeStrict } from './bytes.ts';
import { EventStream, readEvent, type StreamEvent } from './event-stream.ts';
import type { StreamStart } from './event-trail.ts';
import { excerpt, linkError, statusError } from './http-errors.ts';
import type { HeaderLookup, HttpPort, HttpReceiver, HttpRequest, LinkReason } from './http-port.ts';

/** What an exchange reports, and what it needs of its transport. */
export interface ExchangeHost {
  readonly maxMessageBytes: number;
  /** Status and headers are there. */
  onhead(exchange: Exchange, status: number, header: HeaderLookup): void;
  /** A message of the server; `status` where it came as the body of a refusal. */
  onmessage(message: JsonRpcMessage, status?: number): void;
  onwarning(error: ToolwayError): void;
  /** It is over: answered or accepted, or failed with `error`. Nothing more is reported afterwards. */
  onsettled(exchange: Exchange, error?: ToolwayError): void;
  /** The stream broke off before the answer; goes on reading behind what it has brought, until the result is stopped. */
  resume?(exchange: Exchange, start: StreamStart): { stop(): void };
  /** The server has said all that matters and has not closed its side; something must end this some day. */
  linger(exchange: Exchange): void;
  /** A lingering one has ended by itself. */
  left(exchange: Exchange): void;
}

/** What sets one exchange apart from another. */
export interface ExchangeInit {
  /** Absent for notifications and answers, which expect no message in return. */
  id?: RequestId | undefined;
  method?: string | undefined;
  /** The session id that the request carries. */
  sessionId?: string | undefined;
  /** A broken stream may be resumed (legacy era). */
  resumable?: boolean;
  /** The answer comes over another stream; this one only says whether the message was accepted. */
  answeredElsewhere?: boolean;
  /** Told when a message without an id was accepted or failed. */
  done?: (error?: ToolwayError) => void;
}

/** Read of a body that matters no more; a longer one costs its connection. */
const MAX_IGNORED_BYTES = 64 * 1024;
/** Read of the body of a refusal. A JSON-RPC error larger than this is reported by its status alone. */
const MAX_REFUSAL_BYTES = 256 * 1024;
/** The ids of so many events are kept, to resume from. */
const REMEMBERED_IDS = 512;

type Phase = 'waiting' | 'json' | 'events' | 'resuming' | 'refused' | 'ignored' | 'over';

/** One POST on its way; the port calls it as its receiver. */
export class Exchange implements HttpReceiver {
  readonly init: ExchangeInit;
  /** Its place among those of its transport. */
  seat: Seat<Exchange> | undefined;
  readonly #host: ExchangeHost;
  readonly #body = new ByteStore();
  #phase: Phase = 'waiting';
  #status = 0;
  #header: HeaderLookup = () => undefined;
  #ignored = 0;
  #stream: EventStream | undefined;
  readonly #ids: string[] = [];
  #retryMs: number | undefined;
  #stop: (() => void) | undefined;

  constructor(host: ExchangeHost, init: ExchangeInit) {
    this.#host = host;
    this.init = init;
  }

  begin(port: HttpPort, request: HttpRequest): void {
    if (this.#phase !== 'waiting') return;
    this.#stop = port(request, this);
  }

  /** Ends it without a word. */
  abort(): void {
    this.#phase = 'over';
    this.#stop?.();
  }

  /** Ends it with a reason. */
  fail(error: ToolwayError): void {
    if (this.#phase === 'over' || this.#phase === 'ignored') return;
    this.abort();
    this.#host.onsettled(this, error);
  }

  onhead(status: number, header: HeaderLookup): void {
    if (this.#phase !== 'waiting') return;
    const { id, answeredElsewhere } = this.init;
    this.#status = status;
    this.#header = header;
    this.#host.onhead(this, status, header);
    if (status < 200 || status > 299) this.#phase = 'refused';
    else if (id === undefined || answeredElsewhere === true) this.#settle();
    else if (mediaType(header) === 'text/event-stream') this.#openStream();
    else {
      this.#phase = 'json';
      if (Number(header('content-length')) > this.#host.maxMessageBytes) this.#tooLarge();
    }
  }

  onbytes(chunk: Uint8Array): void {
    switch (this.#phase) {
      case 'events':
        this.#stream?.feed(chunk);
        break;
      case 'json':
        if (this.#body.length + chunk.length > this.#host.maxMessageBytes) this.#tooLarge();
        else this.#body.add(chunk);
        break;
      case 'refused':
        this.#body.add(chunk);
        if (this.#body.length > MAX_REFUSAL_BYTES) this.#refuse();
        break;
      case 'ignored':
        this.#ignored += chunk.length;
        if (this.#ignored > MAX_IGNORED_BYTES) this.#leave();
        break;
      default:
    }
  }

  onend(): void {
    this.#stop = undefined;
    if (this.#phase === 'json') this.#readAnswer();
    else if (this.#phase === 'events') this.#broken(undefined);
    else if (this.#phase === 'refused') this.#refuse();
    else this.#leave();
  }

  onerror(error: unknown, sent: boolean, why?: LinkReason): void {
    this.#stop = undefined;
    if (this.#phase === 'events') this.#broken(error, why);
    else if (this.#phase === 'refused') this.#refuse();
    else if (this.#phase === 'waiting' || this.#phase === 'json') this.fail(linkError(error, sent, why));
    else this.#leave();
  }

  /** One value off the event stream of this request, wherever it came from. `repeated` when it was read before. */
  receive(value: unknown, repeated = false): void {
    if (this.#phase !== 'events' && this.#phase !== 'resuming') return;
    const answer = answerTo(value, this.init.id);
    if (answer !== undefined) {
      this.#settle();
      this.#host.onmessage(answer);
    } else if (isForeignAnswer(value)) this.#host.onwarning(foreignAnswer());
    else if (!repeated) this.#host.onmessage(value as JsonRpcMessage);
  }

  /** Answered or accepted: what else this connection brings matters no more, but its end makes it usable again. */
  #settle(): void {
    if (this.#phase === 'resuming') this.abort();
    else {
      this.#phase = 'ignored';
      this.#host.linger(this);
    }
    this.#stream = undefined;
    this.#host.onsettled(this);
  }

  #leave(): void {
    if (this.#phase !== 'ignored') return;
    this.abort();
    this.#host.left(this);
  }

  #tooLarge(): void {
    this.fail(messageTooLarge(this.#host.maxMessageBytes));
  }

  #readAnswer(): void {
    const bytes = this.#body.take();
    let value: unknown;
    try {
      value = JSON.parse(decodeStrict(bytes));
    } catch (cause) {
      this.fail(this.#unreadable(bytes, cause));
      return;
    }
    let answer = answerTo(value, this.init.id);
    // Servers of 2025-03-26 may answer with a batch.
    const others = Array.isArray(value) ? value : [];
    for (const one of others) answer ??= answerTo(one, this.init.id);
    if (answer === undefined) {
      const foreign = isForeignAnswer(value) || others.some(isForeignAnswer);
      this.fail(foreign ? foreignAnswer() : this.#unreadable(bytes));
      return;
    }
    this.#phase = 'over';
    this.#host.onsettled(this);
    for (const one of others) if (isRequestOrNotification(one)) this.#host.onmessage(one as JsonRpcMessage);
    this.#host.onmessage(answer);
  }

  #unreadable(bytes: Uint8Array, cause?: unknown): ToolwayError {
    const type = this.#header('content-type');
    const said = excerpt(bytes);
    const what = said === '' ? 'nothing' : said;
    return new ToolwayError(
      'protocol_error',
      `the server answered HTTP ${this.#status} with ${type === undefined ? 'no content type' : excerpt(type)} and no JSON-RPC answer: ${what}`,
      { executed: 'unknown', status: this.#status, cause },
    );
  }

  #refuse(): void {
    const { id, sessionId } = this.init;
    const bytes = this.#body.take();
    const error = statusError(this.#status, this.#header, bytes, sessionId !== undefined);
    const answer = DECIDED_BY_STATUS.has(this.#status) ? undefined : refusalAnswer(bytes, id);
    const gone = this.#status === 404 && sessionId !== undefined && !answersUs(answer, id);
    if (answer === undefined || gone) {
      this.fail(error);
      return;
    }
    this.abort();
    this.#host.onsettled(this);
    this.#host.onmessage({ ...answer, id } as JsonRpcMessage, this.#status);
  }

  #openStream(): void {
    this.#phase = 'events';
    this.#stream = new EventStream({
      maxBytes: this.#host.maxMessageBytes,
      onevent: (event) => this.#onevent(event),
      onretry: (ms) => {
        this.#retryMs = ms;
      },
      ontoolarge: () => this.#tooLarge(),
    });
  }

  #onevent(event: StreamEvent): void {
    if (this.#phase !== 'events') return;
    if (event.id !== undefined && this.#ids.push(event.id) > REMEMBERED_IDS) this.#ids.shift();
    const value = readEvent(event, (error) => this.#host.onwarning(error));
    if (value !== undefined) this.receive(value);
  }

  /** The stream has ended, and the answer was not in it. */
  #broken(error: unknown, why?: LinkReason): void {
    this.#stream = undefined;
    // An empty id takes back the one before it.
    if (this.init.resumable === true && this.#ids.at(-1) && this.#host.resume !== undefined) {
      this.#phase = 'resuming';
      const resumed = this.#host.resume(this, { ids: this.#ids, retryMs: this.#retryMs });
      this.#stop = () => resumed.stop();
      return;
    }
    this.fail(
      error === undefined
        ? new ToolwayError('outcome_unknown', 'the server ended the stream before the answer', { executed: 'unknown' })
        : linkError(error, true, why),
    );
  }
}

/** These say all there is to know, whatever the body holds. */
const DECIDED_BY_STATUS = new Set([401, 403, 413, 429]);

const mediaType = (header: HeaderLookup): string => {
  const type = header('content-type') ?? '';
  return type === 'application/json' ? type : (type.split(';', 1)[0] ?? '').trim().toLowerCase();
};
