/** What a tool gave, as a model reads it: where it comes from, each thing once, and no more than fits. */
import type { CallToolResult } from '../../protocol/types.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { oneLine, type Piece, piecesOf } from './blocks.ts';
import { count, cutText } from './cut.ts';
import { bytesOf, isAmong, type Media, sizeName, USUAL_MEDIA } from './media.ts';
import { gapLine, originLine, ownErrorLine } from './sentences.ts';
import { keep, type Spill } from './spill.ts';
import { estimateTokens } from './tokens.ts';

/** Whose result it is. Without a server it is one of the program's own, whose origin is not told. */
export interface ResultFacts {
  server?: string;
  tool: string;
}

/** How much of a result a model is given. */
export interface ResultOptions {
  /** What its texts may cost, estimated. Default 8 000. What is longer loses its middle. */
  maxTokens?: number;
  /** What its images, sounds and documents may weigh together, in bytes. Default 3 750 000, which is 5 MB in base64. */
  maxMediaBytes?: number;
  /** Which media the model takes; `audio/*` stands for all of a kind. Default: PNG, JPEG, GIF, WebP, PDF, sounds. */
  media?: readonly string[];
  /** Keeps whole what is cut or left out. Default: nothing does. */
  spill?: Spill;
}

/** A result that may have to be read again, with less of it. */
export interface Readable {
  /** Its parts, as `toParts` gives them. What is left out is kept once, however often it is read. */
  within(limits: ReadLimits): Promise<(TextPart | MediaPart)[]>;
}

export interface ReadLimits extends Pick<ResultOptions, 'maxTokens' | 'maxMediaBytes'> {
  /** Images and the like. Default 20. */
  maxMedia?: number;
  /** A larger result is wanted: so many characters, within so many tokens. */
  large?: { characters: number; maxTokens: number } | undefined;
  /** Why it has to be so short, where that is not its own length. */
  because?: string;
}

export const DEFAULT_RESULT_TOKENS = 8_000;
const MEDIA_BYTES = 3_750_000;
/** Images and the like of one result. */
export const MOST_MEDIA = 20;
/** No text of so many characters is within an estimate of one token. */
const MOST_CHARACTERS_OF_A_TOKEN = 16;

/**
 * A result as parts of a message. The first one says whose data it is; characters that cannot be seen are spelled out;
 * links are not followed. Never rejects: what cannot be read is told in its place.
 */
export const toParts = (
  result: CallToolResult,
  facts: ResultFacts,
  options: ResultOptions = {},
): Promise<(TextPart | MediaPart)[]> => createReadable(result, facts, options).within(options);

export const createReadable = (
  result: CallToolResult,
  facts: ResultFacts,
  { media, spill }: Pick<ResultOptions, 'media' | 'spill'>,
): Readable => {
  const pieces = piecesOf(result);
  const kept = new Map<string, Promise<string | undefined>>();
  const put: Put = (text, bytes, mediaType, name = nameOf(facts)) => {
    const id = kept.get(text) ?? keep(spill, bytes(), mediaType, name);
    kept.set(text, id);
    return id;
  };
  return {
    async within(limits) {
      const parts = await withinMedia(pieces, { ...limits, media, ...(spill && { put }) });
      const texts = parts.flatMap((part) => (part.type === 'text' ? [part] : []));
      await withinTokens(texts, limits, put);
      if (parts.length === 0) parts.push({ type: 'text', text: '[no content]' });
      const origin = originOf(facts, result?.isError === true);
      return origin === undefined ? parts : [origin, ...parts];
    },
  };
};

/** Keeps what `text` stands for, or is, once. */
type Put = (text: string, bytes: () => Uint8Array, mediaType: string, name?: string) => Promise<string | undefined>;

const nameOf = ({ server, tool }: ResultFacts): string => oneLine(server === undefined ? tool : `${server}.${tool}`);

const originOf = (facts: ResultFacts, isError: boolean): TextPart | undefined => {
  if (facts.server === undefined) return isError ? { type: 'text', text: ownErrorLine(nameOf(facts)) } : undefined;
  return { type: 'text', text: originLine(nameOf(facts), isError) };
};

interface Showing extends ReadLimits {
  media: readonly string[] | undefined;
  put?: Put;
}

/** Its parts, neighbouring texts as one; media that the model does not take, or that are too many, in a line each. */
const withinMedia = async (
  pieces: readonly Piece[],
  { media: types = USUAL_MEDIA, maxMediaBytes = MEDIA_BYTES, maxMedia = MOST_MEDIA, put }: Showing,
): Promise<(TextPart | MediaPart)[]> => {
  const parts: (TextPart | MediaPart)[] = [];
  let bytesLeft = maxMediaBytes;
  let left = maxMedia;
  let lines: string[] = [];
  const endText = (): void => {
    if (lines.length > 0) parts.push({ type: 'text', text: lines.join('\n') });
    lines = [];
  };
  for (const piece of pieces) {
    if ('text' in piece) {
      lines.push(piece.text);
      continue;
    }
    const { media, name } = piece;
    if (left > 0 && media.bytes <= bytesLeft && isAmong(media.mediaType, types)) {
      endText();
      left -= 1;
      bytesLeft -= media.bytes;
      parts.push({ type: 'media', mediaType: media.mediaType, data: media.data, ...(name !== undefined && { name }) });
    } else lines.push(await leftOut(media, put, name));
  }
  endText();
  return parts;
};

const leftOut = async ({ data, mediaType, bytes }: Media, put: Put | undefined, name?: string): Promise<string> => {
  const id = await put?.(data, () => bytesOf(data), mediaType, name);
  const where = id === undefined ? '' : `, kept as ${id}`;
  return `[${mediaType}, ${sizeName(bytes)}: cannot be shown here${where}]`;
};

const isOver = (text: string, tokens: number): boolean =>
  text.length > tokens * MOST_CHARACTERS_OF_A_TOKEN || estimateTokens(text) > tokens;

/** What a text may cost of which a tool wants more to be shown. */
const largest = (
  text: string,
  maxTokens: number,
  { characters, maxTokens: most }: NonNullable<ReadLimits['large']>,
) => {
  const wanted = text.length <= characters ? most : (estimateTokens(text) * characters) / text.length;
  return Math.max(maxTokens, Math.min(wanted, most));
};

/** Cuts the texts where all together cost more, the longest ones first. */
const withinTokens = async (
  texts: TextPart[],
  { maxTokens = DEFAULT_RESULT_TOKENS, large, because }: ReadLimits,
  put: Put,
): Promise<void> => {
  const between = '\n\n';
  const whole = texts.map(({ text }) => text).join(between);
  let tokensLeft = large === undefined ? maxTokens : largest(whole, maxTokens, large);
  if (!isOver(whole, tokensLeft)) return;
  const id = await put(whole, () => new TextEncoder().encode(whole), 'text/plain');
  let offset = 0;
  const placed = texts.map((part) => {
    const place = { part, offset };
    offset += part.text.length + between.length;
    return place;
  });
  // The shortest ones first: what they do not need of their share is for the others.
  placed.sort((one, other) => one.part.text.length - other.part.text.length);
  for (const [index, { part, offset }] of placed.entries()) {
    const share = tokensLeft / (placed.length - index);
    if (isOver(part.text, share)) {
      part.text = cutText(part.text, share, (missing, from) =>
        gapLine(missing, { because, where: id === undefined ? undefined : readOn(id, offset + from, whole.length) }),
      );
      tokensLeft -= share;
    } else tokensLeft -= estimateTokens(part.text);
  }
};

const readOn = (id: string, offset: number, characters: number): string =>
  `read_result(${JSON.stringify({ id, offset })}) reads on, ${count(characters)} characters in all`;
