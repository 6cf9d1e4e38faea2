/** One request to a language model of the AI SDK, and its answer. */
import type { JsonObject } from '../../protocol/types.ts';
import type { ModelEvent, ModelRequest } from '../model.ts';
import { readAiSdk } from './ai-sdk-answer.ts';
import { failureOfAiSdk } from './ai-sdk-failures.ts';
import { type AiSdkAsking, aiSdkOptions } from './ai-sdk-prompt.ts';
import { ask, type Came } from './asking.ts';
import { objectOf, textOf } from './reading.ts';
import type { Waits, Watch } from './watch.ts';

/** What is used of a language model of the AI SDK: `LanguageModelV2`, `LanguageModelV3`, `LanguageModelV4`. */
export interface AiSdkLanguageModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  doGenerate(options: never): PromiseLike<unknown>;
  doStream(options: never): PromiseLike<{ stream: ReadableStream<unknown> }>;
}

export interface AiSdkSettings extends Waits, Omit<AiSdkAsking, 'model'> {
  stream: boolean;
  extra?: JsonObject;
}

export async function* askAiSdk(
  request: ModelRequest,
  model: AiSdkLanguageModel,
  settings: AiSdkSettings,
): AsyncGenerator<ModelEvent> {
  const id = `${model.provider}:${model.modelId}`;
  const options = { ...aiSdkOptions(request, { ...settings, model: id }), ...settings.extra };
  const open = (watch: Watch) => come(model, { ...options, abortSignal: watch.signal }, settings, watch);
  const asked = (thrown: unknown) => ({ model: id, url: textOf(objectOf(thrown).url) });
  yield* ask(request, { open, answer: readAiSdk(id), failureOf: failureOfAiSdk, asked });
}

async function* come(
  model: AiSdkLanguageModel,
  options: JsonObject,
  { stream, answerTimeoutMs, idleTimeoutMs }: AiSdkSettings,
  watch: Watch,
): AsyncGenerator<Came> {
  if (!stream) {
    const result = await watch.until(async () => model.doGenerate(options as never), answerTimeoutMs);
    yield { whole: objectOf(result) };
    return;
  }
  const answer = await watch.until(async () => model.doStream(options as never), answerTimeoutMs);
  const reader = answer.stream.getReader();
  let wait = answerTimeoutMs;
  try {
    for (;;) {
      const { done, value } = await watch.until(() => reader.read(), wait);
      if (done) return;
      wait = idleTimeoutMs;
      yield { event: objectOf(value) };
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
