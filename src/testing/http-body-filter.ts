/** The body of one answer on its way through toxics: cut, or with its events doubled or in another order. */
import type { Clock, Timer } from '../clock.ts';
import { createMessageSplitter } from './message-splitter.ts';
import type { CutToxic, ReorderToxic, Toxic } from './toxics.ts';

export interface BodyFilter {
  /** Whether more or fewer bytes may come out than went in. */
  readonly changesLength: boolean;
  /** The headers are out. */
  begin(): void;
  /** False when the reader wants no more for now. */
  take(bytes: Buffer): boolean;
  /** The body is complete. */
  flush(): void;
  isCut(): boolean;
}

export interface BodySink {
  write(bytes: Uint8Array): boolean;
  /** Closes the connection behind what was written. */
  cut(): void;
}

/** Toxics for events do nothing to an answer that is no stream of events. */
export const createBodyFilter = (
  toxics: readonly Toxic[],
  isStream: boolean,
  clock: Clock,
  sink: BodySink,
): BodyFilter => {
  const cut = toxics.find((toxic): toxic is CutToxic => toxic.type === 'cut');
  const reorder = toxics.find((toxic): toxic is ReorderToxic => isStream && toxic.type === 'reorder');
  const duplicates = isStream && toxics.some((toxic) => toxic.type === 'duplicate');
  const byEvent = duplicates || reorder !== undefined || (cut?.inEvent !== undefined && isStream);
  const splitter = createMessageSplitter('event');
  const held: Buffer[] = [];
  let hold: Timer | undefined;
  let events = 0;
  let written = 0;
  let isCut = false;

  const breakOff = (): void => {
    isCut = true;
    hold?.cancel();
    sink.cut();
  };
  /** Everything that goes out, counted. */
  const write = (bytes: Buffer): boolean => {
    if (isCut) return true;
    if (cut === undefined || (cut.inEvent !== undefined && isStream)) return sink.write(bytes);
    const allowed = bytes.subarray(0, Math.max(0, (cut.afterBytes ?? 0) - written));
    written += allowed.length;
    const goOn = sink.write(allowed);
    if (allowed.length < bytes.length) breakOff();
    return goOn;
  };
  const say = (event: Buffer): boolean => {
    events += 1;
    if (events !== cut?.inEvent) return write(event);
    sink.write(event.subarray(0, event.length / 2));
    breakOff();
    return true;
  };
  const release = (): void => {
    hold?.cancel();
    hold = undefined;
    for (const event of held.splice(0).reverse()) say(event);
  };
  const line = (event: Buffer): boolean => {
    if (reorder === undefined) return say(event);
    held.push(event);
    if (held.length >= (reorder.of ?? 2)) release();
    else hold ??= clock.after(reorder.withinMs ?? 100, release);
    return true;
  };

  return {
    changesLength: duplicates,
    begin() {
      if (cut !== undefined && cut.inEvent === undefined && (cut.afterBytes ?? 0) === 0) breakOff();
    },
    take(bytes) {
      if (!byEvent) return write(bytes);
      let goOn = true;
      for (const event of splitter.push(bytes)) {
        goOn = line(event);
        if (duplicates) goOn = line(event);
      }
      return goOn;
    },
    flush() {
      release();
      if (byEvent) write(splitter.rest());
    },
    isCut: () => isCut,
  };
};
