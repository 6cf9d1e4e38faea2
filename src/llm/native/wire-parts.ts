/** Parts of a result as the providers write them. */
import type { MediaPart, TextPart } from '../message.ts';

type Parts = readonly (TextPart | MediaPart)[];

export { IMAGES, PDF } from '../results/media.ts';

export const isImage = ({ mediaType }: MediaPart): boolean => mediaType.startsWith('image/');

/** A name for a document that has none. */
export const fileName = ({ name, mediaType }: MediaPart): string => name ?? `document.${mediaType.split('/')[1]}`;

/** All texts as one. */
export const textOf = (parts: Parts): string =>
  parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');

export const mediaIn = (parts: Parts): MediaPart[] => parts.flatMap((part) => (part.type === 'media' ? [part] : []));
