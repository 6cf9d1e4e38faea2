/** The blocks of a result as texts and media, each thing once. Nothing that they refer to is fetched. */
import { canonicalJson } from '../../canonical.ts';
import { unseenSpelled } from '../../policy/unseen.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import { bytesOf, type Media, mediaOf } from './media.ts';

/** A text, or what stands for media. */
export type Piece = { text: string } | { media: Media; name?: string };

const LONGEST_LINE = 500;

/** Server text in one line of bounded length. */
export const oneLine = (text: string): string => {
  const line = unseenSpelled(text.slice(0, LONGEST_LINE)).replace(/\s+/g, ' ').trim();
  return text.length > LONGEST_LINE ? `${line}…` : line;
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const jsonOf = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '[a value that cannot be written as JSON]';
  }
};

/** What a result holds, in its order; structured content at the end, where no text says the same. Takes any value. */
export const piecesOf = (result: CallToolResult): Piece[] => {
  const content: unknown = isObject(result) ? result.content : undefined;
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  const pieces = blocks.flatMap(piecesOfBlock);
  const structured = isObject(result) ? result.structuredContent : undefined;
  if (structured === undefined || structured === null) return pieces;
  const texts = blocks.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : []));
  return isSaid(structured, texts) ? pieces : [...pieces, { text: unseenSpelled(jsonOf(structured)) }];
};

const piecesOfBlock = (block: JsonObject): Piece[] => {
  const { type, text, data, mimeType, resource } = block;
  if (type === 'text' && typeof text === 'string') return [{ text: unseenSpelled(text) }];
  if (type === 'image' || type === 'audio') {
    const media = mediaOf(data, mimeType);
    return [media === undefined ? { text: `[${type} that cannot be read]` } : { media }];
  }
  if (type === 'resource_link') return [{ text: `[link, not read: ${about(block)}]` }];
  if (type === 'resource' && isObject(resource)) return piecesOfResource(resource);
  return [{ text: unseenSpelled(jsonOf(block)) }];
};

const about = ({ uri, name, title, description, mimeType, size }: JsonObject): string =>
  [uri, title ?? name, description, mimeType, typeof size === 'number' ? `${size} bytes` : undefined]
    .flatMap((fact) => (typeof fact === 'string' && fact !== '' ? [oneLine(fact)] : []))
    .join(', ');

const isText = (mediaType: string): boolean =>
  mediaType.startsWith('text/') || /^application\/([\w.-]+\+)?(json|xml|yaml)$/.test(mediaType);

const piecesOfResource = (resource: JsonObject): Piece[] => {
  const { uri, mimeType, text, blob } = resource;
  const head = `[resource ${about({ uri, mimeType })}]`;
  if (typeof text === 'string') return [{ text: `${head}\n${unseenSpelled(text)}` }];
  const media = mediaOf(blob, mimeType);
  if (media === undefined) return [{ text: head }];
  if (isText(media.mediaType)) {
    return [{ text: `${head}\n${unseenSpelled(new TextDecoder().decode(bytesOf(media.data)))}` }];
  }
  const name = typeof uri === 'string' ? oneLine(uri).split('/').at(-1) : undefined;
  return [{ text: head }, { media, ...(name !== undefined && name !== '' && { name }) }];
};

/** Whether the texts say what the structured content says; also as servers wrap a bare value: `{ "result": … }`. */
const isSaid = (structured: unknown, texts: readonly string[]): boolean => {
  if (isToldBy(structured, texts)) return true;
  const values = isObject(structured) ? Object.values(structured) : [];
  if (values.length !== 1) return false;
  const [value] = values;
  if (typeof value === 'string' && texts.includes(value)) return true;
  if (isToldBy(value, texts)) return true;
  if (!Array.isArray(value) || value.length === 0 || value.length !== texts.length) return false;
  return value.every((item, index) => item === texts[index] || isToldBy(item, [texts[index] as string]));
};

const isToldBy = (value: unknown, texts: readonly string[]): boolean => {
  const wanted = canonicalOf(() => value);
  return wanted !== undefined && texts.some((text) => canonicalOf(() => JSON.parse(text)) === wanted);
};

/** Undefined for what is no JSON, or nested too deeply to be compared. */
const canonicalOf = (value: () => unknown): string | undefined => {
  try {
    return canonicalJson(value());
  } catch {
    return undefined;
  }
};
