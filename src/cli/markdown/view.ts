/** Which texts are rendered, and how. Small: it is loaded with every result, what renders with the first one that is Markdown. */
import type { Sink } from '../command.ts';
import type { Output } from '../output.ts';
import type { Style } from '../style.ts';

const FORMATS = ['auto', 'text', 'markdown'] as const;
type Format = (typeof FORMATS)[number];

const COLUMNS_WITHOUT_TERMINAL = 80;

export interface MarkdownView {
  style: Style;
  columns: number;
  hyperlinks: boolean;
  /** Every text is taken for Markdown. */
  always: boolean;
  /** Blobs that are declared to be Markdown are texts. */
  blobs?: boolean;
}

/** What a text came as. */
export interface Origin {
  mimeType?: string;
  uri?: string;
}

/** True for a value of `--format`. */
export const isFormat = (value: string): value is Format => (FORMATS as readonly string[]).includes(value);

/** How Markdown is shown: with `auto` on a terminal, with `markdown` everywhere; else not at all. */
export const markdownView = (
  format: string | undefined,
  { isTty }: Pick<Sink, 'isTty'>,
  { style, columns = COLUMNS_WITHOUT_TERMINAL }: Pick<Output, 'style' | 'columns'>,
  env: Readonly<Record<string, string | undefined>>,
): MarkdownView | undefined => {
  const always = format === 'markdown';
  if (format === 'text' || !(isTty || always)) return undefined;
  return { style, columns, hyperlinks: isTty && env.TERM !== 'dumb', always };
};

const essenceOf = (mimeType: string): string => (mimeType.split(';')[0] ?? '').trim().toLowerCase();
const isDeclared = ({ mimeType = '' }: Origin): boolean =>
  ['text/markdown', 'text/x-markdown'].includes(essenceOf(mimeType));

/** The text of a blob that is declared to be Markdown; none where it is something else. */
export const textOfBlob = (base64: string, origin: Origin): string | undefined => {
  if (!isDeclared(origin)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
};

/**
 * The text rendered, when it is Markdown: it is declared to be, or nothing is declared and it clearly looks like it. None
 * where it has to be printed as it is.
 */
export const rendered = async (
  text: string,
  { always, ...view }: MarkdownView,
  origin: Origin,
): Promise<string | undefined> => {
  const declared = isDeclared(origin) || (origin.mimeType === undefined && /\.(md|markdown)$/i.test(origin.uri ?? ''));
  if (!declared && !always) {
    if (origin.mimeType !== undefined) return undefined;
    const { isMarkdown } = await import('./detect.ts');
    if (!isMarkdown(text)) return undefined;
  }
  const { renderMarkdown } = await import('./render.ts');
  // Whoever did not think of Markdown may have meant the ends of lines.
  return renderMarkdown(text, { ...view, breaks: !declared });
};
