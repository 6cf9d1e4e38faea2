/** How results are shown: where files go, how images are drawn, and what becomes of a result that is too long. */
import { isDeepStrictEqual } from 'node:util';
import { ToolwayError } from '../errors.ts';
import type { CallToolResult } from '../protocol/types.ts';
import type { Job, Sink } from './command.ts';
import { type ContentOptions, printContent } from './content.ts';
import { createDraw } from './inline-image.ts';
import { isFormat, markdownView } from './markdown/view.ts';
import { type Output, safeJson } from './output.ts';
import { safeLine, safeText } from './safe-text.ts';
import { createSaveOrTemporary, prepareFolder, type Save } from './save.ts';
import { sizeName } from './size.ts';
import { rowsOf, tableLines } from './table.ts';

const COLUMNS_WITHOUT_WIDTH = 80;

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

/**
 * Makes the folder of `--save`, so that nothing is asked of a server whose files could not be kept. Throws
 * `invalid_arguments` for options that make no sense. What is printed raw may hold anything, and a terminal obeys it.
 */
export const checkResultOptions = async ({ options, context }: Pick<Job, 'options' | 'context'>): Promise<void> => {
  maxBytesOf({ options });
  if (options.flag('raw') && context.stdout.isTty) throw usage('--raw does not print to a terminal');
  const format = options.value('format') ?? 'auto';
  if (!isFormat(format)) throw usage(`--format must be auto, text or markdown, not ${JSON.stringify(format)}`);
  const folder = options.value('save');
  if (folder !== undefined) await prepareFolder(folder, context.cwd);
};

const maxBytesOf = ({ options }: Pick<Job, 'options'>): number => {
  const given = options.value('max-output');
  if (given === undefined) return Number.POSITIVE_INFINITY;
  const bytes = Number(given);
  if (given.trim() !== '' && Number.isInteger(bytes) && bytes >= 0) return bytes;
  throw usage(`--max-output must be a whole number of bytes, not ${JSON.stringify(given)}`);
};

/** Shows a result through the options that it is given. */
type Write = (options: ContentOptions) => Promise<void>;

export interface ResultView {
  /** Prints a result through the options that it is given, into a file where it is too long. */
  print(write: Write): Promise<void>;
  /**
   * Prints the result as a document with these further members; where it is too long, with the file that holds it
   * instead. With `--save` it has `files` as well: what `write` would save, in its order.
   */
  document(result: unknown, about: object, more: object, write: Write): Promise<void>;
}

/** The view of a result whose options were checked. `name` is what files are called where the server proposes nothing. */
export const createResultView = (
  { options, output, context, screen }: Pick<Job, 'options' | 'output' | 'context' | 'screen'>,
  name: string,
): ResultView => {
  const maxBytes = maxBytesOf({ options });
  const { stdout, cwd, env } = context;
  const raw = options.flag('raw');
  const folder = options.value('save');
  const save = createSaveOrTemporary(folder, cwd);
  const markdown = markdownView(options.value('format'), stdout, output, env);
  const usual: ContentOptions = {
    output,
    stdout,
    raw,
    name,
    ...((!raw || folder !== undefined) && { save }),
    ...(markdown !== undefined && { markdown: { ...markdown, blobs: folder === undefined } }),
    ...(folder === undefined && { draw: createDraw({ stdout, screen, env }) }),
  };

  /** The files of a result of which nothing is shown. */
  const filesOf = async (write: Write): Promise<{ path: string; mimeType?: string }[]> => {
    const files: { path: string; mimeType?: string }[] = [];
    const nowhere = async (): Promise<void> => {};
    const kept: Save = async (data, mimeType, proposed) => {
      const path = await save(data, mimeType, proposed);
      files.push({ path, ...(mimeType !== undefined && { mimeType }) });
      return path;
    };
    const silent = { ...output, print: nowhere, note: nowhere };
    await write({ output: silent, stdout: { isTty: false, write: nowhere }, save: kept, name });
    return files;
  };

  return {
    async print(write) {
      if (maxBytes === Number.POSITIVE_INFINITY) return write(usual);
      const chunks: Buffer[] = [];
      const paths: string[] = [];
      const noting: Save = async (...file) => {
        const path = await save(...file);
        paths.push(path);
        return path;
      };
      const sink: Sink = { isTty: stdout.isTty, write: async (chunk) => void chunks.push(Buffer.from(chunk)) };
      const line = (text: string): Promise<void> => sink.write(text.endsWith('\n') ? text : `${text}\n`);
      const { draw: _, markdown: rendering, ...asItCame } = usual;
      const noted = asItCame.save === undefined ? {} : { save: noting };
      await write({ ...asItCame, ...noted, stdout: sink, output: { ...output, print: line } });
      const bytes = Buffer.concat(chunks);
      if (bytes.length <= maxBytes) {
        if (rendering === undefined) return stdout.write(bytes);
        // Once more for the terminal, with the files that there are.
        const again: Save = async () => paths.shift() ?? '';
        return write({ ...asItCame, save: again, markdown: { ...rendering, blobs: false } });
      }
      // Colours are for the terminal alone.
      const kept = raw ? bytes : Buffer.from(safeText(bytes.toString('utf8')));
      const path = await save(kept, raw ? undefined : 'text/plain', name);
      await output.print(safeLine(`[result ${sizeName(kept.length)}] saved as ${path}`));
    },
    async document(result, about, facts, write) {
      const more = folder === undefined ? facts : { ...facts, files: await filesOf(write) };
      const whole = { ...about, result, ...more };
      const text = safeJson(whole);
      const bytes = Buffer.byteLength(text);
      if (bytes <= maxBytes) return output.print(text);
      const resultFile = await save(Buffer.from(safeJson(result)), 'application/json', name);
      await output.document({ ...about, resultFile, resultBytes: bytes, ...more });
    },
  };
};

/** Prints what a tool answered: its content, or on a terminal a table of its structured content where that says the same. */
export const printToolResult = async (
  result: CallToolResult,
  options: ContentOptions,
  columns: Output['columns'],
): Promise<void> => {
  const { content, structuredContent } = result;
  const { output, stdout, raw = false } = options;
  const texts = content.filter((block) => block.type === 'text');
  const saysTheSame = texts.length === 0 || (texts.length === 1 && isSame(texts[0]?.text ?? '', structuredContent));
  const rows = stdout.isTty && !raw && saysTheSame ? rowsOf(structuredContent) : undefined;
  await printContent(rows === undefined ? content : content.filter((block) => block.type !== 'text'), options);
  if (rows !== undefined) {
    for (const line of tableLines(rows, columns ?? COLUMNS_WITHOUT_WIDTH, output.style)) await output.print(line);
  } else if (texts.length === 0 && structuredContent !== undefined) await output.print(safeJson(structuredContent));
};

const isSame = (text: string, value: unknown): boolean => {
  try {
    return isDeepStrictEqual(JSON.parse(text), value);
  } catch {
    return false;
  }
};
