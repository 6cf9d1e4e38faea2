/** JPEG as pixels. */
import { decode } from 'jpeg-js';
import { MAX_PIXELS, type Pixels } from './pixels.ts';

const MAX_MEMORY_MB = 256;

/** Throws for what is no JPEG, or has more than `MAX_PIXELS`. */
export const decodeJpeg = (bytes: Uint8Array): Pixels =>
  decode(bytes, {
    useTArray: true,
    formatAsRGBA: true,
    maxResolutionInMP: MAX_PIXELS / 1e6,
    maxMemoryUsageInMB: MAX_MEMORY_MB,
  });
