/** What is told of failures: no more than can be read, and for OpenAI's client in the one way that it reads, whoever speaks nearly like OpenAI. */
import { objectOf, textOf } from './reading.ts';

/** The longest body of a failure that is read, in bytes; clients would read it whatever its length. */
const LONGEST_ERROR_BYTES = 1_048_576;

/** `fetch`, whose answers tell of failures in so many bytes. */
export const boundedErrors = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const response = await fetch(url, init);
  if (response.ok || response.body === null) return response;
  const { status, headers } = response;
  return new Response(await beginning(response.body), { status, headers });
};

/** The same, as OpenAI tells of failures: `{ error: { message, … } }`. */
export const readableErrors = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const response = await boundedErrors(url, init);
  if (response.ok) return response;
  const text = await response.text();
  const { status, headers } = response;
  return new Response(readable(text), { status, headers });
};

const beginning = async (body: ReadableStream<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let left = LONGEST_ERROR_BYTES;
  const reader = body.getReader();
  while (left > 0) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.byteLength;
  }
  reader.cancel().catch(() => {});
  return text + decoder.decode();
};

const readable = (text: string): string => {
  try {
    const body = objectOf(JSON.parse(text));
    if (body.error !== undefined) return text;
    const message = textOf(body.message) || textOf(body.detail) || (Object.keys(body).length === 0 ? '' : text);
    return JSON.stringify({ error: { ...body, message } });
  } catch {
    return text;
  }
};
