import type { Profile } from '../profiles/profile.ts';
import { nameTools } from './names.ts';
import { rewriteSchema } from './rewrite.ts';
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
  const reports: ToolReport[] = [];
  const converted = tools.flatMap((tool, index) => {
    const name = names[index] ?? '';
    const outcome = convert(tool, name, profile);
    if (outcome.report.changes.length > 0 || outcome.report.quarantined !== undefined) reports.push(outcome.report);
    return outcome.tool === undefined ? [] : [outcome.tool];
  });
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

const convert = (
  { qualifiedName, server, name: own, title, description, inputSchema }: ConvertibleTool,
  name: string,
  profile: Profile,
): { tool?: ConvertedTool; report: ToolReport } => {
  const changes: Change[] = [];
  const rewritten = rewriteSchema(inputSchema, profile);
  changes.push(...rewritten.changes);
  if (rewritten.quarantined !== undefined) {
    return { report: { qualifiedName, changes, quarantined: rewritten.quarantined } };
  }
  if (name !== `${server}__${own}`) changes.push({ path: '', keyword: 'name', rule: 'rename', loss: 'none' });
  const told = typeof description === 'string' ? description : title;
  return {
    tool: {
      qualifiedName,
      name,
      ...(typeof told === 'string' && told !== '' && { description: told }),
      inputSchema: rewritten.schema,
      toArguments: rewritten.toArguments,
    },
    report: { qualifiedName, name, changes },
  };
};
