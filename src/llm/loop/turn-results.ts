/** The results of one message's calls, which must fit into the model's context together. */
import type { MediaPart, TextPart } from '../message.ts';
import { failureParts } from '../results/failure.ts';
import { createReadable, MOST_MEDIA, type Readable, type ReadLimits } from '../results/parts.ts';
import { estimateTokens } from '../results/tokens.ts';
import type { Given, Running } from './server-call.ts';

type Content = (TextPart | MediaPart)[];

/** A result as the model has it by now. */
export interface TurnResult {
  content: Content;
  /** What stands before it in any case. */
  before: readonly TextPart[];
  readable: Readable;
  /** Within which it was read. */
  limits: ReadLimits;
  /** Takes the place of what it was. */
  settle(content: Content): void;
}

/** What a call gave, for the model: as long as one result may be. */
export const showResult = async (
  given: Given,
  name: string,
  { limits, media, spill }: Running,
  settle: TurnResult['settle'],
): Promise<TurnResult> => {
  const own = readingOf(given, name, { limits, media, spill });
  const content = [...own.before, ...(await own.readable.within(own.limits))];
  settle(content);
  return { ...own, content, settle };
};

const readingOf = (
  given: Given,
  name: string,
  { limits, media, spill }: Pick<Running, 'limits' | 'media' | 'spill'>,
): Pick<TurnResult, 'before' | 'readable' | 'limits'> => {
  if (given.error !== undefined) {
    const content = failureParts(given.error).map((part) => ({ ...part }));
    const readable = createReadable({ content }, { tool: name }, { spill });
    return { before: [], readable, limits: { maxTokens: Number.POSITIVE_INFINITY } };
  }
  const { result, facts, before = [], wanted } = given;
  const large = wanted === undefined ? undefined : { characters: wanted, maxTokens: limits.maxLargeResultTokens };
  const readable = createReadable(result, facts, { media, spill });
  return { before, readable, limits: { maxTokens: limits.maxResultTokens, large } };
};

const MOST_MEDIA_BYTES = 15_000_000;
/** What is said round a result that was cut. */
const FRAME_TOKENS = 120;
const BECAUSE = 'the results of this turn are too long together';

const sizeOf = ({ content }: TurnResult): number =>
  content.reduce((sum, part) => sum + (part.type === 'text' ? estimateTokens(part.text) : 0), 0);

const weightOf = (media: readonly MediaPart[]): number =>
  media.reduce((sum, { data }) => sum + Math.floor((data.length * 3) / 4), 0);

/** Shortens the longest ones until all are within `maxTokens`; of media, those that come last are kept aside. */
export const fitTurn = async (results: TurnResult[], maxTokens: number): Promise<void> => {
  let mediaLeft = MOST_MEDIA;
  let bytesLeft = MOST_MEDIA_BYTES;
  for (const result of results) {
    const media = (): MediaPart[] => result.content.filter((part) => part.type === 'media');
    if (media().length > mediaLeft || weightOf(media()) > bytesLeft)
      await readAgain(result, { maxMedia: mediaLeft, maxMediaBytes: bytesLeft });
    mediaLeft -= media().length;
    bytesLeft -= weightOf(media());
  }
  const sizes = results.map(sizeOf);
  const share = shareOf(sizes, maxTokens);
  for (const [index, result] of results.entries()) {
    if ((sizes[index] ?? 0) <= share) continue;
    await readAgain(result, { maxTokens: Math.max(0, share - FRAME_TOKENS), large: undefined, because: BECAUSE });
  }
};

const readAgain = async (result: TurnResult, limits: ReadLimits): Promise<void> => {
  result.limits = { ...result.limits, ...limits };
  const content = [...result.before, ...(await result.readable.within(result.limits))];
  result.content = content;
  result.settle(content);
};

/** The most that each may have so that all together have no more than `all`: what the short ones leave is for the others. */
const shareOf = (sizes: readonly number[], all: number): number => {
  let left = all;
  for (const [index, size] of [...sizes].sort((one, other) => one - other).entries()) {
    const share = left / (sizes.length - index);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
};
