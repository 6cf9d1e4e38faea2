/** A call for which the policy wants a person's word. */
import type { ApprovalAnswer, ApprovalRequest } from '../permission.ts';
import { safeJson } from './output.ts';
import type { PersonOptions } from './person.ts';
import { safeLine, safeText } from './safe-text.ts';

/** Of the arguments; what is longer is cut, and said to be. */
const MOST_LINES = 400;

/** Shows what would be called with what, and why it is asked; once, always for this session, or not. */
export const approve = async (
  request: ApprovalRequest,
  signal: AbortSignal,
  { screen, output, yes, interrupt }: PersonOptions,
): Promise<ApprovalAnswer> => {
  const { server, tool, reason, warnings = [], diff = [], annotations } = request;
  const name = safeLine(`${server}.${tool}`);
  if (yes) {
    if (!output.quiet) await screen.note(`toolway: ${name} is approved (--yes)`);
    return true;
  }
  return screen.converse(async (ask) => {
    if (signal.aborted) return false;
    const { above } = await screen.terminal();
    const { remarks } = output;
    above(`${remarks.bold(`May ${name} be called?`)} ${remarks.dim(safeLine(reason))}`);
    for (const line of argumentLines(request.arguments)) above(`  ${line}`);
    if (annotations.readOnlyHint) above(remarks.dim('  It says that it changes nothing.'));
    for (const warning of warnings) above(remarks.yellow(safeLine(`  warning: ${warning}`)));
    for (const { path, before, after } of diff) {
      above(remarks.yellow(safeLine(`  changed since first seen: ${path}: ${before ?? '–'} → ${after ?? '–'}`)));
    }
    for (;;) {
      const reply = await ask({ prompt: '  [y]es once, [a]lways for this session, [n]o: ', signal });
      if ('ended' in reply && reply.ended === 'interrupt') interrupt(request.id);
      if (!('line' in reply)) return { approved: false, reason: 'the user did not answer' };
      const word = reply.line.trim().toLowerCase();
      if (['y', 'yes', 'once'].includes(word)) return true;
      if (['a', 'always'].includes(word)) return { approved: true, remember: 'tool' };
      if (['n', 'no'].includes(word)) return { approved: false, reason: 'the user said no' };
    }
  });
};

const argumentLines = (args: ApprovalRequest['arguments']): string[] => {
  const lines = safeText(safeJson(args)).split('\n');
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES), `… ${lines.length - MOST_LINES} more lines that are not shown`];
};
