import type { Profile, StrictBudget } from '../profiles/profile.ts';
import { lint } from './lint.ts';
import { nameTools, plainName } from './names.ts';
import { type Rewritten, rewriteSchema } from './rewrite.ts';
import { spendStrict } from './strict.ts';
import type { Change, Conversion, ConvertedTool, ConvertibleTool, ConvertOptions, ToolReport } from './types.ts';

/**
 * Rewrites tools as a provider takes them. Each gets a name of its own, a schema within the provider's rules, and a way
 * back for what the model writes by it; what had to change, and what was lost by it, is in the report. A tool that no
 * rewriting makes acceptable is left out and reported: one bad definition makes providers refuse the whole request.
 */
export const convertTools = (
  tools: readonly ConvertibleTool[],
  profile: Profile,
  { taken = [] }: ConvertOptions = {},
): Conversion => {
  const names = nameTools(tools, profile.name, taken);
  const budget = profile.strict?.budget === undefined ? undefined : { ...profile.strict.budget };
  const reports: ToolReport[] = [];
  const converted: ConvertedTool[] = [];
  for (const [index, tool] of tools.entries()) {
    const { report, converted: outcome } = convert(tool, names[index] ?? '', profile, budget);
    if (outcome !== undefined) converted.push(outcome);
    if (report.changes.length > 0 || report.quarantined !== undefined || report.notStrict !== undefined) {
      reports.push(report);
    }
  }
  const byName = new Map(converted.map((tool) => [tool.name, tool]));
  const limit = profile.tools ?? Number.POSITIVE_INFINITY;
  return {
    tools: converted,
    report: {
      profile: profile.id,
      tools: reports,
      ...(converted.length > limit && { tooMany: { limit, tools: converted.length } }),
    },
    find: (name) => byName.get(name),
  };
};

interface Converted {
  converted?: ConvertedTool;
  report: ToolReport;
}

const convert = (
  tool: ConvertibleTool,
  name: string,
  profile: Profile,
  budget: StrictBudget | undefined,
): Converted => {
  const { fallback } = profile.strict ?? {};
  const rewritten = rewriteSchema(tool.inputSchema, profile);
  if (fallback === undefined) return finish(tool, name, profile, rewritten);
  const reasons = notExact(rewritten, budget);
  if (reasons.length === 0) {
    const done = finish(tool, name, profile, rewritten);
    if (done.converted !== undefined) return { ...done, converted: { ...done.converted, strict: true } };
  }
  const plain = finish(tool, name, fallback, rewriteSchema(tool.inputSchema, fallback));
  return { ...plain, report: { ...plain.report, notStrict: reasons } };
};

/** Why a schema cannot be strict: it would refuse calls that the tool takes, or promise what it does not keep. */
const notExact = (rewritten: Rewritten, budget: StrictBudget | undefined): Change[] => {
  if (rewritten.quarantined !== undefined) return [];
  const lost = rewritten.changes.filter(({ loss }) => loss === 'weaker' || loss === 'shape');
  if (lost.length > 0 || budget === undefined) return lost;
  const over = spendStrict(rewritten.schema, budget);
  return over === undefined ? [] : [{ path: '', keyword: over, rule: 'over-limit', loss: 'none' }];
};

const finish = (
  { qualifiedName, server, name: own, title, description }: ConvertibleTool,
  name: string,
  profile: Profile,
  rewritten: Rewritten,
): Converted => {
  if (rewritten.quarantined !== undefined) {
    return { report: { qualifiedName, changes: rewritten.changes, quarantined: rewritten.quarantined } };
  }
  const changes = [...rewritten.changes];
  if (name !== plainName({ server, name: own }))
    changes.push({ path: '', keyword: 'name', rule: 'rename', loss: 'none' });
  const { text, cut } = describe([description, title], rewritten.notes, profile.descriptionChars);
  if (cut) changes.push({ path: '', keyword: 'description', rule: 'shorten', loss: 'hint' });
  const converted: ConvertedTool = {
    qualifiedName,
    name,
    ...(text !== '' && { description: text }),
    inputSchema: rewritten.schema,
    toArguments: rewritten.toArguments,
  };
  const [found] = lint(profile, converted);
  if (found !== undefined) return { report: { qualifiedName, changes, quarantined: found } };
  return { converted, report: { qualifiedName, name, changes } };
};

/** A description of a bounded length; what had to be moved into it is kept whole before all else. */
const describe = (
  own: readonly unknown[],
  notes: readonly string[],
  limit = Number.POSITIVE_INFINITY,
): { text: string; cut: boolean } => {
  const text = own.find((candidate): candidate is string => typeof candidate === 'string' && candidate !== '') ?? '';
  const said = notes.join('\n').slice(0, limit);
  const room = Math.max(0, limit - said.length - 2);
  const shown = text.length > room ? wellFormed(`${text.slice(0, Math.max(0, room - 1))}…`).slice(0, room) : text;
  return { text: [shown, said].filter((part) => part !== '').join('\n'), cut: shown.length < text.length };
};

/** Without the first half of a pair that was cut in two. */
const wellFormed = (text: string): string => text.replace(/[\uD800-\uDBFF]…$/, '…');
