/** Media, as the providers take them. */
import type { MediaPart } from '../message.ts';

/** The kinds of images that every provider of images reads. */
export const isImage = ({ mediaType }: MediaPart): boolean => /^image\/(png|jpe?g|gif|webp)$/i.test(mediaType);

export const isPdf = ({ mediaType }: MediaPart): boolean => /^application\/pdf$/i.test(mediaType);

/** What stands in the place of something that a provider cannot be sent. */
export const standInFor = ({ mediaType, name, data }: MediaPart): string => {
  const bytes = Math.floor((data.length * 3) / 4);
  return `[${name === undefined ? '' : `${name}: `}${mediaType}, ${bytes} bytes, which this model cannot be shown]`;
};

/** What stands in a result for an image that is shown behind all the results. */
export const pointerTo = (part: MediaPart): string =>
  isImage(part) ? `[${part.name ?? part.mediaType}: shown behind the results]` : standInFor(part);

/** What is said before an image that came with a result. */
export const captionOf = (part: MediaPart, tool: string): string =>
  `From the result of ${tool}: ${part.name ?? part.mediaType}`;
