/** A call for which the policy wants a person's word. */
import type { ApprovalAnswer, ApprovalRequest, TaintSource } from '../permission.ts';
import { sourceText } from '../policy/taint.ts';
import { safeJson } from './output.ts';
import type { PersonOptions } from './person.ts';
import { safeLine, safeText } from './safe-text.ts';

/** The latest that a model read. */
const MOST_SOURCES = 10;
/** Of the arguments; what is longer is cut, and said to be. */
const MOST_LINES = 400;

const NOBODY = 'there is no terminal to ask at; --yes agrees, or a rule of the policy';
const NOBODY_FOR_TAINTED =
  'a model chose it that had read what others wrote, and there is no terminal to ask at; --yes does not answer for such calls, a rule with "tainted: true" and "action: allow" does, where it is the first that fits';

/** Shows what would be called with what, and why it is asked; once, always for this session, with other arguments, or not. */
export const approve = async (
  request: ApprovalRequest,
  signal: AbortSignal,
  { screen, output, yes, interrupt, edit }: PersonOptions,
): Promise<ApprovalAnswer> => {
  const { server, tool, reason, warnings = [], diff = [], annotations, taint } = request;
  const name = safeLine(`${server}.${tool}`);
  // Nobody who said yes to everything knew what a model would read.
  if (yes && taint === undefined) {
    if (!output.quiet) await screen.note(`toolway: ${name} is approved (--yes)`);
    return true;
  }
  if (!screen.interactive) return { approved: false, reason: taint === undefined ? NOBODY : NOBODY_FOR_TAINTED };
  return screen.converse(async (ask) => {
    if (signal.aborted) return false;
    const { above } = await screen.terminal();
    const { remarks } = output;
    above(`${remarks.bold(`May ${name} be called?`)} ${remarks.dim(`(${safeLine(reason)})`)}`);
    for (const line of argumentLines(request.arguments)) above(`  ${line}`);
    if (annotations.readOnlyHint) above(remarks.dim('  It says that it changes nothing.'));
    for (const warning of warnings) above(remarks.yellow(safeLine(`  warning: ${warning}`)));
    for (const { path, before, after } of diff) {
      above(remarks.yellow(safeLine(`  changed since first seen: ${path}: ${before ?? '–'} → ${after ?? '–'}`)));
    }
    if (taint !== undefined) above(remarks.yellow(safeLine(`  the model had read: ${readings(taint)}`)));
    const always = taint === undefined ? '[a]lways for this session' : '[a]lways with these arguments';
    const ways = `[y]es once, ${always}, ${edit === undefined ? '' : '[e]dit, '}[n]o`;
    for (;;) {
      const reply = await ask({ prompt: `  ${ways}: `, fresh: true, signal });
      if ('ended' in reply && reply.ended === 'interrupt') interrupt(request.id);
      if (!('line' in reply)) return { approved: false, reason: 'the user did not answer' };
      const word = reply.line.trim().toLowerCase();
      if (['y', 'yes', 'once'].includes(word)) return true;
      if (['a', 'always'].includes(word)) return { approved: true, remember: 'tool' };
      if (['n', 'no'].includes(word)) return { approved: false, reason: 'the user said no' };
      if (edit === undefined || !['e', 'edit'].includes(word)) continue;
      const instead = await edit(request, ask, signal);
      if (instead !== undefined) return { approved: true, arguments: instead };
    }
  });
};

const readings = (sources: readonly TaintSource[]): string => {
  const names = sources.slice(-MOST_SOURCES).map(sourceText);
  const more = sources.length - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
};

const argumentLines = (args: ApprovalRequest['arguments']): string[] => {
  const lines = safeText(safeJson(args)).split('\n');
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES), `… ${lines.length - MOST_LINES} more lines that are not shown`];
};
