/** What a call gave, as a program in the sandbox gets it. */
import { ToolwayError } from '../../errors.ts';
import type { CallToolResult } from '../../protocol/types.ts';
import type { GuestAnswerText } from './run.ts';
import type { GuestError } from './sandbox.ts';

/** The longest answer that is handed over, in characters: several fit into the memory of the engine. */
const LONGEST_ANSWER = 4 * 1024 * 1024;
const LONGEST_MESSAGE = 4_000;

/**
 * The result of a call. With `isRaw` all of it; else its structured content, or its text, read as JSON where it is an
 * object or a list, or its blocks, where not all are text. `isError` is a `ToolError` then.
 */
export const answerOf = (result: CallToolResult, tool: string, isRaw: boolean): GuestAnswerText => {
  if (!isRaw && result.isError === true) {
    const message = textOf(result) ?? 'the tool failed and gave no text';
    return refusal({ kind: 'ToolError', code: 'tool_error', message: cut(message), tool, executed: 'yes' });
  }
  const text = JSON.stringify(isRaw ? result : readingOf(result)) as string | undefined;
  if (text === undefined || text.length <= LONGEST_ANSWER)
    return { text: text ?? 'null', failed: false, isUnknown: false };
  const message = `the result has ${text.length} characters; a program can be given ${LONGEST_ANSWER}`;
  return refusal({ kind: 'LimitError', code: 'limit', message, tool, executed: 'yes' });
};

/** A call that gave no result. Of what is no error of Toolway, nothing is told: it may name what is of no concern here. */
export const failureOf = (thrown: unknown, tool: string): GuestAnswerText => {
  if (!(thrown instanceof ToolwayError) || thrown.code === 'internal') {
    return refusal({ kind: 'ToolError', code: 'internal', message: 'the call failed', tool, executed: 'unknown' });
  }
  const { code, executed, problems = [] } = thrown;
  const wrong = problems.map(({ path, message }) => `\n${path === '' ? 'the arguments' : path}: ${message}`).join('');
  const error: GuestError = { kind: 'ToolError', code, message: cut(`${thrown.reason}${wrong}`), tool, executed };
  if (code === 'denied' || code === 'approval_timeout') error.kind = 'DeniedError';
  if (code === 'outcome_unknown' || executed === 'unknown') {
    error.kind = 'OutcomeUnknownError';
    error.message = cut(`it may have taken effect: look before you call it again. ${error.message}`);
  }
  return refusal(error);
};

const refusal = (error: GuestError): GuestAnswerText => {
  const said = { ...error, message: `${error.tool}: ${error.message}` };
  return { text: JSON.stringify(said), failed: true, isUnknown: error.executed === 'unknown' };
};
const cut = (text: string): string => (text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text);

const readingOf = (result: CallToolResult): unknown => {
  if (result.structuredContent !== undefined) return result.structuredContent;
  const text = textOf(result);
  if (text === undefined) return result.content;
  // A number of many digits, an identifier as like as not, would lose some of them.
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** The text of a result that is nothing else. */
const textOf = ({ content }: CallToolResult): string | undefined => {
  const texts: string[] = [];
  for (const block of content) {
    if (block.type !== 'text') return undefined;
    texts.push(String(block.text));
  }
  return texts.join('\n');
};
