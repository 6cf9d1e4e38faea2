/** What a tool gave, as a model reads it: where it comes from, each thing once, and no more than fits. */
import type { CallToolResult } from '../../protocol/types.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { oneLine, piecesOf } from './blocks.ts';
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

export const DEFAULT_RESULT_TOKENS = 8_000;
const MEDIA_BYTES = 3_750_000;
/** Images and the like of one result. */
const MOST_MEDIA = 20;
/** No text of so many characters is within an estimate of one token. */
const MOST_CHARACTERS_OF_A_TOKEN = 16;

/**
 * A result as parts of a message. The first one says whose data it is; characters that cannot be seen are spelled out;
 * links are not followed. Never rejects: what cannot be read is told in its place.
 */
export const toParts = async (
  result: CallToolResult,
  facts: ResultFacts,
  options: ResultOptions = {},
): Promise<(TextPart | MediaPart)[]> => {
  const { maxTokens = DEFAULT_RESULT_TOKENS, spill } = options;
  const parts = await withinMedia(result, facts, options);
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part] : []));
  await withinTokens(texts, maxTokens, (whole) =>
    keep(spill, new TextEncoder().encode(whole), 'text/plain', nameOf(facts)),
  );
  if (parts.length === 0) parts.push({ type: 'text', text: '[no content]' });
  const origin = originOf(facts, result?.isError === true);
  return origin === undefined ? parts : [origin, ...parts];
};

const nameOf = ({ server, tool }: ResultFacts): string => oneLine(server === undefined ? tool : `${server}.${tool}`);

const originOf = (facts: ResultFacts, isError: boolean): TextPart | undefined => {
  if (facts.server === undefined) return isError ? { type: 'text', text: ownErrorLine(nameOf(facts)) } : undefined;
  return { type: 'text', text: originLine(nameOf(facts), isError) };
};

/** Its parts, neighbouring texts as one; media that the model does not take, or that are too many, in a line each. */
const withinMedia = async (
  result: CallToolResult,
  facts: ResultFacts,
  { media: types = USUAL_MEDIA, maxMediaBytes = MEDIA_BYTES, spill }: ResultOptions,
): Promise<(TextPart | MediaPart)[]> => {
  const parts: (TextPart | MediaPart)[] = [];
  let bytesLeft = maxMediaBytes;
  let left = MOST_MEDIA;
  let lines: string[] = [];
  const endText = (): void => {
    if (lines.length > 0) parts.push({ type: 'text', text: lines.join('\n') });
    lines = [];
  };
  for (const piece of piecesOf(result)) {
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
    } else lines.push(await leftOut(media, spill, name ?? nameOf(facts)));
  }
  endText();
  return parts;
};

const leftOut = async (media: Media, spill: Spill | undefined, name: string): Promise<string> => {
  const id = spill && (await keep(spill, bytesOf(media.data), media.mediaType, name));
  const where = id === undefined ? '' : `, kept as ${id}`;
  return `[${media.mediaType}, ${sizeName(media.bytes)}: cannot be shown here${where}]`;
};

const isOver = (text: string, tokens: number): boolean =>
  text.length > tokens * MOST_CHARACTERS_OF_A_TOKEN || estimateTokens(text) > tokens;

/** Cuts the texts where all together cost more, the longest ones first. */
const withinTokens = async (
  texts: TextPart[],
  maxTokens: number,
  put: (whole: string) => Promise<string | undefined>,
): Promise<void> => {
  const between = '\n\n';
  const whole = texts.map(({ text }) => text).join(between);
  if (!isOver(whole, maxTokens)) return;
  const id = await put(whole);
  let tokensLeft = maxTokens;
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
        gapLine(missing, id === undefined ? undefined : readOn(id, offset + from, whole.length)),
      );
      tokensLeft -= share;
    } else tokensLeft -= estimateTokens(part.text);
  }
};

const readOn = (id: string, offset: number, characters: number): string =>
  `read_result(${JSON.stringify({ id, offset })}) reads on, ${count(characters)} characters in all`;
