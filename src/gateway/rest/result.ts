/** What a tool or a resource gave, as the answer to a request. */
import type { CallToolResult, ContentBlock, ReadResourceResult, ResourceContents } from '../../protocol/types.ts';
import type { Target } from '../dispatch.ts';
import { asksFor } from './accept.ts';
import { problemResponse, toolProblem } from './problem.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

/** A value as the JSON of an answer. */
export const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: JSON_HEADERS });

/** The body that stands for a result: the structured content where there is one, else `{ content }`. */
export const bodyOf = ({ structuredContent, content }: CallToolResult): unknown =>
  structuredContent === undefined ? { content } : structuredContent;

/** A tool's result as an answer: JSON, the bytes of its one image, sound or blob where `accept` asks for them, or a problem. */
export const resultResponse = (result: CallToolResult, target: Target, accept: string | null): Response => {
  if (result.isError === true) return problemResponse(toolProblem(result, target));
  return wantedBytes(result.content, accept) ?? json(bodyOf(result));
};

/** What was read of a resource, as an answer: JSON, or the thing itself where it is one and `accept` asks for its type. */
export const contentsResponse = (result: ReadResourceResult, accept: string | null): Response =>
  wantedBytes(
    result.contents.map((resource) => ({ type: 'resource', resource })),
    accept,
  ) ?? json(result);

/** What a browser may show where it is: nothing that can run. All else is a file to save, of no type. */
const SHOWN = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'audio/mpeg',
  'audio/mp4',
  'audio/aac',
  'audio/ogg',
  'audio/wav',
  'audio/webm',
  'audio/flac',
  'text/plain',
]);

interface Thing {
  mimeType: string;
  /** Base64, or text. */
  data: string;
  isText: boolean;
}

const wantedBytes = (content: readonly ContentBlock[], accept: string | null): Response | undefined => {
  if (accept === null || accept === '*/*' || accept === 'application/json') return undefined;
  const things = content.flatMap((block) => thingOf(block) ?? []);
  const whole = things.filter(({ isText }) => !isText);
  const [thing, ...others] = whole.length > 0 ? whole : things;
  if (thing === undefined || others.length > 0) return undefined;
  const isShown = SHOWN.has(thing.mimeType);
  const isWanted = asksFor(accept, thing.mimeType) || (!thing.isText && asksFor(accept, 'application/octet-stream'));
  const bytes = isWanted ? bytesOf(thing) : undefined;
  if (bytes === undefined) return undefined;
  const type = isShown ? thing.mimeType : 'application/octet-stream';
  const headers = {
    'content-type': thing.isText && isShown ? `${type}; charset=utf-8` : type,
    'content-disposition': isShown ? 'inline' : 'attachment',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  };
  return new Response(bytes, { headers });
};

const thingOf = (block: ContentBlock): Thing | undefined => {
  if (block.type === 'image' || block.type === 'audio')
    return { mimeType: essenceOf(block.mimeType), data: block.data, isText: false };
  return block.type === 'resource' ? contentsOf(block.resource) : undefined;
};
const contentsOf = ({ mimeType, blob, text }: ResourceContents): Thing | undefined => {
  if (blob !== undefined) return { mimeType: essenceOf(mimeType), data: blob, isText: false };
  return text === undefined ? undefined : { mimeType: essenceOf(mimeType ?? 'text/plain'), data: text, isText: true };
};

/** A media type without its parameters; what is none is a blob. */
const essenceOf = (mimeType: unknown): string => {
  const essence = typeof mimeType === 'string' ? (mimeType.split(';')[0] ?? '').trim().toLowerCase() : '';
  return /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/.test(essence) ? essence : 'application/octet-stream';
};

/** None where it is not the base64 that it should be. */
const bytesOf = ({ data, isText }: Thing): Uint8Array<ArrayBuffer> | undefined => {
  if (isText) return new TextEncoder().encode(data);
  try {
    const binary = atob(data);
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    return undefined;
  }
};
