/** A call that failed, as a model is told of it: what happened, whether it took effect, and what makes sense now. */
import type { ToolwayError } from '../../errors.ts';
import { unseenSpelled } from '../../policy/unseen.ts';
import type { TextPart } from '../message.ts';
import { oneLine } from './blocks.ts';
import { cutText } from './cut.ts';
import { estimateTokens } from './tokens.ts';

/** What the words of a server may cost. */
const MOST_TOKENS = 1_000;
const MOST_PROBLEMS = 20;

const LEAVE_IT = 'Do not try to reach the same in another way: a person decides on it.';
const FIND_OUT = 'It may have run: find out whether it took effect before you try it again.';
const CORRECT_IT = 'Correct the arguments and call again.';
const TO_A_MODEL: ReadonlySet<string> = new Set([LEAVE_IT, FIND_OUT, CORRECT_IT]);

/** `(code): what happened`, of a text of `failureParts`, without what only a model is told to do. Undefined for any other text. */
export const failureForPerson = (text: string, tool: string): string | undefined => {
  const [, code, rest = ''] = /^The call failed (\([a-z_]+\)): (.*)$/s.exec(text) ?? [];
  if (code === undefined) return undefined;
  const said = rest.split('\n').filter((line) => !TO_A_MODEL.has(line));
  const what = said.join('\n');
  return `${code}: ${what.startsWith(`${tool}: `) ? what.slice(tool.length + 2) : what}`;
};

/** The parts of a result that tells of a failure; its text is partly a server's own. */
export const failureParts = (error: ToolwayError): TextPart[] => {
  const { code, message, problems = [], matches = [] } = error;
  const lines = [`The call failed (${code}): ${bounded(message)}`];
  // A few problems are in the message already.
  const untold = problems.filter((problem) => !message.includes(problem.message));
  for (const problem of untold.slice(0, MOST_PROBLEMS)) {
    lines.push(`- ${oneLine(problem.path || 'the arguments')}: ${oneLine(problem.message)}`);
  }
  if (untold.length > MOST_PROBLEMS) lines.push(`- and ${untold.length - MOST_PROBLEMS} more`);
  if (matches.length > 0) lines.push(`Did you mean ${matches.slice(0, MOST_PROBLEMS).map(oneLine).join(', ')}?`);
  lines.push(...effect(error), ...advice(error));
  return [{ type: 'text', text: lines.join('\n') }];
};

const bounded = (message: string): string => {
  const text = unseenSpelled(message);
  return estimateTokens(text) > MOST_TOKENS ? cutText(text, MOST_TOKENS, (missing) => `[… ${missing} …]`) : text;
};

const effect = ({ code, executed }: ToolwayError): string[] => {
  if (executed === 'no') return ['It was not run.'];
  if (executed === 'yes') return ['It had taken effect.'];
  if (executed === 'unknown' || code === 'outcome_unknown') {
    return [FIND_OUT];
  }
  return [];
};

const advice = ({ code, retryAfterMs }: ToolwayError): string[] => {
  switch (code) {
    case 'denied':
    case 'forbidden':
    case 'approval_timeout':
    case 'tool_changed':
      return [LEAVE_IT];
    case 'auth_required':
    case 'auth_failed':
      return ['A person has to sign in first.'];
    case 'invalid_arguments':
      return [CORRECT_IT];
    default:
      return retryAfterMs === undefined ? [] : [`It may work in ${Math.ceil(retryAfterMs / 1000)} seconds.`];
  }
};
