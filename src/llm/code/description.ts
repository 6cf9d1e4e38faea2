/** What a model is told of `run_code`: the tools as TypeScript, as far as there is room. */
import type { ListedTool } from '../../api.ts';
import { emitType } from '../../declarations/emit.ts';
import { createNames, docComment, propertyName, typeName } from '../../declarations/source.ts';
import { estimateTokens } from '../results/tokens.ts';

const HEAD = `Runs JavaScript (no TypeScript) and gives what it returns. Use it where many calls are needed, or results have to be filtered, joined or counted: only what you return is read.

The code is the body of an async function: \`await\` calls, end with \`return\`. Calls in Promise.all run in parallel. console.log is shown beside the result. There is no network, no file system, no import, no timer; nothing stays from one run to the next.

A failed call throws ToolError (.code, .tool, .executed): OutcomeUnknownError where it may have taken effect (look before you call it again), DeniedError where it is not allowed, LimitError beyond a limit.

`;
const PREAMBLE = `/** Gives structured content, or text, parsed where it is a JSON object or list. \`.raw\` gives the whole result of MCP. */
interface Tool<A, R> { (args: A): Promise<R>; raw(args: A): Promise<{ content: any[]; structuredContent?: unknown; isError?: boolean }> }
`;

/** How much is said of a tool: all, its types without comments, or its name. */
type Detail = 'full' | 'brief' | 'name';

interface Entry {
  server: string;
  /** The member of its server. */
  member: string;
  /** What it needs beside itself. */
  aliases: string;
}

/** Of a schema that says nothing of its properties. */
const ANY_OBJECT = '{ [key: string]: unknown }';

const oneLine = (text: string): string => text.replace(/\n\s*/g, ' ');

const entryOf = (tool: ListedTool, detail: Detail, unique: (wanted: string) => string): Entry => {
  const { server, name } = tool;
  if (detail === 'name') return { server, member: `  ${propertyName(name)}: Tool<any, unknown>;\n`, aliases: '' };
  const comments = detail === 'full';
  const own = typeName(server, name);
  const args = emitType(tool.inputSchema, own, unique, { comments, exported: false });
  const result =
    tool.outputSchema === undefined
      ? { type: 'unknown', declarations: [] }
      : emitType(tool.outputSchema, `${own}Result`, unique, { comments, exported: false });
  const types = [args.type === ANY_OBJECT ? '{}' : args.type, result.type].map((type) =>
    comments ? type.replaceAll('\n', '\n  ') : oneLine(type),
  );
  const aliases = [...args.declarations, ...result.declarations].map((one) =>
    comments ? one : `${oneLine(one).trim()}\n`,
  );
  const said = tool.description ?? tool.title;
  const comment = docComment(detail === 'full' ? said : said?.split(/\n|(?<=\.)\s/, 1)[0], '  ');
  return {
    server,
    member: `${comment}  ${propertyName(name)}: Tool<${types.join(', ')}>;\n`,
    aliases: aliases.join(''),
  };
};

/** Names that are not taken by what stands there already. */
const namesOf = (): ((wanted: string) => string) => {
  const unique = createNames();
  for (const own of ['Tool', 'Promise']) unique(own);
  return unique;
};

/** Chooses how much is said of each tool, so that all of it is within the budget; as many names as fit in any case. */
const entriesOf = (
  tools: readonly ListedTool[],
  budgetTokens: number,
): { entries: Entry[]; left: number; named: number } => {
  const costOf = ({ member, aliases }: Entry): number => estimateTokens(member) + estimateTokens(aliases);
  const attempt = (detail: Detail): Entry[] | undefined => {
    const unique = namesOf();
    const entries: Entry[] = [];
    let cost = 0;
    for (const tool of tools) {
      const entry = entryOf(tool, detail, unique);
      cost += costOf(entry);
      if (cost > budgetTokens) return undefined;
      entries.push(entry);
    }
    return entries;
  };
  const whole = attempt('full') ?? attempt('brief');
  if (whole !== undefined) return { entries: whole, left: 0, named: 0 };

  const unique = namesOf();
  const names = tools.map((tool) => entryOf(tool, 'name', unique));
  const entries: Entry[] = [];
  // What is named alone has to fit in any case; types are for the tools that come first.
  let reserved = 0;
  for (const name of names) {
    if (reserved + costOf(name) > budgetTokens) break;
    reserved += costOf(name);
    entries.push(name);
  }
  let typed = 0;
  for (; typed < entries.length; typed += 1) {
    const [tool, name] = [tools[typed], entries[typed]];
    if (tool === undefined || name === undefined) break;
    const brief = entryOf(tool, 'brief', unique);
    const more = costOf(brief) - costOf(name);
    if (reserved + more > budgetTokens) break;
    reserved += more;
    entries[typed] = brief;
  }
  return { entries, left: tools.length - entries.length, named: entries.length - typed };
};

/** The description of `run_code` for these tools; `budgetTokens` is for their declarations. */
export const describeCode = (tools: readonly ListedTool[], budgetTokens: number): string => {
  const sorted = [...tools].sort((a, b) => (a.qualifiedName < b.qualifiedName ? -1 : 1));
  const { entries, left, named } = entriesOf(sorted, budgetTokens);
  const servers = new Map<string, string>();
  let aliases = '';
  for (const entry of entries) {
    servers.set(entry.server, (servers.get(entry.server) ?? '') + entry.member);
    aliases += entry.aliases;
  }
  const members = [...servers].map(([server, own]) => `${propertyName(server)}: {\n${own}};\n`).join('');
  const notes = [
    ...(named > 0
      ? [
          `The arguments of ${named} tools are not shown: where you cannot look them up, a call with wrong ones says what is wrong.`,
        ]
      : []),
    ...(left > 0 ? [`${left} more tools can be called and are not listed.`] : []),
  ];
  // A description must not end the block that it stands in.
  const code = `${PREAMBLE}${aliases}declare const tools: {\n${members}};\n`.replaceAll('```', "'''");
  return `${HEAD}\`\`\`ts\n${code}\`\`\`${notes.map((note) => `\n${note}`).join('')}`;
};
