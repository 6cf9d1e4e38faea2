/** What a request carries, as the arguments of a call. */
import { ToolwayError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { parseJson, readBytes, readText } from '../body.ts';
import { Refusal } from '../refusal.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const EMPTY: JsonObject = Object.freeze({});

/** The JSON object that a request carries; `{}` where it carries nothing. Throws a `Refusal` (400, 413, 415) or `invalid_arguments`. */
export const readObject = async (request: Request, maxBytes: number): Promise<JsonObject> => {
  let text: string;
  try {
    text = await readText(request, maxBytes);
  } catch (thrown) {
    throw cutShort(thrown);
  }
  if (text === '') return EMPTY;
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? '')) throw wrongType('application/json');
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unfit('the body must be a JSON object');
  return value as JsonObject;
};

/** The parts of a form, at most `maxBytes` of them. Throws a `Refusal` (413) or `invalid_arguments`. */
export const readForm = async (request: Request, maxBytes: number): Promise<FormData> => {
  const bytes = await readBytes(request, maxBytes).catch((thrown: unknown) => {
    throw cutShort(thrown);
  });
  const headers = { 'content-type': request.headers.get('content-type') ?? '' };
  return new Response(bytes, { headers }).formData().catch((cause: unknown) => {
    throw new ToolwayError('invalid_arguments', 'the body is no multipart/form-data', { executed: 'no', cause });
  });
};

/** A body that ends too soon has nobody left to answer to. */
const cutShort = (cause: unknown): Error =>
  cause instanceof Refusal
    ? cause
    : new ToolwayError('cancelled', 'the request ended before its body did', { executed: 'no', cause });

/** A body of a type that is not taken; `wanted` says what is. */
const wrongType = (wanted: string): Refusal =>
  new Refusal(415, 'unsupported', `the body must be ${wanted}, and its Content-Type must say so`);
/** Arguments that are refused before anything is sent. */
export const unfit = (reason: string, problems?: { path: string; message: string }[]): ToolwayError =>
  new ToolwayError('invalid_arguments', reason, { executed: 'no', ...(problems !== undefined && { problems }) });
