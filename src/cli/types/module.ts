/** The types of many tools as one file of TypeScript that needs nothing else. */
import type { ListedTool } from '../../api.ts';
import { emitType } from '../../declarations/emit.ts';
import { createNames, docComment, stringLiteral, typeName } from '../../declarations/source.ts';

const HEAD = `// The types of the tools of MCP servers, made by \`toolway types\`. Make it anew rather than change it.
`;
const CALL = `/** \`toolkit.callTool\` as these tools have it: \`const call: CallTool = toolkit.callTool;\` */
export type CallTool = <N extends keyof Tools>(
  name: N,
  args: Tools[N]['arguments'],
) => Promise<{ content: unknown[]; isError?: boolean; structuredContent?: Tools[N]['result'] }>;
`;

/** The file for these tools; the same for the same tools, whatever order they come in. */
export const typesModule = (tools: readonly ListedTool[]): string => {
  const unique = createNames();
  for (const own of ['Tools', 'CallTool']) unique(own);
  const sorted = [...tools].sort((a, b) => (a.qualifiedName < b.qualifiedName ? -1 : 1));
  const declarations: string[] = [];
  const entries: string[] = [];
  for (const tool of sorted) {
    const name = typeName(tool.server, tool.name);
    const said = [tool.title, tool.description].filter((text) => typeof text === 'string' && text !== '').join('\n\n');
    const declare = (schema: unknown, kind: 'Arguments' | 'Result'): string => {
      const own = unique(`${name}${kind}`);
      const emitted = emitType(schema, own, unique);
      declarations.push(`${docComment(said, '')}export type ${own} = ${emitted.type};\n`, ...emitted.declarations);
      return own;
    };
    const args = declare(tool.inputSchema, 'Arguments');
    const result = tool.outputSchema === undefined ? 'unknown' : declare(tool.outputSchema, 'Result');
    const key = stringLiteral(tool.qualifiedName);
    entries.push(`${docComment(said, '  ')}  ${key}: { arguments: ${args}; result: ${result} };\n`);
  }
  const table = `/** Every tool by its name: its arguments, and the structured content of its result. */\nexport interface Tools {\n${entries.join('')}}\n`;
  return [HEAD, table, CALL, ...declarations].join('\n');
};
