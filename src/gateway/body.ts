/** The body of a request: bounded before it is held, and in depth before anybody walks it. */
import { deeperThan } from '../protocol/depth.ts';
import { Refusal } from './refusal.ts';

/** Depth of one JSON value that a caller sends. */
export const MAX_DEPTH = 64;

/** The text of a body. Throws a `Refusal`, 413, where it has more than `maxBytes`. */
export const readText = async (request: Request, maxBytes: number): Promise<string> =>
  isDeclared(request, maxBytes) ? request.text() : (await readUndeclared(request, maxBytes)).text();

/** The bytes of a body, under the same rule. */
export const readBytes = async (request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> => {
  const held = isDeclared(request, maxBytes) ? request : await readUndeclared(request, maxBytes);
  return new Uint8Array(await held.arrayBuffer());
};

/** Whether a request says how much there is, which its server then holds it to. */
const isDeclared = ({ headers }: Request, maxBytes: number): boolean => {
  const declared = headers.get('content-length');
  if (declared !== null && !(Number(declared) <= maxBytes)) throw tooLarge(maxBytes);
  return declared !== null;
};

/** Whoever does not say how much there is may send without end. */
const readUndeclared = async ({ body }: Request, maxBytes: number): Promise<Blob> => {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return new Blob(chunks);
};

/** The value of a JSON body. Throws a `Refusal`, 400, for what is none or is nested too deep. */
export const parseJson = (text: string): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'invalid_arguments', 'the body is no JSON');
  }
  if (deeperThan(value, MAX_DEPTH))
    throw new Refusal(400, 'invalid_arguments', `the body nests deeper than ${MAX_DEPTH} levels`);
  return value;
};

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal(413, 'message_too_large', `the body has more than ${maxBytes} bytes`);
