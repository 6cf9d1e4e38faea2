import type { Pixels } from './pixels.ts';

/** The image no larger than this many pixels, in its proportions: each pixel the mean of those that it stands for. Never makes larger. */
export const fitInto = (image: Pixels, maxWidth: number, maxHeight: number): Pixels => {
  const factor = Math.min(1, maxWidth / image.width, maxHeight / image.height);
  if (factor === 1) return image;
  const width = Math.max(1, Math.floor(image.width * factor));
  const height = Math.max(1, Math.floor(image.height * factor));
  const data = new Uint8Array(width * height * 4);
  const edge = (at: number, from: number, to: number): number => Math.floor((at * from) / to);
  for (let y = 0; y < height; y += 1) {
    const top = edge(y, image.height, height);
    const bottom = Math.max(top + 1, edge(y + 1, image.height, height));
    for (let x = 0; x < width; x += 1) {
      const left = edge(x, image.width, width);
      const right = Math.max(left + 1, edge(x + 1, image.width, width));
      data.set(mean(image, left, top, right, bottom), (y * width + x) * 4);
    }
  }
  return { width, height, data };
};

/** Colours count as much as they can be seen. */
const mean = ({ data, width }: Pixels, left: number, top: number, right: number, bottom: number): number[] => {
  let red = 0;
  let green = 0;
  let blue = 0;
  let opacity = 0;
  for (let y = top; y < bottom; y += 1) {
    for (let at = (y * width + left) * 4; at < (y * width + right) * 4; at += 4) {
      const alpha = data[at + 3] as number;
      red += (data[at] as number) * alpha;
      green += (data[at + 1] as number) * alpha;
      blue += (data[at + 2] as number) * alpha;
      opacity += alpha;
    }
  }
  if (opacity === 0) return [0, 0, 0, 0];
  const pixels = (right - left) * (bottom - top);
  return [red / opacity, green / opacity, blue / opacity, opacity / pixels].map(Math.round);
};
