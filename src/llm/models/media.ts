/** Media, as the providers take them. */
import type { MediaPart } from '../message.ts';

/** The kinds of images that every provider of images reads. */
export const isImage = ({ mediaType }: MediaPart): boolean => /^image\/(png|jpe?g|gif|webp)$/i.test(mediaType);

export const isPdf = ({ mediaType }: MediaPart): boolean => /^application\/pdf$/i.test(mediaType);

export const dataUrlOf = ({ mediaType, data }: MediaPart): string => `data:${mediaType};base64,${data}`;

/** What stands in the place of something that a provider cannot be sent. */
export const standInFor = ({ mediaType, name, data }: MediaPart): string => {
  const bytes = Math.floor((data.length * 3) / 4);
  return `[${name === undefined ? '' : `${name}: `}${mediaType}, ${bytes} bytes, which this model cannot be shown]`;
};
