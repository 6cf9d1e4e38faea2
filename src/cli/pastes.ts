/** What is pasted, told from what is typed: by the marks that a terminal puts around it, else by lines that come at once. */

/** Asks a terminal to mark what is pasted. */
export const MARK_PASTES = '\x1b[?2004h';
export const MARK_NO_PASTES = '\x1b[?2004l';
/** Of one paste; the rest is left out. */
export const MAX_PASTE_BYTES = 1024 * 1024;

export interface Paste {
  bytes: Buffer;
  /** Bytes that were left out. */
  lost: number;
  /** Its last line has an end that nothing tells from Enter. */
  entered: boolean;
}

export interface Pastes {
  take(chunk: Buffer): void;
  /** Drops what has not wholly come. */
  drop(): void;
}

export interface PastesOptions {
  /** False: everything is typed. */
  isOn(): boolean;
  onTyped(bytes: Buffer): void;
  onPasted(paste: Paste): void;
}

const BEGIN = Buffer.from('\x1b[200~');
const END = Buffer.from('\x1b[201~');
const CTRL_C = 3;
const CTRL_D = 4;
/** Pieces of one paste, or of one mark, come closer together than this. */
const QUIET_MS = 40;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const KEYS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

export const createPastes = ({ isOn, onTyped, onPasted }: PastesOptions): Pastes => {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let lost = 0;
  let state: 'typed' | 'marked' | 'lines' = 'typed';
  let isDropped = false;
  /** What may be the beginning of a mark. */
  let rest: Buffer = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;

  const keep = (part: Buffer): void => {
    const some = part.subarray(0, MAX_PASTE_BYTES - keptBytes);
    if (some.length > 0) kept.push(some);
    keptBytes += some.length;
    lost += part.length - some.length;
  };
  const clear = (): void => {
    kept = [];
    keptBytes = 0;
    lost = 0;
    isDropped = false;
    state = 'typed';
  };
  const finish = (): void => {
    if (state === 'typed') return;
    const isEntered = state === 'lines';
    const all = Buffer.concat(kept);
    const paste = isEntered ? withoutEnter(all) : { bytes: all, entered: false };
    const whole = { ...paste, lost };
    const isWanted = !isDropped && all.length > 0;
    clear();
    if (isWanted) onPasted(whole);
  };
  const unmarked = (part: Buffer): void => {
    if (part.length === 0) return;
    if (KEYS.test(part.toString('latin1'))) {
      if (part.includes(CTRL_C) || part.includes(CTRL_D)) clear();
      else finish();
      onTyped(part);
    } else if (state === 'lines' || isLines(part)) {
      state = 'lines';
      keep(part);
    } else onTyped(part);
  };
  const later = (): void => {
    if (state === 'marked') return;
    finish();
    const typed = rest;
    rest = Buffer.alloc(0);
    if (typed.length > 0) onTyped(typed);
  };

  return {
    take(chunk) {
      clearTimeout(timer);
      if (!isOn() && state === 'typed' && rest.length === 0) return onTyped(chunk);
      // A key alone is none of a paste: the mark of its end was lost.
      if (chunk.length === 1 && (chunk[0] === CTRL_C || chunk[0] === CTRL_D)) {
        clear();
        rest = Buffer.alloc(0);
        return onTyped(chunk);
      }
      let bytes = Buffer.concat([rest, chunk]);
      rest = Buffer.alloc(0);
      for (;;) {
        const isMarked = state === 'marked';
        const mark = isMarked ? END : BEGIN;
        const at = bytes.indexOf(mark);
        const open = at === -1 ? bytes.length - beginningOf(mark, bytes) : at;
        if (isMarked) keep(bytes.subarray(0, open));
        else unmarked(bytes.subarray(0, open));
        if (at === -1) {
          rest = bytes.subarray(open);
          break;
        }
        finish();
        if (!isMarked) state = 'marked';
        bytes = bytes.subarray(at + mark.length);
      }
      if (rest.length > 0 || state === 'lines') timer = setTimeout(later, QUIET_MS);
    },
    drop() {
      if (state === 'marked') isDropped = true;
      else clear();
    },
  };
};

/** How many of the last bytes may begin the mark. */
const beginningOf = (mark: Buffer, bytes: Buffer): number => {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
};

const withoutEnter = (bytes: Buffer): Pick<Paste, 'bytes' | 'entered'> => {
  const [end = ''] = /(?:\r\n|\r|\n)?$/.exec(bytes.toString('latin1')) ?? [];
  return { bytes: bytes.subarray(0, bytes.length - end.length), entered: end !== '' };
};

/** True for more than a line and its end. */
const isLines = (part: Buffer): boolean => {
  const text = withoutEnter(part).bytes.toString('latin1');
  return /[\r\n]/.test(text) && /\S/.test(text);
};

/** What stands in a line for what was pasted there, and is its text again once the line is read. */
export interface PastedTexts {
  /** What is to be typed in place of the paste. */
  typed(paste: Paste): string;
  /** The line with the texts in it. */
  filled(line: string): string;
}

/** A longer line is not typed, but stands for itself. */
const LONGEST_TYPED = 1_000;

export const createPastedTexts = (): PastedTexts => {
  const texts = new Map<string, string>();
  return {
    typed({ bytes, lost }) {
      const text = bytes.toString('utf8').replace(/\r\n?/g, '\n');
      const line = text.replace(/\n+$/, '');
      const lines = line.split('\n').length;
      if (lost === 0 && lines === 1 && line.length <= LONGEST_TYPED && !KEYS.test(line) && !line.includes('\t'))
        return line;
      const size = lines > 1 ? `${lines} lines` : `${line.length} characters`;
      const cut = lost > 0 ? `, cut: the last ${lost} bytes are left out` : '';
      const label = `[pasted text ${texts.size + 1}: ${size}${cut}]`;
      texts.set(label, lost > 0 ? text.replace(/\uFFFD$/, '') : text);
      return label;
    },
    filled: (line) => line.replace(/\[pasted text \d+: [^\]]*\]/g, (label) => texts.get(label) ?? label),
  };
};
