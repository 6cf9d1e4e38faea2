/** What OpenAI's Responses answer, streamed or whole. https://platform.openai.com/docs/api-reference/responses-streaming */
import type { JsonObject } from '../../protocol/types.ts';
import type { Part } from '../message.ts';
import type { ModelDone, ModelEvent, ModelStop } from '../model.ts';
import type { Answer } from './asking.ts';
import { createCallId } from './call-ids.ts';
import { failureOf } from './failures.ts';
import { openaiUsage } from './openai-usage.ts';
import { countOf, objectOf, objectsOf, readArguments, textOf } from './reading.ts';
import { RESPONSES } from './responses-request.ts';

const STOPS = new Map<string, ModelStop>([
  ['max_output_tokens', 'length'],
  ['content_filter', 'filter'],
]);

/** Deltas of what is said, by the end of the event's name. */
const DELTAS = new Map<string, 'text' | 'reasoning'>([
  ['response.output_text.delta', 'text'],
  ['response.refusal.delta', 'text'],
  ['response.reasoning_summary_text.delta', 'reasoning'],
  ['response.reasoning_text.delta', 'reasoning'],
]);

/** An item that is being written. */
interface Open {
  item: JsonObject;
  /** What there is of its text or its arguments, until it is whole. */
  written: string[];
  whole: boolean;
  id: string;
}

export const readResponses = (model: string): Answer => {
  const items = new Map<number, Open>();
  let ending: JsonObject | undefined;

  const put = (index: number, item: JsonObject, whole: boolean): void => {
    const at = items.get(index);
    items.set(index, { item, written: at?.written ?? [], whole, id: at?.id ?? createCallId() });
  };
  const finish = (response: JsonObject): void => {
    if (response.status === 'failed') throw failureOf({ error: response.error ?? { message: 'the response failed' } });
    ending = response;
    // Some end with all items, some with none of them.
    objectsOf(response.output).forEach((item, index) => {
      if (items.get(index)?.whole !== true) put(index, item, true);
    });
  };
  const parts = (): Part[] => {
    const inOrder = [...items].sort(([one], [other]) => one - other).map(([, at]) => at);
    const cut = ending?.status === 'completed' ? undefined : inOrder.at(-1);
    return inOrder.flatMap((at) => partsOf(at, model, at === cut));
  };

  return {
    get over() {
      return ending !== undefined;
    },
    take(event) {
      const type = textOf(event.type);
      const index = countOf(event.output_index) ?? -1;
      // It stands alone, or within another `error`.
      if (type === 'error' || (event.error !== undefined && event.error !== null))
        throw failureOf({ error: event.error ?? event });
      if (/^response\.(completed|incomplete|failed)$/.test(type)) finish(objectOf(event.response));
      else if (type === 'response.output_item.added') {
        const item = objectOf(event.item);
        put(index, item, false);
        if (item.type === 'function_call') return [{ type: 'call', name: textOf(item.name) }];
      } else if (type === 'response.output_item.done') put(index, objectOf(event.item), true);
      else if (type.endsWith('.delta')) return said(event, items.get(index));
      return [{ type: 'alive' }];
    },
    end() {},
    whole(body) {
      finish({ status: 'completed', ...body });
      return [];
    },
    done(): ModelDone | undefined {
      if (ending === undefined) return undefined;
      const content = parts();
      const refusal = refusalOf(items);
      return {
        type: 'done',
        message: { role: 'assistant', content },
        stop: stopOf(ending, content, refusal),
        ...(refusal === '' ? {} : { detail: refusal }),
        usage: openaiUsage(objectOf(ending.usage), 'input', 'output'),
      };
    },
    partial: () => ({
      message: { role: 'assistant', content: parts() },
      usage: openaiUsage(objectOf(ending?.usage), 'input', 'output'),
    }),
  };
};

const said = (event: JsonObject, at: Open | undefined): ModelEvent[] => {
  const delta = textOf(event.delta);
  at?.written.push(delta);
  const type = DELTAS.get(textOf(event.type));
  return type === undefined || delta === '' ? [{ type: 'alive' }] : [{ type, delta }];
};

const stopOf = ({ status, incomplete_details }: JsonObject, content: readonly Part[], refusal: string): ModelStop => {
  if (status !== 'completed') return STOPS.get(textOf(objectOf(incomplete_details).reason)) ?? 'other';
  if (content.some(({ type }) => type === 'call')) return 'calls';
  return refusal === '' ? 'end' : 'refusal';
};

const refusalOf = (items: Map<number, Open>): string =>
  [...items.values()]
    .flatMap(({ item }) => objectsOf(item.content))
    .map(({ refusal }) => textOf(refusal))
    .join('');

const partsOf = ({ item, written, whole, id }: Open, model: string, cut: boolean): Part[] => {
  const raw = (value: unknown) => ({ raw: { api: RESPONSES, model, value } });
  if (item.type === 'message') {
    const { phase } = item;
    const texts = whole ? objectsOf(item.content).map(({ text, refusal }) => textOf(text) || textOf(refusal)) : written;
    const text = texts.join('');
    return text === ''
      ? []
      : [{ type: 'text', text, ...(phase === undefined || phase === null ? {} : raw({ phase })) }];
  }
  if (item.type === 'reasoning') {
    const texts = [...objectsOf(item.summary), ...objectsOf(item.content)].map(({ text }) => textOf(text));
    // What there is of it is of no use to the model before it is whole.
    const kept = whole && textOf(item.encrypted_content) !== '' ? raw(item) : {};
    return [{ type: 'reasoning', text: whole ? texts.join('\n') : written.join(''), ...kept }];
  }
  if (item.type !== 'function_call') return whole ? [{ type: 'opaque', ...raw(item) }] : [];
  const read = readArguments(whole ? item.arguments : written.join(''), cut);
  return [{ type: 'call', id, name: textOf(item.name), ...read, ...raw({ call_id: textOf(item.call_id) }) }];
};
