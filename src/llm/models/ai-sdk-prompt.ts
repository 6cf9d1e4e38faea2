/** What a language model of the AI SDK is asked, in the version that it speaks. https://github.com/vercel/ai/tree/main/packages/provider */
import type { JsonObject } from '../../protocol/types.ts';
import type { CallPart, MediaPart, Message, Part, Raw, ResultPart } from '../message.ts';
import type { ModelRequest } from '../model.ts';
import { plainIdOf, providerIdOf, wireIdsOf } from './call-ids.ts';
import { captionOf, isImage, pointerTo } from './media.ts';
import { objectOf } from './reading.ts';

export const AI_SDK = 'ai-sdk';

export type AiSdkVersion = 'v2' | 'v3' | 'v4';

export interface AiSdkAsking {
  version: AiSdkVersion;
  /** The provider and its model. */
  model: string;
  /** Its provider takes images in results; others are shown them behind the results, instead of being read them. */
  mediaInResults: boolean;
}

export const aiSdkOptions = (request: ModelRequest, asking: AiSdkAsking): JsonObject => {
  const { version } = asking;
  const { maxOutputTokens, temperature, stopSequences, toolChoice = 'auto' } = request;
  const tools = request.tools.map(({ name, description, inputSchema, strict }) => ({
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    inputSchema,
    ...(strict === true && version !== 'v2' ? { strict } : {}),
  }));
  return {
    prompt: promptOf(request, asking),
    ...(tools.length === 0 ? {} : { tools, toolChoice: { type: toolChoice } }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(stopSequences === undefined ? {} : { stopSequences: [...stopSequences] }),
  };
};

const promptOf = ({ system, messages }: ModelRequest, asking: AiSdkAsking): JsonObject[] => {
  const idOf = wireIdsOf(messages, (call) => providerIdOf(call, AI_SDK, 'toolCallId'), plainIdOf);
  const instructions = system
    .filter(({ text }) => text.trim() !== '')
    .map(({ text }) => ({ role: 'system', content: text }));
  const said = messages.flatMap((message) => [
    { role: message.role, content: message.content.flatMap((part) => partsOf(part, asking, idOf)) },
    ...(asking.mediaInResults ? [] : [{ role: 'user', content: imagesOf(message, asking) }]),
  ]);
  return [...instructions, ...said.filter(({ content }) => content.length > 0)];
};

const partsOf = (part: Part, asking: AiSdkAsking, idOf: (id: string) => string): JsonObject[] => {
  if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text, ...optionsOf(part.raw) }];
  if (part.type === 'media') return [fileOf(part, asking.version)];
  if (part.type === 'call') return [callOf(part, idOf)];
  if (part.type === 'result') return [resultOf(part, asking, idOf)];
  if (part.type !== 'reasoning' || part.raw?.api !== AI_SDK || part.raw.model !== asking.model) return [];
  return [{ type: 'reasoning', text: part.text, ...optionsOf(part.raw) }];
};

/** The images among the results of a message. */
const imagesOf = ({ content }: Message, { version }: AiSdkAsking): JsonObject[] =>
  content.flatMap((result) => {
    if (result.type !== 'result') return [];
    const images = result.content.filter((part) => part.type === 'media').filter(isImage);
    return images.flatMap((part) => [{ type: 'text', text: captionOf(part, result.name) }, fileOf(part, version)]);
  });

/** What a provider says of a part in its answer goes back with it: signatures, ids. */
const optionsOf = (raw: Raw | undefined): JsonObject => {
  const { providerMetadata } = raw?.api === AI_SDK ? objectOf(raw.value) : {};
  return providerMetadata === undefined ? {} : { providerOptions: providerMetadata };
};

const fileOf = ({ data, mediaType, name }: MediaPart, version: AiSdkVersion): JsonObject => ({
  type: 'file',
  data: version === 'v4' ? { type: 'data', data } : data,
  mediaType,
  ...(name === undefined ? {} : { filename: name }),
});

const callOf = (call: CallPart, idOf: (id: string) => string): JsonObject => ({
  type: 'tool-call',
  toolCallId: idOf(call.id),
  toolName: call.name || 'unnamed_tool',
  input: call.arguments ?? {},
  ...optionsOf(call.raw),
});

const resultOf = (part: ResultPart, asking: AiSdkAsking, idOf: (id: string) => string): JsonObject => ({
  type: 'tool-result',
  toolCallId: idOf(part.id),
  toolName: part.name || 'unnamed_tool',
  output: outputOf(part, asking),
});

const outputOf = ({ content, isError }: ResultPart, { version, mediaInResults }: AiSdkAsking): JsonObject => {
  if (!mediaInResults || !content.some(({ type }) => type === 'media')) {
    const texts = content.map((part) => (part.type === 'text' ? part.text : pointerTo(part)));
    return { type: isError === true ? 'error-text' : 'text', value: texts.join('\n') };
  }
  // There is no failure with media: the text says it.
  const before = isError === true ? [{ type: 'text', text: 'Error:' }] : [];
  const parts = content.map((part) =>
    part.type === 'text' ? { type: 'text', text: part.text } : mediaOf(part, version),
  );
  return { type: 'content', value: [...before, ...parts] };
};

const mediaOf = (part: MediaPart, version: AiSdkVersion): JsonObject => {
  const { data, mediaType } = part;
  if (version === 'v4') return fileOf(part, version);
  if (version === 'v2') return { type: 'media', data, mediaType };
  return { type: isImage(part) ? 'image-data' : 'file-data', data, mediaType };
};
