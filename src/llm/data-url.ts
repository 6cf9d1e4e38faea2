import type { MediaPart } from './message.ts';

/** As providers take media within a request (RFC 2397). */
export const dataUrlOf = ({ mediaType, data }: MediaPart): string => `data:${mediaType};base64,${data}`;
