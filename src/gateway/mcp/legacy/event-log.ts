/** Events that were sent on streams, kept for a while so that a client that lost its stream can have what it missed. */

export interface StoredEvent {
  /** Unique in its session: the stream, and the place on it. */
  readonly id: string;
  readonly text: string;
}

/** Of one session. */
export interface EventLog {
  add(stream: number, place: number, text: string): void;
  /** What came on a stream after a place; undefined where some of it is not kept any more. */
  after(stream: number, place: number, last: number): StoredEvent[] | undefined;
  close(): void;
}

export interface EventLogs {
  open(): EventLog;
}

/** Of one session, in UTF-16 units: the oldest event makes room. */
const SESSION_UNITS = 1_048_576;
const SESSION_EVENTS = 1_024;
/** Of all sessions. Above it each may keep only a little. */
const ALL_UNITS = 67_108_864;
const CROWDED_UNITS = 65_536;

export const eventId = (stream: number, place: number): string => `${stream}.${place}`;

export const createEventLogs = (): EventLogs => {
  let total = 0;
  return {
    open() {
      let events: { stream: number; place: number; text: string }[] = [];
      let units = 0;
      const shrink = (most: number): void => {
        let gone = 0;
        while (gone < events.length && (units > most || events.length - gone > SESSION_EVENTS)) {
          const size = events[gone]?.text.length ?? 0;
          units -= size;
          total -= size;
          gone += 1;
        }
        if (gone > 0) events = events.slice(gone);
      };
      return {
        add(stream, place, text) {
          events.push({ stream, place, text });
          units += text.length;
          total += text.length;
          shrink(total > ALL_UNITS ? CROWDED_UNITS : SESSION_UNITS);
        },
        after(stream, place, last) {
          const missed = events.filter((event) => event.stream === stream && event.place > place);
          if (missed.length !== last - place) return undefined;
          return missed.map((event) => ({ id: eventId(stream, event.place), text: event.text }));
        },
        close() {
          total -= units;
          units = 0;
          events = [];
        },
      };
    },
  };
};
