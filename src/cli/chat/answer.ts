/** What a model writes, as it comes: only whole pieces are shown, one below the other, and nothing is drawn twice. */
import type { MarkdownView } from '../markdown/view.ts';
import type { Output } from '../output.ts';
import { safeText } from '../safe-text.ts';

export interface AnswerOptions {
  output: Pick<Output, 'print'>;
  /** How Markdown is rendered; none where lines are printed as they come. */
  markdown?: MarkdownView;
  /** Makes room for what is printed. */
  aside(write: () => Promise<void>): Promise<void>;
}

export interface Answer {
  add(delta: string): void;
  /** Shows what has not been shown yet; resolves once everything is written. What comes then begins anew. */
  end(): Promise<void>;
}

const FENCE = /^( *)(`{3,}|~{3,})([^`]*)$/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+\S/;
/** Before each line of Markdown, as in every rendered text. */
const MARGIN = '  ';
/** A block that is longer is shown in parts. In UTF-16 units. */
const MAX_BLOCK = 64 * 1024;

export const createAnswer = ({ output, markdown, aside }: AnswerOptions): Answer => {
  /** Of a line whose end has not come. */
  let begun: string[] = [];
  let begunLength = 0;
  let writing: Promise<void> = Promise.resolve();
  const say = (make: () => string | Promise<string>): void => {
    writing = writing.then(async () => {
      const text = await make();
      await aside(() => output.print(text));
    });
  };
  const pieces = markdown === undefined ? undefined : createPieces(markdown, say);
  const take = pieces?.line ?? ((whole: string) => say(() => safeText(whole)));

  const keep = (text: string): void => {
    begun.push(text);
    begunLength += text.length;
  };
  const takeBegun = (): void => {
    const line = begun.join('').replace(/\r$/, '');
    begun = [];
    begunLength = 0;
    take(line);
  };

  return {
    add(delta) {
      const [first = '', ...others] = delta.split('\n');
      keep(first);
      for (const other of others) {
        takeBegun();
        keep(other);
      }
      if (begunLength > MAX_BLOCK) takeBegun();
      pieces?.pause();
    },
    async end() {
      if (begunLength > 0) takeBegun();
      pieces?.end();
      await writing;
    },
  };
};

/** Blocks of Markdown, each said once it is whole; of code, the lines that there are. */
const createPieces = (view: MarkdownView, say: (make: () => Promise<string>) => void) => {
  let block: string[] = [];
  let length = 0;
  let isBlank = false;
  let first = true;
  /** The marks of the fence that is open, and whether the code within is said line by line. */
  let fence: { marks: string; alone: boolean; begun: boolean } | undefined;

  const flush = (): void => {
    const source = block.join('\n');
    const gap = first ? '' : '\n';
    block = [];
    length = 0;
    isBlank = false;
    if (source.trim() === '') return;
    first = false;
    say(async () => gap + (await rendered(source, view)));
  };
  const flushCode = (): void => {
    if (fence?.alone !== true || block.length === 0) return;
    const source = block.join('\n');
    const gap = first || fence.begun ? '' : '\n';
    fence.begun = true;
    first = false;
    block = [];
    length = 0;
    say(async () => gap + (await code(source, view)));
  };
  const keep = (line: string): void => {
    block.push(line);
    length += line.length + 1;
  };

  return {
    line(line: string): void {
      const [, indent = '', marks] = FENCE.exec(line) ?? [];
      if (fence !== undefined) {
        const closes = marks?.startsWith(fence.marks) === true && line.trim() === marks;
        if (fence.alone) {
          if (!closes) keep(line);
          else {
            flushCode();
            fence = undefined;
          }
          return;
        }
        keep(line);
        if (closes) fence = undefined;
        return;
      }
      if (line.trim() === '') {
        if (block.length > 0) {
          isBlank = true;
          // A list may go on behind an empty line; nothing else does.
          if (!ITEM.test(block[0] ?? '')) flush();
        }
        return;
      }
      if (isBlank) {
        if (/^ {2,}/.test(line) || ITEM.test(line)) keep('');
        else flush();
        isBlank = false;
      }
      if (marks !== undefined) {
        const alone = indent.length < 4 && !ITEM.test(block[0] ?? '');
        if (alone) flush();
        fence = { marks, alone, begun: false };
        if (!alone) keep(line);
        return;
      }
      keep(line);
      if (length > MAX_BLOCK) flush();
    },
    /** Nothing more is here for now. */
    pause(): void {
      flushCode();
    },
    end(): void {
      if (fence?.alone === true) flushCode();
      else flush();
      fence = undefined;
      first = true;
    },
  };
};

const rendered = async (source: string, { style, columns, hyperlinks }: MarkdownView): Promise<string> => {
  const { renderMarkdown } = await import('../markdown/render.ts');
  // Models end lines where they mean to: lists without marks, addresses, verses.
  return renderMarkdown(source, { style, columns, hyperlinks, breaks: true }) ?? safeText(source);
};

const code = async (source: string, { style, columns, hyperlinks }: MarkdownView): Promise<string> => {
  const { codeLines } = await import('../markdown/blocks.ts');
  const lines = codeLines(source, columns - MARGIN.length, { style, hyperlinks, breaks: false, plain: !style.enabled });
  return lines.map((line) => MARGIN + line).join('\n');
};
