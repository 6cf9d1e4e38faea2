/** Pixels of a decoded image, four bytes each: red, green, blue, alpha. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** An image of more is not decoded, whatever its file weighs. */
export const MAX_PIXELS = 16 * 1024 * 1024;
