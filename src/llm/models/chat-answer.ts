/** What Chat Completions answer, at OpenAI and at all the servers that speak nearly like it. */
import type { JsonObject } from '../../protocol/types.ts';
import type { Part, ReasoningPart } from '../message.ts';
import type { ModelDone, ModelEvent, ModelStop } from '../model.ts';
import { ModelError } from '../model-error.ts';
import type { Answer } from './asking.ts';
import { createCallId } from './call-ids.ts';
import { CHAT } from './chat-request.ts';
import { failureOf } from './failures.ts';
import { createLookups } from './lookups.ts';
import { openaiUsage } from './openai-usage.ts';
import { countOf, objectOf, objectsOf, readArguments, textOf } from './reading.ts';
import { createThoughts, type Said } from './thoughts.ts';

const STOPS = new Map<string, ModelStop>([
  ['length', 'length'],
  ['content_filter', 'filter'],
]);

/** A call as it is left in the text by servers that were not told how their model writes calls. */
const CALL_IN_TEXT = /<tool_call>|<function=|<\|tool_call|\[TOOL_CALLS\]/;

interface Open {
  id: string;
  providerId: string;
  name: string;
  written: string[];
  /** Some send the arguments as an object. */
  given?: unknown;
  extra?: unknown;
}

export const readChat = (model: string): Answer => {
  const calls = createCalls();
  const thoughts = createThoughts();
  const lookups = createLookups(CHAT, model);
  let text = '';
  let reasoning = '';
  let field: string | undefined;
  let refusal = '';
  let finish = '';
  let usage: JsonObject = {};
  let over = false;

  const say = (all: Said[]): ModelEvent[] => {
    for (const { type, delta } of all) {
      if (type === 'text') text += delta;
      else reasoning += delta;
    }
    return all;
  };
  const think = (delta: JsonObject): ModelEvent[] => {
    // The same stands in both where a server serves clients of both kinds.
    const name = ['reasoning_content', 'reasoning'].find((each) => textOf(delta[each]) !== '');
    if (name === undefined) return [];
    field = name;
    return say([{ type: 'reasoning', delta: textOf(delta[name]) }]);
  };
  const read = (delta: JsonObject): ModelEvent[] => {
    const events = [...think(delta), ...say(thoughts.push(textOf(delta.content)))];
    const refused = textOf(delta.refusal);
    if (refused !== '') {
      refusal += refused;
      events.push({ type: 'text', delta: refused });
    }
    for (const fragment of objectsOf(delta.tool_calls)) events.push(...write(calls, fragment));
    return events;
  };
  const parts = (): Part[] => {
    const own = field === undefined ? {} : { raw: { api: CHAT, model, value: { [field]: reasoning } } };
    const cut = STOPS.has(finish) || (finish === '' && !over) ? calls.all.at(-1) : undefined;
    return [
      ...(reasoning === '' ? [] : [{ type: 'reasoning', text: reasoning, ...own } satisfies ReasoningPart]),
      ...(text + refusal === '' ? [] : [{ type: 'text' as const, text: text + refusal }]),
      ...calls.all.flatMap((call) => partOf(call, model, call === cut)),
      ...lookups.parts(),
    ];
  };
  /** Pages that the answer rests on: OpenAI says so of the message, others of the whole answer. */
  const lookUp = ({ annotations }: JsonObject, { citations, search_results }: JsonObject): void => {
    const pages = [annotations, citations, search_results];
    if (pages.some((list) => Array.isArray(list) && list.length > 0)) lookups.add('web_search');
  };
  const finished = (choice: JsonObject): void => {
    finish = textOf(choice.finish_reason) || finish;
  };

  return {
    get over() {
      return over;
    },
    take(chunk) {
      if (chunk.error !== undefined && chunk.error !== null) throw failureOf({ error: chunk.error });
      usage = { ...usage, ...objectOf(chunk.usage) };
      const [choice] = objectsOf(chunk.choices);
      lookUp(objectOf(choice?.delta), chunk);
      if (choice === undefined) return [{ type: 'alive' }];
      const events = read(objectOf(choice.delta));
      finished(choice);
      if (finish !== '') events.push(...say(thoughts.end()));
      return events.length > 0 ? events : [{ type: 'alive' }];
    },
    end() {
      over = true;
      say(thoughts.end());
    },
    whole(body) {
      const [choice] = objectsOf(body.choices);
      if (choice === undefined) throw new ModelError('invalid', 'the answer has no choices: is the base URL right?');
      usage = objectOf(body.usage);
      read(objectOf(choice.message));
      lookUp(objectOf(choice.message), body);
      say(thoughts.end());
      finished(choice);
      over = true;
      return [];
    },
    done(): ModelDone | undefined {
      if (!over && finish === '') return undefined;
      const content = parts();
      return {
        type: 'done',
        message: { role: 'assistant', content },
        stop: STOPS.get(finish) ?? (calls.all.length > 0 ? 'calls' : refusal !== '' ? 'refusal' : 'end'),
        ...(refusal === '' ? {} : { detail: refusal }),
        usage: openaiUsage(usage, 'prompt', 'completion'),
      };
    },
    partial: () => ({
      message: { role: 'assistant', content: parts() },
      usage: openaiUsage(usage, 'prompt', 'completion'),
    }),
  };
};

/** The calls of a message, each found at once however many there are. */
const createCalls = () => {
  const all: Open[] = [];
  const byIndex = new Map<number, Open>();
  const byId = new Map<string, Open>();
  /** The first one of an index with this id. */
  const byBoth = new Map<string, Open>();
  const bothOf = (index: number | undefined, id: string): string => `${index} ${id}`;

  const find = (index: number | undefined, id: string): Open | undefined => {
    const call = index !== undefined ? byIndex.get(index) : id === '' ? all.at(-1) : byId.get(id);
    // Some number all calls 0, and tell them apart by their ids alone.
    const isOther = call !== undefined && id !== '' && call.providerId !== '' && call.providerId !== id;
    return isOther ? byBoth.get(bothOf(index, id)) : call;
  };
  return {
    all,
    /** The call that a fragment belongs to; a new one where it begins one. */
    at(index: number | undefined, id: string): Open {
      let call = find(index, id);
      if (call === undefined) {
        call = { id: createCallId(), providerId: '', name: '', written: [] };
        all.push(call);
        if (index !== undefined) byIndex.set(index, call);
      }
      if (call.providerId === '' && id !== '') {
        call.providerId = id;
        byId.set(id, call);
        const both = bothOf(index, id);
        if (!byBoth.has(both)) byBoth.set(both, call);
      }
      return call;
    },
  };
};

/** Adds a fragment to the call that it belongs to. */
const write = (calls: ReturnType<typeof createCalls>, fragment: JsonObject): ModelEvent[] => {
  const { name, arguments: args } = objectOf(fragment.function);
  const call = calls.at(countOf(fragment.index), textOf(fragment.id));
  const events: ModelEvent[] = [];
  // Some repeat the name with each fragment.
  if (call.name === '' && textOf(name) !== '') {
    call.name = textOf(name);
    events.push({ type: 'call', name: call.name });
  }
  if (typeof args === 'string') call.written.push(args);
  else if (args !== undefined && args !== null) call.given = args;
  if (fragment.extra_content !== undefined) call.extra = fragment.extra_content;
  return events;
};

const partOf = ({ id, providerId, name, written, given, extra }: Open, model: string, cut: boolean): Part[] => {
  if (name === '' && written.join('') === '' && given === undefined) return [];
  const value = { id: providerId, ...(extra === undefined ? {} : { extra_content: extra }) };
  const read = readArguments(given ?? written.join(''), cut);
  return [{ type: 'call', id, name, ...read, raw: { api: CHAT, model, value } }];
};

/** A warning of a call that its server took for text. */
export const callInText = ({ message }: ModelDone): string | undefined => {
  const { content } = message;
  if (content.some(({ type }) => type === 'call')) return undefined;
  if (!content.some((part) => part.type === 'text' && CALL_IN_TEXT.test(part.text))) return undefined;
  return 'the model wrote a call as text, which is not run: the server must be told how its model writes calls (vLLM: --tool-call-parser, llama.cpp: --jinja)';
};
