/** What Node's line editor does not do itself: to be drawn again, to stay hidden, to know a dumb terminal. */
import type { Interface } from 'node:readline';
import { Writable } from 'node:stream';

const ESC = String.fromCharCode(27);
const BACKSPACE = '\b';
const DELETE = '\x7f';
const CTRL_U = '\x15';

/** On a dumb terminal the editor takes the keys that take back what was typed for text. */
export const edited = (line: string): string => {
  let kept: string[] = [];
  for (const character of line) {
    if (character === BACKSPACE || character === DELETE) kept.pop();
    else if (character === CTRL_U) kept = [];
    else kept.push(character);
  }
  return kept.join('');
};

/** As wide as the screen, for the editor's sums, and nothing is written. */
export const silent = (screen: NodeJS.WritableStream): NodeJS.WritableStream => {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  return Object.defineProperty(nowhere, 'columns', { get: () => (screen as NodeJS.WriteStream).columns });
};

/** The editor as it looks where nothing that was typed is shown. */
const emptied = (editor: Interface): Interface =>
  Object.assign(Object.create(editor) as Interface, { line: '', cursor: 0 });

const up = (rows: number): string => (rows > 0 ? `${ESC}[${rows}A` : '');

/** Takes the line away that an editor has drawn. */
export const erased = (editor: Interface, hidden: boolean): string =>
  `\r${up((hidden ? emptied(editor) : editor).getCursorPos().rows)}${ESC}[J`;

/** The line as the editor has drawn it, with the cursor where it was: the editor need not know that it was drawn again. */
export const drawn = (shown: Interface, prompt: string, hidden: boolean): string => {
  const editor = hidden ? emptied(shown) : shown;
  const at = editor.getCursorPos();
  const atEnd = { cursor: editor.line.length };
  const end = Object.assign(Object.create(editor) as Interface, atEnd).getCursorPos();
  // A row that is just full wraps with the next character only.
  const wrap = end.cols === 0 && end.rows > 0 ? ' \b' : '';
  return `${prompt}${editor.line}${wrap}${up(end.rows - at.rows)}${ESC}[${at.cols + 1}G`;
};
