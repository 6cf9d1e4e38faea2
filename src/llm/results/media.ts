/** Images, sounds and documents of results: what a server says of them is checked, since a provider refuses the whole conversation for one that is wrong. */

export interface Media {
  /** In base64, padded, without spaces. */
  data: string;
  /** In lower case, without parameters. */
  mediaType: string;
  bytes: number;
}

export const IMAGES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
export const PDF = 'application/pdf';

/** What models take in general. */
export const USUAL_MEDIA: readonly string[] = [...IMAGES, PDF, 'audio/*'];

/** Whether a media type is among these; `audio/*` stands for all of its kind. */
export const isAmong = (mediaType: string, types: readonly string[]): boolean =>
  types.some((type) => type === mediaType || (type.endsWith('/*') && mediaType.startsWith(type.slice(0, -1))));

/** What is encoded, and its padding. */
const BASE64 = /^([A-Za-z0-9+/]+)=*$/;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** Reads what a server sent as base64, also with line ends, without padding, or in the alphabet of URLs; undefined where it is none. */
export const mediaOf = (data: unknown, type: unknown): Media | undefined => {
  if (typeof data !== 'string') return undefined;
  const [, plain] = BASE64.exec(data.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/')) ?? [];
  if (plain === undefined || plain.length % 4 === 1) return undefined;
  const said = typeof type === 'string' ? (type.split(';')[0] as string).trim().toLowerCase() : '';
  const padded = plain.padEnd(Math.ceil(plain.length / 4) * 4, '=');
  const known = MEDIA_TYPE.test(said) ? said : 'application/octet-stream';
  return { data: padded, mediaType: actual(known, padded), bytes: Math.floor((plain.length * 3) / 4) };
};

const SIGNATURES: readonly [mediaType: string, begins: RegExp][] = [
  ['image/png', /^\x89PNG\r\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF.{4}WEBP/s],
  ['application/pdf', /^%PDF-/],
];

/** Of the types that have a known beginning, what the bytes are. */
const actual = (said: string, data: string): string => {
  const head = atob(data.slice(0, 16));
  const found = SIGNATURES.find(([, begins]) => begins.test(head))?.[0];
  if (found !== undefined) return found;
  return SIGNATURES.some(([type]) => type === said) ? 'application/octet-stream' : said;
};

export const bytesOf = (base64: string): Uint8Array => {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
};

/** Bytes for people and models: `512 B`, `12.3 kB`. */
export const sizeName = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
};
