/** What a language model of the AI SDK answers, streamed or whole, in any of the versions that it may speak. */
import type { JsonObject } from '../../protocol/types.ts';
import type { Part } from '../message.ts';
import type { ModelDone, ModelEvent, ModelStop, Usage } from '../model.ts';
import { failureOfAiSdk } from './ai-sdk-failures.ts';
import { AI_SDK } from './ai-sdk-prompt.ts';
import type { Answer } from './asking.ts';
import { createCallId } from './call-ids.ts';
import { createLookups } from './lookups.ts';
import { countOf, objectOf, objectsOf, readArguments, textOf, usageOf, without } from './reading.ts';

const STOPS = new Map<string, ModelStop>([
  ['stop', 'end'],
  ['tool-calls', 'calls'],
  ['length', 'length'],
  ['content-filter', 'filter'],
]);

interface Open {
  type: 'text' | 'reasoning' | 'call';
  /** What the provider calls it. */
  id: string;
  written: string[];
  providerMetadata?: unknown;
  name?: string;
  ours?: string;
}

export const readAiSdk = (model: string): Answer => {
  const opened: Open[] = [];
  /** The latest text or thought of each id. */
  const latest = new Map<string, Open>();
  const lookups = createLookups(AI_SDK, model);
  let ending: JsonObject | undefined;

  const open = (type: Open['type'], id: string, part: JsonObject): Open => {
    const one: Open = { type, id, written: [], providerMetadata: part.providerMetadata };
    opened.push(one);
    if (type !== 'call') latest.set(`${type} ${id}`, one);
    return one;
  };
  const write = (type: 'text' | 'reasoning', part: JsonObject): ModelEvent[] => {
    const id = textOf(part.id);
    const delta = textOf(part.delta);
    const at = latest.get(`${type} ${id}`) ?? open(type, id, part);
    at.written.push(delta);
    at.providerMetadata = part.providerMetadata ?? at.providerMetadata;
    return delta === '' ? [{ type: 'alive' }] : [{ type, delta }];
  };
  const call = (part: JsonObject): void => {
    // What the provider runs itself is not for us to run.
    if (part.providerExecuted === true) return;
    const one = open('call', textOf(part.toolCallId), part);
    one.written.push(typeof part.input === 'string' ? part.input : JSON.stringify(part.input ?? {}));
    one.name = textOf(part.toolName);
    one.ours = createCallId();
  };
  /** What the provider looked up for the model, as the result of a tool of its own or as the source of what is said. */
  const lookUp = ({ type, toolName }: JsonObject): void => {
    if (type === 'tool-result') lookups.add(textOf(toolName));
    else if (type === 'source') lookups.add('web_search');
  };
  const warnings = (part: JsonObject): ModelEvent[] =>
    objectsOf(part.warnings).map((one) => ({ type: 'warning', message: warningOf(one) }));
  const parts = (): Part[] => {
    const cut = STOPS.get(reasonOf(ending).unified) === 'length' ? opened.at(-1) : undefined;
    return [...opened.flatMap((one) => partsOf(one, model, one === cut)), ...lookups.parts()];
  };

  return {
    get over() {
      return ending !== undefined;
    },
    take(part) {
      const { type } = part;
      if (type === 'error') throw failureOfAiSdk(part.error);
      if (type === 'stream-start') return warnings(part);
      if (type === 'text-start' || type === 'reasoning-start')
        open(type === 'text-start' ? 'text' : 'reasoning', textOf(part.id), part);
      else if (type === 'text-delta' || type === 'text-end') return write('text', part);
      else if (type === 'reasoning-delta' || type === 'reasoning-end') return write('reasoning', part);
      else if (type === 'tool-input-start') return [{ type: 'call', name: textOf(part.toolName) }];
      else if (type === 'tool-call') call(part);
      else if (type === 'tool-result' || type === 'source') lookUp(part);
      // Where a stream breaks off, providers end it all the same, for no reason.
      else if (type === 'finish' && !breaksOff(part)) ending = part;
      return [{ type: 'alive' }];
    },
    end() {},
    whole(result) {
      for (const part of objectsOf(result.content)) {
        if (part.type === 'tool-call') call(part);
        else if (part.type === 'text' || part.type === 'reasoning')
          open(part.type, '', part).written.push(textOf(part.text));
        else lookUp(part);
      }
      ending = result;
      return warnings(result);
    },
    done(): ModelDone | undefined {
      if (ending === undefined) return undefined;
      const content = parts();
      const stop = STOPS.get(reasonOf(ending).unified) ?? 'other';
      const called = content.some(({ type }) => type === 'call');
      return {
        type: 'done',
        message: { role: 'assistant', content },
        stop: stop === 'length' || stop === 'filter' ? stop : called ? 'calls' : stop === 'calls' ? 'end' : stop,
        usage: aiSdkUsage(objectOf(ending.usage)),
      };
    },
    partial: () => ({ message: { role: 'assistant', content: parts() }, usage: aiSdkUsage(objectOf(ending?.usage)) }),
  };
};

/** Version 2 has a word, those after it two: theirs, and the provider's. */
const reasonOf = (ending: JsonObject | undefined): { unified: string; raw?: string } => {
  const reason = ending?.finishReason;
  if (typeof reason === 'string') return { unified: reason, raw: reason === 'unknown' ? undefined : reason };
  const { unified, raw } = objectOf(reason);
  return { unified: textOf(unified), raw: textOf(raw) || undefined };
};

const breaksOff = (part: JsonObject): boolean => {
  const { unified, raw } = reasonOf(part);
  return !STOPS.has(unified) && raw === undefined;
};

const warningOf = ({ message, details, setting, feature, type }: JsonObject): string =>
  textOf(message) ||
  [feature ?? setting ?? type, details]
    .map(textOf)
    .filter((text) => text !== '')
    .join(': ');

const partsOf = (
  { type, id, written, providerMetadata, name = '', ours = '' }: Open,
  model: string,
  cut: boolean,
): Part[] => {
  const text = written.join('');
  const raw = (value: JsonObject) => ({ raw: { api: AI_SDK, model, value } });
  const own = providerMetadata === undefined ? {} : { providerMetadata };
  if (type === 'call')
    return [{ type, id: ours, name, ...readArguments(text, cut), ...raw({ toolCallId: id, ...own }) }];
  if (type === 'text') return text === '' ? [] : [{ type, text, ...(providerMetadata === undefined ? {} : raw(own)) }];
  return text === '' && providerMetadata === undefined ? [] : [{ type, text, ...raw(own) }];
};

/** Version 2 counts in numbers, those after it by parts. */
const aiSdkUsage = (usage: JsonObject): Usage => {
  if (typeof usage.inputTokens === 'object' || typeof usage.outputTokens === 'object') {
    const read = objectOf(usage.inputTokens);
    const written = objectOf(usage.outputTokens);
    const cacheRead = countOf(read.cacheRead);
    const cacheWrite = countOf(read.cacheWrite);
    const input = countOf(read.noCache) ?? without(countOf(read.total), cacheRead, cacheWrite);
    return usageOf({
      input,
      cacheRead,
      cacheWrite,
      output: countOf(written.total),
      reasoning: countOf(written.reasoning),
    });
  }
  const cacheRead = countOf(usage.cachedInputTokens);
  return usageOf({
    input: without(countOf(usage.inputTokens), cacheRead),
    cacheRead,
    output: countOf(usage.outputTokens),
    reasoning: countOf(usage.reasoningTokens),
  });
};
