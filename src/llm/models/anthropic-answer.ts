/** What Anthropic answers, streamed or whole. https://platform.claude.com/docs/en/build-with-claude/streaming */
import type { JsonObject } from '../../protocol/types.ts';
import type { Message, Part } from '../message.ts';
import type { ModelDone, ModelEvent, ModelStop, Usage } from '../model.ts';
import { ANTHROPIC } from './anthropic-request.ts';
import type { Answer } from './asking.ts';
import { createCallId } from './call-ids.ts';
import { failureOf } from './failures.ts';
import { countOf, objectOf, objectsOf, readArguments, textOf, usageOf } from './reading.ts';

const STOPS = new Map<string, ModelStop>([
  ['end_turn', 'end'],
  ['stop_sequence', 'end'],
  ['tool_use', 'calls'],
  ['max_tokens', 'length'],
  ['pause_turn', 'pause'],
  ['refusal', 'refusal'],
  ['model_context_window_exceeded', 'context'],
]);

/** A block of content that is being written. */
interface Open {
  block: JsonObject;
  /** The arguments of a call, as they come. */
  json: string[];
  id: string;
}

export const readAnthropic = (model: string): Answer => {
  const blocks = new Map<number, Open>();
  let usage: JsonObject = {};
  let ending: JsonObject | undefined;
  let over = false;

  const open = (index: number, block: JsonObject): ModelEvent[] => {
    blocks.set(index, { block: { ...block }, json: [], id: createCallId() });
    if (block.type === 'tool_use') return [{ type: 'call', name: textOf(block.name) }];
    return said(block);
  };
  const add = (index: number, delta: JsonObject): ModelEvent[] => {
    const at = blocks.get(index);
    if (at === undefined) return [{ type: 'alive' }];
    const { block, json } = at;
    if (delta.type === 'text_delta') block.text = textOf(block.text) + textOf(delta.text);
    else if (delta.type === 'thinking_delta') block.thinking = textOf(block.thinking) + textOf(delta.thinking);
    else if (delta.type === 'signature_delta') block.signature = delta.signature;
    else if (delta.type === 'input_json_delta') json.push(textOf(delta.partial_json));
    return said(delta);
  };
  const parts = (): Part[] => {
    const inOrder = [...blocks].sort(([one], [other]) => one - other).map(([, at]) => at);
    const cut = cutShort(ending) ? inOrder.at(-1) : undefined;
    return inOrder.flatMap((at) => partsOf(at, model, at === cut));
  };

  return {
    get over() {
      return over;
    },
    take(event) {
      const index = countOf(event.index) ?? -1;
      if (event.type === 'error') throw failureOf({ error: event.error ?? event });
      if (event.type === 'message_start') usage = objectOf(objectOf(event.message).usage);
      else if (event.type === 'content_block_start') return open(index, objectOf(event.content_block));
      else if (event.type === 'content_block_delta') return add(index, objectOf(event.delta));
      else if (event.type === 'message_delta') {
        // Counts are those of the whole message so far: they take the place of what was known.
        usage = { ...usage, ...known(objectOf(event.usage)) };
        ending = { ...ending, ...objectOf(event.delta) };
      } else if (event.type === 'message_stop') over = true;
      return [{ type: 'alive' }];
    },
    end() {
      over = true;
    },
    whole(body) {
      usage = objectOf(body.usage);
      ending = body;
      over = true;
      objectsOf(body.content).forEach((block, index) => {
        blocks.set(index, { block, json: [], id: createCallId() });
      });
      return [];
    },
    done(): ModelDone | undefined {
      if (!over || textOf(ending?.stop_reason) === '') return undefined;
      const content = parts();
      const details = objectOf(ending?.stop_details);
      const detail = textOf(details.explanation) || textOf(details.category);
      return {
        type: 'done',
        message: { role: 'assistant', content },
        stop: stopOf(textOf(ending?.stop_reason), content),
        ...(detail === '' ? {} : { detail }),
        usage: anthropicUsage(usage),
      };
    },
    partial: () => ({
      message: { role: 'assistant', content: parts() } satisfies Message,
      usage: anthropicUsage(usage),
    }),
  };
};

/** What a block or a piece of it says, for those who look on. */
const said = ({ text, thinking }: JsonObject): ModelEvent[] => {
  if (typeof text === 'string' && text !== '') return [{ type: 'text', delta: text }];
  if (typeof thinking === 'string' && thinking !== '') return [{ type: 'reasoning', delta: thinking }];
  return [{ type: 'alive' }];
};

const known = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

/** The last call of a message that was cut short may lack its end, also where what there is of it can be read. */
const cutShort = (ending: JsonObject | undefined): boolean => {
  const stop = textOf(ending?.stop_reason);
  return stop !== 'tool_use' && stop !== 'end_turn';
};

const stopOf = (reason: string, content: readonly Part[]): ModelStop => {
  const stop = STOPS.get(reason) ?? 'other';
  return stop === 'end' || stop === 'calls' ? (content.some(({ type }) => type === 'call') ? 'calls' : 'end') : stop;
};

const partsOf = ({ block, json, id }: Open, model: string, cut: boolean): Part[] => {
  const raw = (value: unknown) => ({ api: ANTHROPIC, model, value });
  if (block.type === 'text') return textOf(block.text) === '' ? [] : [{ type: 'text', text: textOf(block.text) }];
  if (block.type === 'thinking') {
    const signed = textOf(block.signature) !== '';
    return [{ type: 'reasoning', text: textOf(block.thinking), ...(signed ? { raw: raw(block) } : {}) }];
  }
  if (block.type === 'redacted_thinking') return [{ type: 'reasoning', text: '', raw: raw(block) }];
  const read = readArguments(json.length === 0 ? block.input : json.join(''), cut);
  if (block.type !== 'tool_use') {
    return [
      { type: 'opaque', raw: raw(json.length === 0 ? block : { ...block, input: objectOf(Object.values(read)[0]) }) },
    ];
  }
  const { caller } = block;
  return [
    {
      type: 'call',
      id,
      name: textOf(block.name),
      ...read,
      raw: raw({ id: textOf(block.id), ...(caller === undefined || caller === null ? {} : { caller }) }),
    },
  ];
};

const anthropicUsage = (usage: JsonObject): Usage =>
  usageOf({
    input: countOf(usage.input_tokens),
    cacheRead: countOf(usage.cache_read_input_tokens),
    cacheWrite: countOf(usage.cache_creation_input_tokens),
    output: countOf(usage.output_tokens),
    reasoning: countOf(objectOf(usage.output_tokens_details).thinking_tokens),
  });
