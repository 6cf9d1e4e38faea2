/** What is known of a stream that is resumed: where to go on, when, and what was read before. Loaded with the first one. */

/** Roughly what browsers' `EventSource` does in the absence of a `retry` field; the specification leaves it open. */
const DEFAULT_RETRY_MS = 1_000;
const SHORTEST_RETRY_MS = 100;
/** No wait between two connections is longer, whoever asks for it. */
const LONGEST_RETRY_MS = 60_000;
const REMEMBERED_IDS = 512;

/** The ids of the events of a connection in their order, and the wait for which its server has asked. */
export interface StreamStart {
  ids?: readonly string[];
  retryMs?: number | undefined;
}

/** What has been seen of the ids of a stream that may be resumed, over all its connections. */
export class EventTrail {
  /** Goes into `Last-Event-ID`. */
  lastId: string | undefined;
  /**
   * The wait before the next connection, in milliseconds. Where the server asks for none each stream has its own, half of
   * the default to one and a half times, since a server that went down broke those of all its clients at once.
   */
  retryMs = DEFAULT_RETRY_MS * (0.5 + Math.random());
  #earlier = new Set<string>();
  #current = new Set<string>();

  /** What the first connection has shown before anybody thought of resuming it. */
  constructor({ ids = [], retryMs }: StreamStart = {}) {
    for (const id of ids) this.note(id);
    if (retryMs !== undefined) this.setRetry(retryMs);
  }

  /** Notes the id of an event. `repeated` when an earlier connection had it; `advanced` when it is news. */
  note(id: string | undefined): 'repeated' | 'advanced' | 'none' {
    if (id === undefined) return 'none';
    const repeated = this.#earlier.has(id);
    const advanced = !repeated && id !== this.lastId;
    this.lastId = id === '' ? undefined : id;
    this.#current.add(id);
    if (this.#current.size > REMEMBERED_IDS) forgetOldest(this.#current);
    return repeated ? 'repeated' : advanced ? 'advanced' : 'none';
  }

  /** The server asks for this wait; it is kept within 100 ms, below which it would be a busy loop, and one minute. */
  setRetry(ms: number): void {
    this.retryMs = Math.min(Math.max(ms, SHORTEST_RETRY_MS), LONGEST_RETRY_MS);
  }

  /** A new connection begins. */
  reconnect(): void {
    for (const id of this.#current) this.#earlier.add(id);
    while (this.#earlier.size > REMEMBERED_IDS) forgetOldest(this.#earlier);
    this.#current.clear();
  }
}

const forgetOldest = (ids: Set<string>): void => {
  for (const id of ids) {
    ids.delete(id);
    return;
  }
};
