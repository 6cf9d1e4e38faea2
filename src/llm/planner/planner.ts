/** A model by rules, for where there is no key. */
import type { Toolkit } from '../../api.ts';
import type { Message, Part } from '../message.ts';
import type { ChatModel, ModelEvent, ModelRequest } from '../model.ts';
import { ModelError } from '../model-error.ts';

const API = 'planner';

/** What a planner works with. */
export interface PlannerOptions {
  /** Whose tools are planned with. */
  toolkit: Pick<Toolkit, 'listTools' | 'searchTools' | 'status'>;
  /** The time, in milliseconds since the Unix epoch: what `tomorrow` is counted from. */
  now?: () => number;
  /** IANA name of the time zone in which days begin. Default: the machine's own. */
  timeZone?: string;
}

/**
 * A model that needs no key and no network: it matches the words of a request with those of the tools, fills arguments
 * with what stands in the request, and asks where either is not clear. The same conversation always gets the same answer.
 * Its plan is kept in the conversation.
 */
export const createPlanner = ({ toolkit, now = Date.now, timeZone }: PlannerOptions): ChatModel => ({
  id: API,
  api: API,
  traits: { profile: 'anthropic', price: { input: 0, output: 0 } },
  async *stream({ messages, tools, toolChoice, signal }: ModelRequest): AsyncGenerator<ModelEvent> {
    const heed = (): void => {
      if (signal.aborted) throw new ModelError('aborted', 'the request was cancelled');
    };
    heed();
    const [{ readCatalogue }, { smallTalk }, { takeTurn }] = await Promise.all([
      import('./catalogue.ts'),
      import('./small-talk.ts'),
      import('./turn.ts'),
    ]);
    const catalogue = await readCatalogue(toolkit, tools, signal);
    heed();
    const { text, call, plan } = await takeTurn({
      messages,
      catalogue,
      moment: { now: now(), timeZone },
      isDry: toolChoice === 'none',
      smallTalk: (said) => smallTalk(said, toolkit, catalogue.candidates),
    });
    heed();
    if (text !== '') yield { type: 'text', delta: text };
    if (call !== undefined) yield { type: 'call', name: call.name };
    const content: Part[] = [
      ...(text === '' ? [] : [{ type: 'text' as const, text }]),
      { type: 'opaque', raw: { api: API, model: API, value: plan } },
      ...(call === undefined ? [] : [{ type: 'call' as const, id: callId(messages), ...call }]),
    ];
    yield {
      type: 'done',
      message: { role: 'assistant', content },
      stop: call === undefined ? 'end' : 'calls',
      usage: { input: 0, output: 0 },
    };
  },
});

/** One that no call of the conversation has. */
const callId = (messages: readonly Message[]): string => {
  const taken = new Set(
    messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'call' ? [part.id] : []))),
  );
  let number = taken.size + 1;
  while (taken.has(`planned_${number}`)) number += 1;
  return `planned_${number}`;
};
