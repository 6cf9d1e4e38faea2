/** What the AI SDK's language models throw. */
import { ModelError, type ModelFailure } from '../model-error.ts';
import { failureOf, failureOfThrown } from './failures.ts';
import { objectOf, textOf } from './reading.ts';

/** Its errors are told by their names, which stay the same where several copies of the package are loaded. */
const BY_NAME = new Map<string, ModelFailure>([
  ['AI_LoadAPIKeyError', 'auth'],
  ['AI_InvalidPromptError', 'invalid'],
  ['AI_InvalidArgumentError', 'invalid'],
  ['AI_UnsupportedFunctionalityError', 'invalid'],
  ['AI_NoSuchModelError', 'invalid'],
  ['AI_TypeValidationError', 'truncated'],
  ['AI_JSONParseError', 'truncated'],
  ['AI_EmptyResponseBodyError', 'truncated'],
]);

export const failureOfAiSdk = (thrown: unknown): ModelError => {
  if (thrown instanceof ModelError) return thrown;
  const { name, message, statusCode, responseHeaders, responseBody, data } = objectOf(thrown);
  const words = textOf(message);
  if (typeof statusCode === 'number') {
    const headers = objectOf(responseHeaders);
    const told = { status: statusCode, error: data ?? jsonOf(responseBody), message: words };
    return failureOf({ ...told, headers: { get: (header) => textOf(headers[header]) || null } }, { cause: thrown });
  }
  const kind = BY_NAME.get(textOf(name));
  if (kind !== undefined) return new ModelError(kind, words, { retryable: kind === 'truncated', cause: thrown });
  // What stands in a stream as an error is what the provider said, in its own form.
  if (!(thrown instanceof Error)) return failureOf({ error: thrown }, { cause: thrown });
  return failureOfThrown(thrown);
};

const jsonOf = (body: unknown): unknown => {
  try {
    return JSON.parse(textOf(body));
  } catch {
    return undefined;
  }
};
