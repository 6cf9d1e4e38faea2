/** What a server answered, for people: texts as texts, everything else named. */
import type { ContentBlock, ResourceContents } from '../protocol/types.ts';
import type { Sink } from './command.ts';
import type { Draw } from './inline-image.ts';
import { type MarkdownView, type Origin, rendered, textOfBlob } from './markdown/view.ts';
import type { Output } from './output.ts';
import { safeJson } from './output.ts';
import { safeLine, safeText } from './safe-text.ts';
import type { Save } from './save.ts';
import { sizeName } from './size.ts';

/** How to show content: `save` writes what is no text into files; `raw` prints it as it came. */
export interface ContentOptions {
  output: Output;
  stdout: Sink;
  raw?: boolean;
  save?: Save;
  /** How images are drawn in the terminal; those that cannot be are saved. */
  draw?: Draw;
  /** How Markdown is rendered; none where it is printed as it came. */
  markdown?: MarkdownView;
  /** What files are called where the server proposes nothing. */
  name: string;
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
const lastSegment = (uri: string): string => uri.split(/[/\\?#]/).findLast((part) => part !== '') ?? 'content';

const printBytes = async (
  what: string,
  data: string,
  mimeType: string | undefined,
  proposed: string,
  { output, stdout, raw, save, draw }: ContentOptions,
): Promise<void> => {
  const bytes = bytesOf(data);
  const facts = [mimeType ?? 'unknown type', sizeName(bytes.length)].join(', ');
  const drawing = raw ? undefined : await draw?.(bytes);
  if (drawing !== undefined) {
    await output.print(output.style.dim(safeLine(`[${what} ${facts}]`)));
    await stdout.write(drawing);
  } else if (save !== undefined && bytes.length > 0) {
    const path = await save(data, mimeType, proposed);
    const line = safeLine(`[${what} ${facts}] saved as ${path}`);
    await (raw ? output.note(line) : output.print(line));
  } else if (raw) await stdout.write(bytes);
  else await output.print(output.style.dim(safeLine(`[${what} ${facts}]`)));
};

const printText = async (text: string, options: ContentOptions, origin: Origin = {}): Promise<void> => {
  const { output, stdout, raw, markdown } = options;
  if (raw) return stdout.write(text);
  const lines = markdown === undefined ? undefined : await rendered(text, markdown, origin);
  return output.print(lines ?? safeText(text));
};

const printLine = async (text: string, { output, raw }: ContentOptions): Promise<void> => {
  if (!raw) await output.print(output.style.dim(safeLine(text)));
};

/** Prints the contents of resources; with more than one, each under its URI. */
export const printContents = async (
  contents: readonly ResourceContents[],
  options: ContentOptions,
  headed = contents.length > 1,
): Promise<void> => {
  for (const { uri, mimeType, text, blob } of contents) {
    const origin: Origin = { uri, ...(mimeType !== undefined && { mimeType }) };
    const written = typeof blob === 'string' && options.markdown?.blobs === true ? textOfBlob(blob, origin) : undefined;
    if (typeof blob === 'string' && written === undefined)
      await printBytes(`blob ${uri}`, blob, mimeType, lastSegment(uri), options);
    else {
      if (headed) await printLine(`[resource ${uri}${mimeType === undefined ? '' : ` ${mimeType}`}]`, options);
      await printText(written ?? text ?? '', options, origin);
    }
  }
};

/** Prints content blocks in order. */
export const printContent = async (blocks: readonly ContentBlock[], options: ContentOptions): Promise<void> => {
  for (const block of blocks) {
    switch (block.type) {
      case 'text':
        await printText(block.text, options);
        break;
      case 'image':
      case 'audio':
        await printBytes(block.type, block.data, block.mimeType, options.name, options);
        break;
      case 'resource_link': {
        const facts = [block.title ?? block.name, block.uri, block.mimeType, block.description];
        await printLine(`[link ${facts.filter((fact) => fact !== undefined).join(' · ')}]`, options);
        break;
      }
      case 'resource':
        await printContents([block.resource], options, true);
        break;
      default:
        await printLine(`[${safeJson(block, 0).slice(0, 200)}]`, options);
    }
  }
};
