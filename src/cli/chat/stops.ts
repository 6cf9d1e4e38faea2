/** Why a turn ended before the model had said what it had to say: in words, and as an exit code. */
import type { LoopStop } from '../../llm/loop/options.ts';
import { EXIT, EXIT_CODES } from '../exit-codes.ts';

/** Limits are as what is too much for a server. */
const LIMIT = EXIT_CODES.rate_limited;

const STOPS: Readonly<Record<Exclude<LoopStop, 'end'>, readonly [words: string, code: number]>> = {
  max_steps: ['the model was asked as often as one turn allows (--max-steps); "go on" goes on', LIMIT],
  max_tool_calls: ['it made as many calls as one turn allows (--max-tool-calls); "go on" goes on', LIMIT],
  max_tokens: ['it used as many tokens as one turn allows (--max-tokens); "go on" goes on', LIMIT],
  max_cost: ['it cost as much as one turn may (--max-cost); "go on" goes on', LIMIT],
  timeout: ['it took as long as one turn may; "go on" goes on', EXIT_CODES.timeout],
  refusal: ['the model refused to answer', EXIT_CODES.denied],
  filter: ["the provider's filter held the answer back", EXIT_CODES.denied],
  denied: ['three of its calls were refused', EXIT_CODES.denied],
  stuck: ['the same call failed in the same way again and again', EXIT.toolError],
  length: ['the answer is longer than the model may write at once; "go on" goes on', LIMIT],
  context: ['the conversation is too long for the model; "clear" begins a new one', EXIT_CODES.message_too_large],
  other: ['the model ended without an answer', EXIT_CODES.server_error],
};

/** What is told of it; undefined where the turn came to its end. */
export const wordsOfStop = (stop: LoopStop): string | undefined => (stop === 'end' ? undefined : STOPS[stop][0]);

export const exitOfStop = (stop: LoopStop): number => (stop === 'end' ? EXIT.done : STOPS[stop][1]);
