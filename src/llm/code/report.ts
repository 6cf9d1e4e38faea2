/** What came of a program, as its model reads it. */
import { ToolwayError } from '../../errors.ts';
import type { CallToolResult } from '../../protocol/types.ts';
import type { LooseCall, RunReport } from './run.ts';
import type { CodeLimits } from './sandbox.ts';

const MAX_NAMED = 20;

/** The result of `run_code`: what the program returned or threw, its log, and what its author has to know of its calls. Throws `backpressure` where there was no place for it. */
export const resultOf = (report: RunReport, limits: CodeLimits): CallToolResult => {
  const { end, calls } = report;
  const isError = end.kind !== 'value';
  const [first, taken] = outcomeOf(report, limits);
  const parts = [first];
  const log = report.logs.join('\n');
  const room = Math.max(0, limits.maxOutputChars - taken);
  if (log !== '') parts.push(`Log:\n${log.slice(0, room)}`);
  if (report.lostLogs > 0 || log.length > room) parts.push('The log was longer: the rest of it is lost.');
  if (isError && calls > 0) {
    parts.push(`Before that, ${calls === 1 ? '1 call was' : `${calls} calls were`} made: what they did is done.`);
  }
  parts.push(...looseOf(report.loose));
  return { content: parts.map((text) => ({ type: 'text', text })), ...(isError && { isError }) };
};

/** In words, and how many characters of what the program itself gave are in them. */
const outcomeOf = ({ end }: RunReport, { timeoutMs, maxMemoryBytes }: CodeLimits): [text: string, taken: number] => {
  switch (end.kind) {
    case 'value': {
      const { text, chars } = end;
      if (text === undefined) return ['The program returned nothing: what it shall give it has to `return`.', 0];
      if (chars <= text.length) return [text, text.length];
      return [`${text}…\n(cut: ${text.length} of ${chars} characters. Return less.)`, text.length];
    }
    case 'error':
      return [`The program failed. ${end.name}: ${end.message}${linesOf(end.stack)}`, 0];
    case 'time':
      return [`The program was stopped: it may take ${timeoutMs / 1_000} s.`, 0];
    case 'exhausted':
      return [`The program was stopped: it ran out of memory (${maxMemoryBytes / 1_048_576} MiB) or of stack.`, 0];
    case 'stuck':
      return ['The program was stopped: it waits for a promise that nothing will settle. There are no timers.', 0];
    case 'broken':
      return [`The program was not run to its end: its engine was lost (${end.message}).`, 0];
    case 'full': {
      const { limit } = end;
      throw new ToolwayError('backpressure', `${limit} programs are under way already`, { executed: 'no', limit });
    }
  }
};

/** Where in the program it failed. What the engine makes of a function body begins two lines above it. */
const linesOf = (stack: string): string => {
  const lines = [...stack.matchAll(/<input>:(\d+)/g)].slice(0, 5).map(([, line]) => Number(line) - 2);
  return lines.length === 0 ? '' : `\nat line ${lines.join(', called at line ')}`;
};

const looseOf = (loose: readonly LooseCall[]): string[] => {
  const told: [LooseCall['became'], string][] = [
    ['answered', 'Not awaited, but done'],
    ['failed', 'Not awaited, and failed'],
    ['queued', 'Not made, because the program was over'],
    [
      'unanswered',
      'Without an answer when the program was over: these may have taken effect, look before you call them again',
    ],
    ['unknown', 'With an outcome that is not known: these may have taken effect, look before you call them again'],
  ];
  return told.flatMap(([became, words]) => {
    const names = loose.filter((call) => call.became === became).map(({ tool }) => tool);
    if (names.length === 0) return [];
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
    return [`${words}: ${names.slice(0, MAX_NAMED).join(', ')}${more}.`];
  });
};
