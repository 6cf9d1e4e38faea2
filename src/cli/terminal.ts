/** A person at a terminal: lines typed with editing, history and completion, and Ctrl-C heard as a key. */
import { createInterface, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Question, Reply, Terminal } from './command.ts';
import { drawn, edited, erased, silent } from './line-editor.ts';
import {
  createPastedTexts,
  createPastes,
  MARK_NO_PASTES,
  MARK_PASTES,
  type Paste,
  type PastedTexts,
} from './pastes.ts';
import { createSieve } from './sieve.ts';
import { createTypedAhead } from './typed-ahead.ts';

/** What `createTerminal` needs of `process.stdin`. */
export interface KeyInput {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  setRawMode(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
}

const CTRL_C = 3;
const CTRL_D = 4;
const CR = 13;
const LF = 10;
const ALT_ENTER = Buffer.of(27, CR);

interface Reading {
  keys: PassThrough;
  editor: Interface;
  prompt: string;
  hidden: boolean;
  /** What is pasted belongs to its one answer. */
  pasted: PastedTexts | undefined;
  /** Its line has ended: what comes next belongs to the next reading. */
  sealed: boolean;
  /** Another line is to follow it. */
  goesOn: boolean;
  end(reply: Reply): void;
}

/** A terminal that can be left as it was found. */
export interface OpenTerminal extends Terminal {
  /** Undoes what outlives the process. */
  restore(): void;
}

/**
 * Makes a terminal of a keyboard and a screen. It holds both only while it reads or listens. `dumb`: it knows no escape
 * sequences, and is not asked to mark what is pasted.
 */
export const createTerminal = (
  input: KeyInput,
  output: NodeJS.WritableStream,
  { dumb = false }: { dumb?: boolean } = {},
): OpenTerminal => {
  const interrupts: (() => void)[] = [];
  let reading: Reading | undefined;
  /** Those that were open when another one began: they go on when that one has ended. */
  const outer: Reading[] = [];
  const ahead = createTypedAhead();
  let attached = false;
  let ended = false;
  /** How many want to know what is pasted. */
  let heedingPastes = 0;

  const onKeys = (chunk: Buffer): void => {
    if (reading !== undefined && !reading.sealed) {
      feed(reading, chunk);
      return;
    }
    const interrupted = chunk.lastIndexOf(CTRL_C);
    // As a terminal does: an interrupt voids what was typed before it.
    if (interrupted !== -1) ahead.drop();
    hold(chunk.subarray(interrupted + 1));
    if (interrupted !== -1) interrupts.at(-1)?.();
  };
  const hold = (keys: Buffer): void => {
    const left = heedingPastes > 0 ? keys.lastIndexOf(CTRL_D) : -1;
    // Who leaves a conversation has no more questions.
    if (left !== -1) ahead.drop();
    ahead.add(heedingPastes > 0 && isCtrlJ(keys) ? ALT_ENTER : keys.subarray(Math.max(0, left)));
  };
  /** A reading is given keys up to the end of its line, so that lines that were typed ahead reach one reading each. */
  const feed = (to: Reading, chunk: Buffer): void => {
    const at = chunk.findIndex((byte) => byte === CR || byte === LF);
    if (at === -1) {
      to.keys.write(chunk);
      return;
    }
    const isAlt = at > 0 && chunk[at - 1] === ALT_ENTER[0];
    to.sealed = true;
    to.goesOn = to.pasted !== undefined && (isAlt || isCtrlJ(chunk));
    const isPair = chunk[at] === CR && chunk[at + 1] === LF;
    hold(chunk.subarray(at + (isPair ? 2 : 1)));
    // Its end may begin another reading at once.
    to.keys.write(Buffer.concat([chunk.subarray(0, isAlt ? at - 1 : at), Buffer.of(CR)]));
  };
  const onPasted = (paste: Paste): void => {
    if (reading === undefined || reading.sealed) {
      ahead.addPaste(paste);
      return;
    }
    const { pasted } = reading;
    const typed = pasted === undefined ? paste.bytes : Buffer.from(pasted.typed(paste));
    onKeys(paste.entered ? Buffer.concat([typed, Buffer.of(CR)]) : typed);
  };
  const pastes = createPastes({ isOn: () => heedingPastes > 0, onTyped: onKeys, onPasted });
  const markPastes = (marked: boolean): void => {
    if (heedingPastes > 0 && !dumb) output.write(marked ? MARK_PASTES : MARK_NO_PASTES);
  };
  const sieve = createSieve(pastes.take);
  const onData = sieve.take;
  const onEnd = (): void => {
    ended = true;
    while (reading !== undefined) reading.end({ ended: 'end' });
    interrupts.at(-1)?.();
  };
  input.on('end', onEnd);

  const settle = (): void => {
    const wanted = !ended && (reading !== undefined || interrupts.length > 0 || sieve.isWaiting);
    if (wanted === attached) {
      if (attached) input.setRawMode(true);
      return;
    }
    attached = wanted;
    if (wanted) {
      input.setRawMode(true);
      input.on('data', onData);
      input.resume();
    } else {
      input.off('data', onData);
      input.pause();
      input.setRawMode(false);
    }
  };

  const above = (text: string): void => {
    const lines = text.endsWith('\n') ? text : `${text}\n`;
    if (reading === undefined) {
      output.write(lines);
      return;
    }
    const { editor, prompt, hidden } = reading;
    output.write(`${erased(editor, hidden)}${lines}${drawn(editor, prompt, hidden)}`);
  };

  const takeAhead = (): void => {
    const { items, lost } = ahead.take();
    if (lost > 0) above(`toolway: of what was typed ahead, the last ${lost} bytes are left out`);
    for (const each of items) {
      if (Buffer.isBuffer(each)) onKeys(each);
      else onPasted(each);
    }
  };

  const read = (question: Question): Promise<Reply> =>
    new Promise((resolve) => {
      const { prompt, initial = '', history = [], complete, hidden = false, fresh = false, signal } = question;
      const pasted = question.multiline ? createPastedTexts() : undefined;
      if (ended) return resolve({ ended: 'end' });
      if (signal?.aborted) return resolve({ ended: 'aborted' });
      // `setRawMode` is for readline, which uses it around Ctrl-Z.
      const keys = Object.assign(new PassThrough(), {
        setRawMode(raw: boolean) {
          input.setRawMode(raw);
          if (reading?.keys === keys) markPastes(raw);
        },
      });
      const editor = createInterface({
        input: keys,
        output: hidden ? silent(output) : output,
        terminal: true,
        history: [...history],
        historySize: history.length + 1,
        completer: completerOf(complete),
      });
      const end = (reply: Reply): void => {
        const at = outer.indexOf(mine);
        if (reading !== mine && at === -1) return;
        signal?.removeEventListener('abort', abort);
        if (at !== -1) outer.splice(at, 1);
        else {
          reading = outer.pop();
          if (hidden || !('line' in reply)) output.write('\n');
          if (reading !== undefined) output.write(drawn(reading.editor, reading.prompt, reading.hidden));
        }
        editor.close();
        settle();
        resolve(reply);
        if (reading !== undefined) takeAhead();
      };
      const abort = (): void => end({ ended: 'aborted' });
      const mine: Reading = { keys, editor, prompt, hidden, pasted, sealed: false, goesOn: false, end };
      if (reading !== undefined) {
        output.write(erased(reading.editor, reading.hidden));
        outer.push(reading);
      }
      reading = mine;
      editor.on('line', (line) =>
        end({ line: pasted?.filled(edited(line)) ?? edited(line), ...(mine.goesOn && { goesOn: true }) }),
      );
      editor.on('SIGINT', () => {
        if (pasted !== undefined) ahead.drop();
        end({ ended: 'interrupt', typed: editor.line });
      });
      editor.on('close', () => {
        // The editor closes itself as it does around Ctrl-Z, and does not come back.
        if (reading === mine) markPastes(true);
        end({ ended: 'end' });
      });
      signal?.addEventListener('abort', abort, { once: true });
      settle();
      editor.setPrompt(prompt);
      editor.prompt();
      if (hidden) output.write(prompt);
      if (initial !== '') editor.write(initial);
      if (fresh) {
        pastes.drop();
        ahead.drop();
        return;
      }
      takeAhead();
    });

  return {
    read,
    above,
    async query(question, answer, waitMs) {
      if (ended) return undefined;
      const answered = sieve.wait(answer, waitMs);
      settle();
      output.write(question);
      try {
        return await answered;
      } finally {
        settle();
      }
    },
    listen(onInterrupt, { pastes: heedsPastes = false } = {}) {
      interrupts.push(onInterrupt);
      settle();
      if (heedsPastes) {
        heedingPastes += 1;
        markPastes(true);
      }
      return () => {
        const at = interrupts.lastIndexOf(onInterrupt);
        if (at !== -1) interrupts.splice(at, 1);
        if (heedsPastes) {
          markPastes(false);
          heedingPastes -= 1;
        }
        settle();
      };
    },
    restore: () => markPastes(false),
  };
};

/** Alone it is that key; behind others it is the end of a line that was typed before the terminal gave keys as they are. */
const isCtrlJ = (keys: Buffer): boolean => keys.length === 1 && keys[0] === LF;

const completerOf =
  (complete: Question['complete']) =>
  (line: string, done: (error: null, result: [string[], string]) => void): void => {
    const found = complete?.(line) ?? Promise.resolve<[string[], string]>([[], line]);
    found.then(
      (candidates) => done(null, candidates),
      () => done(null, [[], line]),
    );
  };
