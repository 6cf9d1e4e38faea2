/** The body of a request: bounded before it is held, and in depth before anybody walks it. */
import { deeperThan } from '../protocol/depth.ts';
import { Refusal } from './refusal.ts';

/** Depth of one JSON value that a caller sends. */
const MAX_DEPTH = 64;

/** The text of a body. Throws a `Refusal`, 413, where it has more than `maxBytes`. */
export const readText = async (request: Request, maxBytes: number): Promise<string> => {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) <= maxBytes) return request.text();
  if (declared !== null) throw tooLarge(maxBytes);
  if (request.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // Whoever does not say how much there is may send without end.
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
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
