/** Servers that speak nearly like OpenAI tell of failures in their own ways; its client reads one of them only. */
import { objectOf, textOf } from './reading.ts';

/** `fetch`, whose answers tell of failures as OpenAI does: `{ error: { message, … } }`. */
export const readableErrors = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const response = await fetch(url, init);
  if (response.ok) return response;
  const text = await response.text();
  const { status, headers } = response;
  return new Response(readable(text), { status, headers });
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
