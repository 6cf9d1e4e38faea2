/** A plan as it is kept in the conversation: in an opaque part of each message of the planner, so that it outlives the process. */
import type { JsonObject } from '../../protocol/types.ts';
import type { Message, ResultPart } from '../message.ts';
import type { Part } from './part.ts';

const API = 'planner';

/** One call of a plan. */
export interface Step {
  /** As it was asked for. */
  text: string;
  /** What is called, by the name in the list of tools. */
  name: string;
  /** The tool that is meant, where that is `call_tool`. */
  inner?: string;
  label: string;
  arguments: JsonObject;
  missing: string[];
  /** What is known of an object that is missing. */
  part?: Part;
  /** Parameters that the result of the step before gives. */
  referred: string[];
  /** The words that it was made of. */
  why?: string;
  state: 'waiting' | 'called' | 'done' | 'failed' | 'skipped';
}

/** What the person was asked. */
export type Question =
  | { about: 'tool'; step: Draft; choices: string[]; at: number }
  | { about: 'argument'; at: number; property: string }
  | { about: 'value'; at: number; property: string; choices: string[] };

/** A step whose tool is not chosen yet. */
export interface Draft {
  text: string;
}

export interface Plan {
  /** Which of the conversation's plans it is. */
  id: number;
  steps: Step[];
  /** Steps that were not looked at yet, as they were asked for. */
  drafts: Draft[];
  asking?: Question;
  /** The last step of the plan before, which `it` may mean. */
  before?: { plan: number; at: number };
  /** The step that the message calls. */
  calling?: number;
}

const isPlan = (value: unknown): value is Plan =>
  typeof value === 'object' &&
  value !== null &&
  Array.isArray((value as Plan).steps) &&
  Array.isArray((value as Plan).drafts);

const planIn = ({ role, content }: Message): Plan | undefined => {
  if (role !== 'assistant') return undefined;
  for (const part of content) {
    if (part.type === 'opaque' && part.raw.api === API && isPlan(part.raw.value)) return part.raw.value;
  }
  return undefined;
};

/** The plan of the last message that has one; a copy. */
export const lastPlan = (messages: readonly Message[]): Plan | undefined => {
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const plan = planIn(messages[at] as Message);
    if (plan !== undefined) return structuredClone(plan);
  }
  return undefined;
};

/** What became of a step of a plan; undefined where it was not called, or the conversation has it no more. */
export const resultOf = (messages: readonly Message[], plan: number, at: number): ResultPart | undefined => {
  for (const [place, message] of messages.entries()) {
    const kept = planIn(message);
    if (kept?.id !== plan || kept.calling !== at) continue;
    const call = message.content.find(({ type }) => type === 'call');
    const results = messages[place + 1]?.content.filter((part) => part.type === 'result') ?? [];
    return results.find(({ id }) => call?.type === 'call' && call.id === id) ?? results[0];
  }
  return undefined;
};

/** The steps of an earlier plan. */
export const planNumber = (messages: readonly Message[], id: number): Plan | undefined =>
  messages.map(planIn).findLast((plan) => plan?.id === id);
